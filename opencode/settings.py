"""What the process was told at its start: host, port, password, CORS, mDNS, and where files live.

Read once from the command line, the environment and the `server` section of the global
configuration, then frozen. A value that does not fit is refused here, by a sentence that names it.
"""

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

DEFAULT_HOSTNAME = "127.0.0.1"
EVERY_INTERFACE = "0.0.0.0"
DEFAULT_MDNS_DOMAIN = "opencode.local"
DEFAULT_USERNAME = "opencode"
LOG_LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")
MAX_PORT = 65535
STAYS_LOCAL = (
    "--mdns without a password stays on 127.0.0.1: set OPENCODE_SERVER_PASSWORD to be reachable "
    "from other machines"
)


class SettingsError(Exception):
    """A start-up value that cannot be used; its text is meant for the person who typed it."""


@dataclass(frozen=True)
class Paths:
    """The user's directories, each already ending in this program's own name."""

    home: str
    """The user's home directory itself."""
    data: str
    """The database, `auth.json`, snapshots, logs, tool output."""
    config: str
    """The global configuration."""
    state: str
    """Locks and the like."""
    cache: str
    """What can be fetched again."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Follow `XDG_*_HOME`; `OPENCODE_DATA` names the data directory itself."""
        home = environ.get("HOME") or os.path.expanduser("~")
        own = environ.get("OPENCODE_DATA")
        return cls(
            home=home,
            data=os.path.abspath(own)
            if own
            else _xdg(environ, "XDG_DATA_HOME", home, ".local/share"),
            config=_xdg(environ, "XDG_CONFIG_HOME", home, ".config"),
            state=_xdg(environ, "XDG_STATE_HOME", home, ".local/state"),
            cache=_xdg(environ, "XDG_CACHE_HOME", home, ".cache"),
        )


@dataclass(frozen=True)
class Settings:
    """The frozen answer to "how was this server started"."""

    paths: Paths
    directory: str
    """The server's own directory, absolute and real; requests without a directory mean this one."""
    hostname: str = DEFAULT_HOSTNAME
    port: int = 0
    """0 asks for 4096, or any free port when that is taken."""
    password: str | None = field(default=None, repr=False)
    username: str = DEFAULT_USERNAME
    cors: tuple[str, ...] = ()
    """Origins allowed beyond the built-in ones, compared exactly."""
    mdns: bool = False
    mdns_domain: str = DEFAULT_MDNS_DOMAIN
    allow_hosts: tuple[str, ...] = ()
    """Host names accepted beyond the loopback and the bound one while no password is set."""
    print_logs: bool = False
    log_level: str = "INFO"
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The environment of the process: configuration, credentials and children are read from it."""
    warnings: tuple[str, ...] = ()
    """Sentences to print once at start."""

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.hostname)

    @classmethod
    def read(
        cls,
        arguments: Mapping[str, Any],
        environ: Mapping[str, str],
        *,
        server: Mapping[str, Any] | None = None,
        directory: str | None = None,
    ) -> Self:
        """Make settings of docopt's dictionary (`--port`, ...); a flag wins over the section.

        A flag that was not given is None, False or an empty list.
        """
        choice = _Choice(arguments, server or {})
        password = environ.get("OPENCODE_SERVER_PASSWORD") or None
        mdns = choice.flag("mdns")
        hostname, warnings = _bind(choice.text("hostname"), mdns=mdns, password=password)
        return cls(
            paths=Paths.from_environ(environ),
            directory=os.path.realpath(directory or os.getcwd()),
            hostname=hostname,
            port=choice.port(),
            password=password,
            username=environ.get("OPENCODE_SERVER_USERNAME") or DEFAULT_USERNAME,
            cors=choice.texts("cors"),
            mdns=mdns,
            mdns_domain=choice.text("mdns-domain", "mdnsDomain") or DEFAULT_MDNS_DOMAIN,
            allow_hosts=choice.texts("allow-host"),
            print_logs=choice.flag("print-logs"),
            log_level=choice.log_level(),
            environ=dict(environ),
            warnings=warnings,
        )


def is_loopback(hostname: str) -> bool:
    """Whether a name or address to bind is reachable from this machine only."""
    name = hostname.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _xdg(environ: Mapping[str, str], name: str, home: str, fallback: str) -> str:
    """A relative value is ignored, as the XDG specification asks."""
    given = environ.get(name, "")
    base = given if os.path.isabs(given) else os.path.join(home, fallback)
    return os.path.join(base, "opencode")


def _bind(hostname: str | None, *, mdns: bool, password: str | None) -> tuple[str, tuple[str, ...]]:
    """The address to bind, and what to say about it."""
    if hostname is None and mdns and password:
        return EVERY_INTERFACE, ()
    if hostname is None:
        return DEFAULT_HOSTNAME, (STAYS_LOCAL,) if mdns else ()
    if not is_loopback(hostname) and password is None:
        raise SettingsError(
            f"--hostname {hostname} is reachable from other machines: "
            "set OPENCODE_SERVER_PASSWORD first, or use 127.0.0.1"
        )
    return hostname, ()


class _Choice:
    """One value at a time, from the flag or else the configuration, with the name it came under."""

    def __init__(self, arguments: Mapping[str, Any], server: Mapping[str, Any]) -> None:
        self._arguments = arguments
        self._server = server

    def find(self, flag: str, key: str | None = None) -> tuple[Any, str]:
        given = self._arguments.get(f"--{flag}")
        if given is not None and given is not False and given != []:
            return given, f"--{flag}"
        key = key or flag
        return self._server.get(key), f"server.{key} in the configuration"

    def port(self) -> int:
        value, origin = self.find("port")
        if value is None:
            return 0
        text = str(value)
        if (
            isinstance(value, bool)
            or not (text.isascii() and text.isdigit())
            or int(text) > MAX_PORT
        ):
            raise SettingsError(f"{origin} must be a number from 0 to {MAX_PORT}, not {value!r}")
        return int(text)

    def text(self, flag: str, key: str | None = None) -> str | None:
        value, origin = self.find(flag, key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"{origin} must be a name, not {value!r}")
        return value.strip()

    def texts(self, flag: str) -> tuple[str, ...]:
        value, origin = self.find(flag)
        if value is None:
            return ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise SettingsError(f"{origin} must be a list of strings, not {value!r}")
        if not all(isinstance(item, str) and item for item in value):
            raise SettingsError(f"{origin} must hold non-empty strings, not {value!r}")
        return tuple(value)

    def flag(self, flag: str) -> bool:
        value, origin = self.find(flag)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise SettingsError(f"{origin} must be true or false, not {value!r}")
        return value

    def log_level(self) -> str:
        value = str(self._arguments.get("--log-level") or "INFO").upper()
        if value not in LOG_LEVELS:
            raise SettingsError(f"--log-level must be one of {', '.join(LOG_LEVELS)}, not {value}")
        return value
