"""Command lines in a real shell."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from opencode.ids import Ids
from opencode.tasks import Tasks
from opencode.tool.base import ToolError, ToolResult
from opencode.tool.bash import Bash, BashArguments
from tests.processes import running, until
from tests.tool.surroundings import Refused, Surroundings


def tool(**environ: str) -> Bash:
    return Bash({**os.environ, "SHELL": "/bin/bash", **environ}, Ids(), Tasks())


async def bash(here: Surroundings, command: str, **more: Any) -> ToolResult:
    return await tool().run(BashArguments(command=command, **more), here.context())


async def test_output_of_both_kinds_and_the_exit_code(here: Surroundings) -> None:
    result = await bash(here, "echo out; echo err >&2; exit 3")
    assert (result.title, result.output) == ("echo out; echo err >&2; exit 3", "out\nerr\n")
    assert result.metadata == {"output": "out\nerr\n", "exit": 3, "truncated": False}
    assert here.shown[-1] == {"output": "out\nerr\n"}


async def test_no_output_is_said(here: Surroundings) -> None:
    result = await bash(here, "true")
    assert result.output == "(no output)"
    assert result.metadata == {"output": "(no output)", "exit": 0, "truncated": False}


async def test_the_surroundings_of_a_command(here: Surroundings) -> None:
    (here.project / "sub").mkdir()
    shell = tool(OPENCODE_SERVER_PASSWORD="secret", MINE="yes")
    line = "pwd; echo $OPENCODE $OPENCODE_PID $MINE [$OPENCODE_SERVER_PASSWORD]; cat; test -t 0"
    result = await shell.run(BashArguments(command=line, workdir="sub"), here.context())
    assert result.output == f"{here.project}/sub\n1 {os.getpid()} yes []\n"
    assert result.metadata["exit"] == 1


async def test_output_is_shown_while_it_runs(here: Surroundings) -> None:
    line = "echo one; while [ ! -e go ]; do sleep 0.02; done; echo two"
    running_call = asyncio.ensure_future(bash(here, line))
    await until(lambda: here.shown == [{"output": "one\n"}])
    (here.project / "go").touch()
    assert (await running_call).output == "one\ntwo\n"
    assert here.shown[-1] == {"output": "one\ntwo\n"}


async def test_a_timeout_ends_the_group_and_says_so(here: Surroundings) -> None:
    result = await bash(here, "echo start; sleep 1000 & echo $! > pid; wait", timeout=500)
    assert result.output == (
        "start\n\n\n<shell_metadata>\nshell tool terminated command after exceeding timeout 500"
        " ms. If this command is expected to take longer and is not waiting for interactive input,"
        " retry with a larger timeout value in milliseconds.\n</shell_metadata>"
    )
    assert result.metadata["output"] == "start\n"
    assert result.metadata["exit"] is None
    pid = int((here.project / "pid").read_text())
    await until(lambda: not running(pid))


async def test_an_abort_keeps_what_was_printed_and_ends_the_group(here: Surroundings) -> None:
    call = asyncio.ensure_future(bash(here, "echo begun; sleep 1000 & echo $! > pid; wait"))
    await until(lambda: bool(here.shown) and (here.project / "pid").exists())
    call.cancel()
    result = await call
    assert result.output == (
        "begun\n\n\n<shell_metadata>\nUser aborted the command\n</shell_metadata>"
    )
    assert result.metadata["exit"] is None
    pid = int((here.project / "pid").read_text())
    await until(lambda: not running(pid))


async def test_a_child_ended_by_a_signal_is_an_answer(here: Surroundings) -> None:
    result = await bash(here, "echo x; kill -9 $$")
    assert result.output.startswith("x\n\n\n<shell_metadata>\nThe command was ended by SIGKILL")
    assert result.metadata["exit"] == 137


async def test_a_background_process_does_not_hold_the_call(here: Surroundings) -> None:
    result = await bash(here, "sleep 1000 & echo $!")
    assert result.metadata["exit"] == 0
    os.kill(int(result.output), 9)


async def test_long_output_keeps_its_end_and_is_saved(here: Surroundings) -> None:
    result = await bash(here, "seq 7000")
    path = result.metadata["outputPath"]
    head, tail = result.output.split(f"Full output saved to: {path}\n\n")
    assert head == "...output truncated...\n\n"
    assert tail == "".join(f"{number}\n" for number in range(5002, 7001))
    assert result.metadata["truncated"] is True
    assert result.metadata["output"].startswith("...\n\n")
    assert len(result.metadata["output"]) == 30_005
    assert Path(path).read_text().count("\n") == 7000


async def test_a_long_line_is_followed_by_short_ones(here: Surroundings) -> None:
    result = await bash(here, "head -c 60000 /dev/zero | tr '\\0' y; printf '\\n1\\n2\\n3\\n'")
    assert result.output.endswith("\n\n1\n2\n3\n")


async def test_bytes_are_shown_as_they_are_or_replaced(here: Surroundings) -> None:
    result = await bash(here, "printf 'a\\r\\nb\\033[1m\\377x'")
    assert result.output == "a\r\nb\x1b[1m\ufffdx"


async def test_bad_calls_are_errors(here: Surroundings) -> None:
    with pytest.raises(ToolError) as caught:
        await bash(here, "ls", workdir="nodir")
    assert str(caught.value) == f"NotFound: FileSystem.access ({here.project}/nodir)"
    with pytest.raises(ToolError, match="cannot be empty"):
        await bash(here, " ")
    with pytest.raises(ToolError, match="could not be started"):
        await bash(here, "echo \0")


async def test_permission_is_asked_for_each_command(here: Surroundings) -> None:
    await bash(here, "cd . && echo a | cat")
    assert here.permissions() == [("bash", ["echo a", "cat"])]
    assert here.asked[0].always == ["echo *", "cat *"]
    assert here.asked[0].metadata == {"command": "cd . && echo a | cat"}


async def test_a_refused_command_is_not_run(here: Surroundings) -> None:
    here.refuse = "bash"
    with pytest.raises(Refused):
        await bash(here, "touch x")
    assert os.listdir(here.project) == []


async def test_directories_outside_are_asked_for_first(here: Surroundings) -> None:
    other = here.root / "other"
    other.mkdir()
    command = f"ls {other}; echo x > {other}/f; cat {other}/f; ls /nothing/here /dev/null"
    await bash(here, command)
    assert here.permissions()[0] == ("external_directory", [f"{other}/*", "/nothing/*"])
    assert here.asked[0].metadata == {
        "command": command,
        "directories": [str(other), "/nothing"],
        "patterns": [f"{other}/*", "/nothing/*"],
    }
    assert here.asked[0].always == [f"{other}/*", "/nothing/*"]
    assert here.permissions()[1][0] == "bash"


async def test_a_working_directory_outside_is_asked_for(here: Surroundings) -> None:
    await bash(here, "true", workdir=str(here.root))
    assert here.permissions()[0] == ("external_directory", [f"{here.root}/*"])


async def test_words_that_only_look_like_paths_are_not(here: Surroundings) -> None:
    await bash(here, "echo /etc/hosts; echo /x/ | grep /no/such/ | sed s/a/b/")
    assert [permission for permission, _ in here.permissions()] == ["bash"]


async def test_a_shell_models_cannot_write_for_is_replaced(here: Surroundings) -> None:
    shell = tool(SHELL="/usr/bin/fish")
    result = await shell.run(BashArguments(command="echo $0"), here.context())
    assert result.output in {"/bin/bash\n", "/bin/sh\n"}


async def test_a_flood_of_output_stays_in_bounds(here: Surroundings) -> None:
    result = await bash(here, "yes | head -c 30000000")
    assert os.stat(result.metadata["outputPath"]).st_size == 30_000_000
    assert len(result.output) < 60_000
