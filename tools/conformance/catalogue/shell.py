"""The `bash` tool, and stopping what runs."""

from typing import Any

from tools.conformance.scenario import Scenario, calls
from tools.conformance.stage import Stage

JSON = dict[str, Any]


def bash(name: str, *commands: str | JSON, **rest: Any) -> Scenario:
    given = [one if isinstance(one, dict) else {"command": one} for one in commands]
    return calls(f"bash-{name}", *(("bash", one) for one in given), **rest)


async def stopped_in_text(it: Stage) -> None:
    await it.session()
    await it.start("Talk")
    await it.model.held("middle")
    await it.part("text")
    await it.until("message.part.delta")
    await it.settled()
    await it.abort()
    await it.prompt("Go on")


async def stopped_in_bash(it: Stage) -> None:
    await it.session()
    await it.start("Run")
    while (await it.part("tool", "running"))["state"].get("metadata", {}).get("output") != "on\n":
        pass
    await it.abort()
    await it.prompt("Go on")


async def stopped_idle(it: Stage) -> None:
    await it.session()
    await it.abort()


async def stopped_in_retry(it: Stage) -> None:
    await it.session()
    await it.start("Try")
    while (await it.until("session.status"))["properties"]["status"]["type"] != "retry":
        pass
    await it.abort()


async def said_while_busy(it: Stage) -> None:
    """A second prompt while the first is being answered."""
    await it.session()
    await it.start("First")
    await it.until("message.part.delta")
    await it.start("Second")
    await it.until("message.updated")
    it.model.release("middle")
    await it.idle()


SCENARIOS = [
    bash("output", "echo one; echo two", "printf 'no newline'", "true"),
    bash("exit", "echo out; echo err >&2; exit 3", "nosuchcmd_x"),
    bash("environment", "pwd; echo $OPENCODE", {"command": "pwd", "workdir": "src"}),
    bash("workdir-missing", {"command": "pwd", "workdir": "nodir"}),
    bash("description", {"command": "echo hi", "description": "Say hi"}),
    bash("empty", ""),
    bash("timeout", {"command": "echo start; sleep 30", "timeout": 700}),
    bash("many-lines", "seq 1 5000"),
    bash("many-bytes", "for i in $(seq 1 700); do printf '%0100d\\n' $i; done"),
    bash("files", "echo new > made.txt; rm multi.txt; mkdir -p d && echo x > d/y"),
    bash("stdin", "cat; echo read"),
    bash("colors", "printf '\\033[31mred\\033[0m\\n'"),
    bash("killed", "kill -9 $$", patience=8.0),
    Scenario("abort-text", [{"text": "Half of it", "hold": "middle"}], stopped_in_text),
    calls("abort-bash", ("bash", {"command": "echo on; sleep 60; echo off"}), play=stopped_in_bash),
    Scenario("abort-idle", play=stopped_idle),
    Scenario(
        "abort-retry", [{"status": 500, "headers": {"retry-after-ms": "60000"}}], stopped_in_retry
    ),
    Scenario(
        "busy",
        [{"text": "One.", "hold": "middle"}, {"text": "Two."}],
        said_while_busy,
    ),
]
