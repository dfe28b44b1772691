"""`auth.json`: kept privately, read as it is now."""

import asyncio
import json
import os
import stat
from pathlib import Path

from opencode.provider.credentials import Credentials
from opencode.schema.provider import ApiAuth, OAuth
from opencode.settings import Paths

KEY = ApiAuth(type="api", key="secret")


def stored(home: Path) -> tuple[Credentials, Path]:
    paths = Paths.from_environ({"HOME": str(home)})
    return Credentials(paths), Path(paths.data, "auth.json")


async def test_what_is_set_is_read_again_and_removed(tmp_path: Path) -> None:
    credentials, _ = stored(tmp_path)
    token = OAuth(type="oauth", refresh="r", access="a", expires=5, accountId="x")
    await credentials.set("openai", KEY)
    await credentials.set("github", token)
    assert credentials.all() == {"openai": KEY, "github": token}
    await credentials.remove("openai")
    await credentials.remove("never-there")
    assert credentials.get("openai") is None
    assert credentials.get("github") == token


async def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    credentials, path = stored(tmp_path)
    await credentials.set("openai", KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == json.dumps({"openai": {"type": "api", "key": "secret"}}, indent=2)
    assert os.listdir(path.parent) == ["auth.json"]


async def test_another_programs_change_counts_at_once(tmp_path: Path) -> None:
    credentials, path = stored(tmp_path)
    await credentials.set("openai", KEY)
    assert credentials.get("groq") is None
    path.write_text(json.dumps({"groq": {"type": "api", "key": "other"}}))
    assert credentials.get("groq") == ApiAuth(type="api", key="other")
    path.unlink()
    assert credentials.all() == {}


async def test_an_unreadable_entry_is_left_out_but_kept(tmp_path: Path) -> None:
    credentials, path = stored(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"odd": {"type": "odd"}}))
    await credentials.set("openai", KEY)
    assert list(credentials.all()) == ["openai"]
    assert set(json.loads(path.read_text())) == {"odd", "openai"}


async def test_a_file_that_is_not_json_is_set_aside(tmp_path: Path) -> None:
    credentials, path = stored(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("{oops")
    assert credentials.all() == {}
    await credentials.set("openai", KEY)
    assert credentials.get("openai") == KEY
    assert Path(f"{path}.unreadable").read_text() == "{oops"


async def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    credentials, _ = stored(tmp_path)
    await asyncio.gather(*(credentials.set(f"p{number}", KEY) for number in range(8)))
    assert len(credentials.all()) == 8
