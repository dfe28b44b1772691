import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from opencode.errors import ConfigInvalidError, ConfigJsonError
from opencode.project.configfile import change_file, read_file, read_text


def read(tmp_path: Path, text: str, **environ: str) -> dict[str, Any]:
    file = tmp_path / "opencode.json"
    file.write_text(text)
    found = read_file(str(file), environ)
    assert found is not None
    return found


def test_a_missing_file_is_nothing(tmp_path: Path) -> None:
    assert read_file(str(tmp_path / "no.json"), {}) is None
    assert read_file(str(tmp_path), {}) is None


def test_variables_are_filled_in_whatever_they_hold(tmp_path: Path) -> None:
    text = '{"username": "{env:NAME}", "model": "a/{env:NOT_SET}"}'
    assert read(tmp_path, text, NAME='say "hi"\\') == {"username": 'say "hi"\\', "model": "a/"}


def test_files_are_filled_in_trimmed_and_relative_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text('  line one\n"two"\n\n')
    found = read(tmp_path, '{"username": "{file:./note.txt}", "instructions": ["{file:note.txt}"]}')
    assert found == {"username": 'line one\n"two"', "instructions": ['line one\n"two"']}


def test_a_reference_may_stand_outside_of_a_string(tmp_path: Path) -> None:
    assert read(tmp_path, '{"server": {"port": {env:PORT}}}', PORT="4100") == {
        "server": {"port": 4100}
    }


def test_a_reference_in_a_comment_is_left_alone(tmp_path: Path) -> None:
    assert read(tmp_path, '{ // "{file:missing.txt}" {file:missing.txt}\n "model": "a/b" }') == {
        "model": "a/b"
    }


def test_a_home_directory_is_understood(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    assert read(tmp_path, '{"username": "{file:~/key}"}', HOME=str(tmp_path)) == {"username": "k"}


def test_a_missing_reference_names_both_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalidError) as caught:
        read(tmp_path, '{"model": "{file:./missing.txt}"}')
    body = caught.value.body()["data"]
    assert body["path"] == str(tmp_path / "opencode.json")
    assert body["message"] == (
        f'bad file reference: "{{file:./missing.txt}}" {tmp_path}/missing.txt does not exist'
    )


@pytest.mark.parametrize(
    ("text", "issues"),
    [
        ('{"model": 5}', [(["model"], "Expected string | undefined, got 5")]),
        ('{"snapshot": "y"}', [(["snapshot"], 'Expected boolean | undefined, got "y"')]),
        (
            '{"permission": {"bash": "maybe"}}',
            [(["permission", "bash"], 'Expected "ask" | "allow" | "deny", got "maybe"')],
        ),
        (
            '{"agent": {"a": {"mode": "zzz"}}, "mcp": {"x": {"type": "local"}}}',
            [
                (["agent", "a", "mode"], 'Expected "subagent" | "primary" | "all", got "zzz"'),
                (["mcp", "x", "command"], "Missing key"),
            ],
        ),
        ('["x"]', [([], 'Expected Config, got ["x"]')]),
    ],
)
def test_every_wrong_value_is_named_with_its_place(
    tmp_path: Path, text: str, issues: list[tuple[list[str], str]]
) -> None:
    with pytest.raises(ConfigInvalidError) as caught:
        read(tmp_path, text)
    data = caught.value.body()["data"]
    assert data["path"] == str(tmp_path / "opencode.json")
    assert data["issues"] == [{"path": place, "message": said} for place, said in issues]


def test_text_that_is_no_json_is_shown_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigJsonError) as caught:
        read(tmp_path, '{"model": }')
    assert "line 1, column 11" in caught.value.message
    with pytest.raises(ConfigJsonError, match="line 1"):
        read_text("{", {}, path="OPENCODE_CONFIG_CONTENT", base="/")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "opencode.json").write_bytes(b'{"model": "\xff"}')
    with pytest.raises(ConfigJsonError, match="UTF-8"):
        read_file(str(tmp_path / "opencode.json"), {})


def test_a_change_keeps_comments_mode_and_links(tmp_path: Path) -> None:
    real = tmp_path / "real.jsonc"
    real.write_text('{\n  // mine\n  "model": "a/b"\n}\n')
    real.chmod(0o640)
    link = tmp_path / "opencode.jsonc"
    link.symlink_to(real)
    change_file(str(link), {"model": None, "username": "bob"}, {})
    assert real.read_text() == '{\n  // mine\n  "username": "bob"\n}\n'
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["opencode.jsonc", "real.jsonc"]


def test_a_new_file_names_its_schema(tmp_path: Path) -> None:
    path = tmp_path / "new" / "opencode.json"
    change_file(str(path), {"model": "a/b", "username": None}, {})
    assert json.loads(path.read_text()) == {
        "$schema": "https://opencode.ai/config.json",
        "model": "a/b",
    }


def test_a_change_that_would_break_the_file_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "opencode.json"
    for text, error in (("{", ConfigJsonError), ('{"share": 5}', ConfigInvalidError)):
        path.write_text(text)
        with pytest.raises(error):
            change_file(str(path), {"model": "a/b"}, {})
        assert path.read_text() == text


def test_changes_at_the_same_time_all_stay(tmp_path: Path) -> None:
    path = str(tmp_path / "opencode.json")
    names = [f"c{number}" for number in range(12)]

    def add(name: str) -> None:
        change_file(path, {"command": {name: {"template": "t"}}}, {})

    threads = [threading.Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(json.loads(Path(path).read_text())["command"]) == sorted(names)
