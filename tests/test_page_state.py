"""The page's reducer, its reading of text and its bus, run where they run: in the browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.browser import Visit, visit
from tests.conftest import running

Event = dict[str, Any]
PLAY = """async (events) => {
  const { applyAll, empty, logOf } = await import("./state.js");
  return applyAll({ ...empty(), logs: { ses_1: logOf([]) } }, events);
}"""
SETTLE = """async ([items, events]) => {
  const { logOf, settle } = await import("./state.js");
  return settle(logOf(items), events);
}"""


@asynccontextmanager
async def modules(tmp_path: Path) -> AsyncIterator[Visit]:
    """A tab from which the page's modules can be imported."""
    async with running(tmp_path) as server, visit(server.url) as tab:
        yield tab


def message(number: int, role: str = "assistant", **more: Any) -> Event:
    info = {"id": f"msg_{number}", "sessionID": "ses_1", "role": role, "time": {"created": number}}
    return event("message.updated", info={**info, **more})


def text(number: int, content: str, part: int = 1) -> Event:
    body = {"id": f"prt_{part}", "messageID": f"msg_{number}", "type": "text", "text": content}
    return event("message.part.updated", part=body)


def delta(number: int, content: str, part: int = 1) -> Event:
    names = {"messageID": f"msg_{number}", "partID": f"prt_{part}", "field": "text"}
    return event("message.part.delta", **names, delta=content)


def event(kind: str, **properties: Any) -> Event:
    return {"type": kind, "properties": {"sessionID": "ses_1", **properties}}


def texts(log: Any) -> list[str]:
    return [part["text"] for parts in log["parts"].values() for part in parts]


async def test_deltas_append_and_updates_replace(tmp_path: Path) -> None:
    events = [message(1), text(1, ""), delta(1, "Hel"), delta(1, "lo"), delta(1, "!")]
    async with modules(tmp_path) as tab:
        state = await tab.js(PLAY, events)
        assert texts(state["logs"]["ses_1"]) == ["Hello!"]
        state = await tab.js(PLAY, [*events, text(1, "Hello, all.")])
        assert texts(state["logs"]["ses_1"]) == ["Hello, all."]


async def test_a_delta_of_an_unknown_part_changes_nothing(tmp_path: Path) -> None:
    async with modules(tmp_path) as tab:
        state = await tab.js(PLAY, [message(1), delta(1, "lost")])
        assert texts(state["logs"]["ses_1"]) == []


async def test_messages_and_parts_are_kept_in_order_however_they_arrive(tmp_path: Path) -> None:
    events = [message(3), message(1, "user"), text(3, "b", 2), text(3, "a", 1), message(2)]
    async with modules(tmp_path) as tab:
        log = (await tab.js(PLAY, events))["logs"]["ses_1"]
        assert [one["id"] for one in log["messages"]] == ["msg_1", "msg_2", "msg_3"]
        assert texts(log) == ["a", "b"]


async def test_removed_messages_and_parts_are_gone(tmp_path: Path) -> None:
    events = [message(1), text(1, "a", 1), text(1, "b", 2), message(2), text(2, "c", 3)]
    gone = [
        event("message.part.removed", messageID="msg_1", partID="prt_1"),
        event("message.removed", messageID="msg_2"),
    ]
    async with modules(tmp_path) as tab:
        log = (await tab.js(PLAY, [*events, *gone]))["logs"]["ses_1"]
        assert texts(log) == ["b"]
        assert len(log["messages"]) == 1


async def test_what_waits_for_a_person_is_kept_until_the_reply(tmp_path: Path) -> None:
    asked = [
        event("permission.asked", id="per_1", permission="bash", patterns=["ls"]),
        event("question.asked", id="que_1", questions=[]),
        event("session.status", status={"type": "busy"}),
    ]
    replied = [
        event("permission.replied", requestID="per_1", reply="once"),
        event("question.rejected", requestID="que_1"),
        event("session.idle"),
    ]
    async with modules(tmp_path) as tab:
        state = await tab.js(PLAY, asked)
        assert list(state["permissions"]) == ["per_1"]
        assert list(state["questions"]) == ["que_1"]
        assert list(state["status"]) == ["ses_1"]
        state = await tab.js(PLAY, [*asked, *replied])
        assert state["permissions"] == state["questions"] == state["status"] == {}


