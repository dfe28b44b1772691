"""What the README promises: its script runs as it stands, its links lead somewhere."""

import asyncio
import json
import os
import re
import signal
from pathlib import Path

from tornado.testing import bind_unused_port

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PATIENCE = 180


def script() -> str:
    """The shell block that the comment in the README points at."""
    found = re.search(r"tests/test_readme\.py\. -->\n```bash\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def free_port() -> str:
    socket, port = bind_unused_port()
    socket.close()
    return str(port)


async def test_the_script_changes_a_real_project_and_runs_its_tests(tmp_path: Path) -> None:
    text = script().replace("4699", free_port()).replace("4698", free_port())
    child = await asyncio.create_subprocess_exec(
        "bash",
        "-eu",
        "-c",
        text,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = await asyncio.wait_for(child.communicate(), PATIENCE)
    finally:
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGKILL)
    shown = out.decode()
    assert "and the tests pass." in shown, (shown, err.decode())
    assert "+    'rice', 'software'," in shown
    diff = json.loads(shown.splitlines()[-1])
    assert [one["file"] for one in diff] == ["inflection/__init__.py"]


def test_every_file_the_readme_names_is_there() -> None:
    named = re.findall(r"\]\(([\w./-]+)\)|`((?:tools|static|tests)/[\w./-]+)`", README)
    for path in {link or code for link, code in named}:
        assert (ROOT / path).exists(), path
