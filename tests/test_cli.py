"""The command line: usage as manual, versions, settings from flags and configuration."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import opencode
from opencode import cli
from opencode.settings import Paths
from tests.conftest import make_settings


@pytest.fixture
def untouched_log() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for one in root.handlers:
        if one not in handlers:
            one.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def run(*argv: str, **environ: str) -> int:
    return cli.run(argv, {**os.environ, **environ})


def test_help_is_the_manual(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    text = capsys.readouterr().out
    for flag in ("--port", "--hostname", "--mdns", "--mdns-domain", "--cors", "--allow-host"):
        assert flag in text


def test_the_version_is_the_contracts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert run("-v") == 0
    assert capsys.readouterr().out == f"{opencode.__version__}\n" * 2


@pytest.mark.parametrize(
    "argv", [("serve", "--bogus"), (), ("serve", "extra"), ("nope",), ("serve", "--port")]
)
def test_what_is_not_understood_shows_the_usage(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*argv) == 1
    assert "Usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("serve", "--port=abc"), "--port must be a number"),
        (("serve", "--port=99999"), "--port must be a number"),
        (("web", "--hostname=0.0.0.0"), "OPENCODE_SERVER_PASSWORD"),
        (("serve", "--log-level=LOUD"), "--log-level must be one of"),
    ],
)
def test_a_value_that_does_not_fit_is_explained(
    argv: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*argv) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_flags_win_over_the_configuration(tmp_path: Path) -> None:
    paths = Paths.from_environ(os.environ)
    Path(paths.config).mkdir(parents=True)
    section = {"port": 4999, "cors": ["https://a.example"], "mdnsDomain": "x.local"}
    text = "// mine\n" + json.dumps({"server": section})
    Path(paths.config, "opencode.jsonc").write_text(text)
    found = cli.read_settings({}, os.environ)
    assert (found.port, found.cors) == (4999, ("https://a.example",))
    assert found.mdns_domain == "x.local"
    found = cli.read_settings({"--port": "0", "--cors": ["https://b.example"]}, os.environ)
    assert (found.port, found.cors) == (0, ("https://b.example",))


def test_a_broken_configuration_does_not_keep_the_server_from_starting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths = Paths.from_environ(os.environ)
    Path(paths.config).mkdir(parents=True)
    Path(paths.config, "opencode.json").write_text("{broken")
    assert cli.server_section(paths, os.environ) == {}
    assert "Warning:" in capsys.readouterr().err


def test_the_log_goes_to_the_data_directory(tmp_path: Path, untouched_log: None) -> None:
    settings = make_settings(tmp_path)
    stop = cli.start_log(settings)
    logging.getLogger("opencode.test").info("a line")
    stop()
    text = Path(settings.paths.data, "log", "opencode.log").read_text()
    assert "level=INFO logger=opencode.test message=a line" in text


def test_the_log_goes_to_stderr_when_asked(
    tmp_path: Path, untouched_log: None, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = cli.start_log(make_settings(tmp_path, print_logs=True, log_level="WARN"))
    logging.getLogger("opencode.test").info("quiet")
    logging.getLogger("opencode.test").warning("loud")
    stop()
    assert "message=loud" in (err := capsys.readouterr().err)
    assert "quiet" not in err


def test_every_address_of_the_page_is_listed(tmp_path: Path) -> None:
    assert cli.reachable(make_settings(tmp_path), 4096) == [
        ("Web interface", "http://127.0.0.1:4096/")
    ]
    settings = make_settings(tmp_path, hostname="0.0.0.0", password="s", mdns=True)
    urls = [url for _, url in cli.reachable(settings, 4096)]
    assert urls[0] == "http://localhost:4096/"
    assert urls[-1] == "http://opencode.local:4096/"
