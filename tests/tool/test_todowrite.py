"""The list is replaced whole."""

import json

from opencode.tool.todowrite import TodoItem, TodoWrite, TodoWriteArguments
from tests.tool.surroundings import Surroundings


async def test_the_list_is_stored_and_told(here: Surroundings) -> None:
    todos = [
        TodoItem(content="ä", status="completed", priority="low"),
        TodoItem(content="b", status="any word", priority="whatever"),
    ]
    result = await TodoWrite().run(TodoWriteArguments(todos=todos), here.context())
    plain = [
        {"content": "ä", "status": "completed", "priority": "low"},
        {"content": "b", "status": "any word", "priority": "whatever"},
    ]
    assert here.todos == plain
    assert result.title == "1 todos"
    assert result.output == json.dumps(plain, indent=2, ensure_ascii=False)
    assert result.metadata == {"todos": plain}
    assert here.permissions() == [("todowrite", ["*"])]


async def test_an_empty_list_is_a_list(here: Surroundings) -> None:
    result = await TodoWrite().run(TodoWriteArguments(todos=[]), here.context())
    assert (result.title, result.output) == ("0 todos", "[]")
