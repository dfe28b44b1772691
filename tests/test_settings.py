import os
from pathlib import Path

import pytest

from opencode.settings import STAYS_LOCAL, Paths, Settings, SettingsError, is_loopback

LOCKED = {"HOME": "/home/u", "OPENCODE_SERVER_PASSWORD": "secret"}
OPEN = {"HOME": "/home/u"}


def test_paths_follow_the_home_directory() -> None:
    paths = Paths.from_environ({"HOME": "/home/u"})
    assert paths == Paths(
        home="/home/u",
        data="/home/u/.local/share/opencode",
        config="/home/u/.config/opencode",
        state="/home/u/.local/state/opencode",
        cache="/home/u/.cache/opencode",
    )


def test_xdg_variables_win_over_the_home_directory() -> None:
    paths = Paths.from_environ({"HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c"})
    assert (paths.data, paths.config, paths.state) == (
        "/d/opencode",
        "/c/opencode",
        "/h/.local/state/opencode",
    )


def test_relative_xdg_value_is_ignored() -> None:
    assert (
        Paths.from_environ({"HOME": "/h", "XDG_DATA_HOME": "d"}).data == "/h/.local/share/opencode"
    )


def test_data_variable_names_the_directory_itself() -> None:
    environ = {"HOME": "/h", "XDG_DATA_HOME": "/d", "OPENCODE_DATA": "/own"}
    assert Paths.from_environ(environ).data == "/own"


def test_nothing_given_means_loopback_and_any_port() -> None:
    settings = Settings.read({}, OPEN, directory="/")
    assert (settings.hostname, settings.port, settings.password) == ("127.0.0.1", 0, None)
    assert (settings.username, settings.log_level, settings.warnings) == ("opencode", "INFO", ())
    assert settings.loopback


def test_directory_is_the_real_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert Settings.read({}, OPEN, directory=str(tmp_path / "link")).directory == str(
        tmp_path.resolve() / "real"
    )


def test_directory_defaults_to_the_working_directory() -> None:
    assert Settings.read({}, OPEN).directory == os.path.realpath(".")


def test_every_flag_is_read() -> None:
    arguments = {
        "--port": "4510",
        "--hostname": "127.0.0.2",
        "--cors": ["https://a.example", "https://b.example"],
        "--mdns": True,
        "--mdns-domain": "foo.local",
        "--allow-host": ["box.lan"],
        "--print-logs": True,
        "--log-level": "debug",
    }
    settings = Settings.read(arguments, OPEN, directory="/")
    assert (settings.port, settings.hostname) == (4510, "127.0.0.2")
    assert settings.cors == ("https://a.example", "https://b.example")
    assert (settings.mdns, settings.mdns_domain) == (True, "foo.local")
    assert (settings.allow_hosts, settings.print_logs) == (("box.lan",), True)
    assert settings.log_level == "DEBUG"


def test_configuration_fills_in_for_absent_flags() -> None:
    absent: dict[str, object] = {
        "--port": None,
        "--hostname": None,
        "--cors": [],
        "--mdns": False,
        "--mdns-domain": None,
    }
    server = {
        "port": 4537,
        "hostname": "localhost",
        "mdns": True,
        "mdnsDomain": "bar.local",
        "cors": ["https://cfg.example"],
    }
    settings = Settings.read(absent, OPEN, server=server, directory="/")
    assert (settings.port, settings.hostname, settings.mdns) == (4537, "localhost", True)
    assert (settings.mdns_domain, settings.cors) == ("bar.local", ("https://cfg.example",))


def test_explicit_flag_wins_over_the_configuration() -> None:
    server = {"port": 4537, "hostname": "127.0.0.9", "cors": ["https://cfg.example"]}
    arguments = {"--port": "0", "--hostname": "::1", "--cors": ["https://flag.example"]}
    settings = Settings.read(arguments, OPEN, server=server, directory="/")
    assert (settings.port, settings.hostname) == (0, "::1")
    assert settings.cors == ("https://flag.example",)


@pytest.mark.parametrize("hostname", ["0.0.0.0", "::", "192.168.1.5", "box.lan", "::ffff:10.0.0.1"])
def test_open_hostname_without_password_is_refused(hostname: str) -> None:
    with pytest.raises(SettingsError, match="OPENCODE_SERVER_PASSWORD"):
        Settings.read({"--hostname": hostname}, OPEN, directory="/")
    assert Settings.read({"--hostname": hostname}, LOCKED, directory="/").hostname == hostname


def test_open_hostname_of_the_configuration_is_refused_too() -> None:
    with pytest.raises(SettingsError, match="OPENCODE_SERVER_PASSWORD"):
        Settings.read({}, OPEN, server={"hostname": "0.0.0.0"}, directory="/")


def test_empty_password_is_no_password() -> None:
    environ = {"HOME": "/h", "OPENCODE_SERVER_PASSWORD": "", "OPENCODE_SERVER_USERNAME": ""}
    settings = Settings.read({}, environ, directory="/")
    assert (settings.password, settings.username) == (None, "opencode")
    with pytest.raises(SettingsError):
        Settings.read({"--hostname": "0.0.0.0"}, environ, directory="/")


def test_mdns_opens_every_interface_only_behind_a_password() -> None:
    locked = Settings.read({"--mdns": True}, LOCKED, directory="/")
    assert (locked.hostname, locked.warnings) == ("0.0.0.0", ())
    unlocked = Settings.read({"--mdns": True}, OPEN, directory="/")
    assert (unlocked.hostname, unlocked.warnings) == ("127.0.0.1", (STAYS_LOCAL,))


def test_mdns_leaves_a_given_hostname_alone() -> None:
    settings = Settings.read({"--mdns": True, "--hostname": "127.0.0.1"}, LOCKED, directory="/")
    assert settings.hostname == "127.0.0.1"


@pytest.mark.parametrize("port", ["abc", "-1", "65536", "99999", "4.5", "", " 1", "٣"])
def test_bad_port_is_named(port: str) -> None:
    with pytest.raises(SettingsError, match="--port must be a number from 0 to 65535"):
        Settings.read({"--port": port}, OPEN, directory="/")


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ({"port": True}, "server.port"),
        ({"port": "x"}, "server.port"),
        ({"hostname": 5}, "server.hostname"),
        ({"hostname": " "}, "server.hostname"),
        ({"cors": "https://a"}, "server.cors"),
        ({"cors": [5]}, "server.cors"),
        ({"mdns": "yes"}, "server.mdns"),
        ({"mdnsDomain": []}, "server.mdnsDomain"),
    ],
)
def test_bad_configuration_value_is_named(server: dict[str, object], name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.read({}, OPEN, server=server, directory="/")


def test_unknown_log_level_is_refused() -> None:
    with pytest.raises(SettingsError, match="--log-level"):
        Settings.read({"--log-level": "loud"}, OPEN, directory="/")


def test_secrets_stay_out_of_the_representation() -> None:
    assert "secret" not in repr(Settings.read({}, LOCKED, directory="/"))


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]
)
def test_loopback_names_are_known(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize("name", ["", "0.0.0.0", "::", "localhost.evil.com", "127.1", "10.0.0.1"])
def test_other_names_are_not_loopback(name: str) -> None:
    assert not is_loopback(name)