async def test_a_reported_error_stays_until_the_next_prompt(tmp_path: Path) -> None:
    error = event("session.error", error={"name": "UnknownError", "data": {"message": "no"}})
    async with modules(tmp_path) as tab:
        state = await tab.js(PLAY, [message(1, "user"), error, message(1, "user")])
        assert list(state["errors"]) == ["ses_1"]
        state = await tab.js(PLAY, [message(1, "user"), error, message(2, "user")])
        assert state["errors"] == {}


async def test_a_deleted_session_leaves_nothing_behind(tmp_path: Path) -> None:
    info = {"id": "ses_1", "title": "T"}
    events = [
        event("session.created", info=info),
        event("todo.updated", todos=[]),
        event("permission.asked", id="per_1"),
        event("session.deleted", info=info),
    ]
    async with modules(tmp_path) as tab:
        state = await tab.js(PLAY, events)
        assert {name: kept for name, kept in state.items() if kept} == {}


async def test_untouched_parts_keep_their_identity(tmp_path: Path) -> None:
    async with modules(tmp_path) as tab:
        kept = await tab.js(
            """async ([first, last]) => {
              const { apply, applyAll, empty, logOf } = await import("./state.js");
              const before = applyAll({ ...empty(), logs: { ses_1: logOf([]) } }, first);
              const after = apply(before, last);
              const part = (state, number) => state.logs.ses_1.parts[`msg_${number}`];
              return [part(before, 1) === part(after, 1), part(before, 2) === part(after, 2)];
            }""",
            [[message(1), text(1, "a"), message(2), text(2, "b", 2)], delta(2, "c", 2)],
        )
        assert kept == [True, False]


async def test_a_fetched_log_takes_the_events_that_follow_it(tmp_path: Path) -> None:
    items = [
        {
            "info": message(1)["properties"]["info"],
            "parts": [text(1, "one two")["properties"]["part"]],
        }
    ]
    cases = [
        ([delta(1, " two"), delta(1, " two")], "one two two two"),
        ([text(1, "one"), delta(1, " 2")], "one 2"),
        ([delta(1, " three"), text(1, "all of it")], "all of it"),
    ]
    async with modules(tmp_path) as tab:
        for events, expected in cases:
            assert texts(await tab.js(SETTLE, [items, events])) == [expected], events


async def test_a_diff_is_read_with_its_line_numbers(tmp_path: Path) -> None:
    patch = "\n".join(
        [
            "Index: /p/a.txt",
            "=" * 67,
            "--- /p/a.txt",
            "+++ /p/a.txt",
            "@@ -3,2 +3,2 @@",
            " same",
            "--- old",
            "+++ new",
            "\\ No newline at end of file",
            "",
        ]
    )
    async with modules(tmp_path) as tab:
        lines = await tab.js('async (patch) => (await import("./text.js")).diffLines(patch)', patch)
    assert lines == [
        {"kind": "same", "before": 3, "after": 3, "text": "same"},
        {"kind": "del", "before": 4, "text": "-- old"},
        {"kind": "add", "after": 4, "text": "++ new"},
    ]


async def test_terminal_output_loses_its_control_sequences(tmp_path: Path) -> None:
    output = "\x1b[32mok\x1b[0m\r\n10%\r100%\n\x1b]0;title\x07end"
    async with modules(tmp_path) as tab:
        plain = await tab.js('async (t) => (await import("./text.js")).plainOutput(t)', output)
    assert plain == "ok\n100%\nend"


async def test_a_place_survives_its_address(tmp_path: Path) -> None:
    place = {"directory": "/home/ädä/a b#?/c", "sessionID": "ses_1"}
    async with modules(tmp_path) as tab:
        back = await tab.js(
            'async (p) => { const r = await import("./route.js"); return r.parse(r.format(p)); }',
            place,
        )
    assert back == place


async def test_a_call_without_a_connection_fails_at_once(tmp_path: Path) -> None:
    async with modules(tmp_path) as tab:
        said = await tab.js(
            """async () => {
              const { Bus } = await import("./bus.js");
              const bus = new Bus({ url: "ws://127.0.0.1/", onEvent() {}, onState() {} });
              return bus.call("path.get").catch((error) => error.message);
            }"""
        )
    assert said == "Not connected to the server."
