"""The server for AI coding agents.

Usage:
  opencode serve [options] [--cors=<origin>]... [--allow-host=<name>]...
  opencode web [options] [--cors=<origin>]... [--allow-host=<name>]...
  opencode --version
  opencode --help

Commands:
  serve   Listen, and print `opencode server listening on http://HOST:PORT`.
  web     The same, then open the page in the browser and print every address that reaches it.

Options:
  --port=<n>             The port; 0, or none, tries 4096 and then takes any free one.
  --hostname=<name>      The name or address to listen on; 127.0.0.1 when not given. Any other
                         than this machine's own loopback needs OPENCODE_SERVER_PASSWORD.
  --mdns                 Announce the server in the local network.
  --mdns-domain=<name>   The name it is announced under; opencode.local when not given.
  --cors=<origin>        Let pages of this origin use the server. May be repeated.
  --allow-host=<name>    A further name the server may be asked by. May be repeated.
  --print-logs           Log to stderr instead of the log file.
  --log-level=<level>    DEBUG, INFO, WARN or ERROR; INFO when not given.
  -v --version           Print the version.
  -h --help              Print this text.

The directory it is started in is the one it works in. Environment: OPENCODE_SERVER_PASSWORD and
OPENCODE_SERVER_USERNAME (Basic authentication), OPENCODE_DATA (the data directory), XDG_*,
OPENCODE_CONFIG and OPENCODE_CONFIG_CONTENT (further configuration). The `server` section of the
global configuration sets port, hostname, mdns, mdnsDomain and cors where no flag does.
"""

import asyncio
import logging
import logging.handlers
import os
import queue
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from docopt import DocoptExit, docopt

import opencode
from opencode.app import App
from opencode.errors import OpencodeError
from opencode.project.configfile import read_file
from opencode.server.listen import ListenError, Server, addresses, serve
from opencode.settings import EVERY_INTERFACE, Paths, Settings, SettingsError

GLOBAL_FILES = ("config.json", "opencode.json", "opencode.jsonc")
LOG_BYTES = 10 * 1024 * 1024
LOG_FILES = 3
LOG_FORM = "timestamp=%(asctime)s level=%(levelname)s logger=%(name)s message=%(message)s"
LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARN": logging.WARNING}
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""Any of these in the environment says that a browser can be shown."""


def main() -> None:
    """The command `opencode`."""
    sys.exit(run(sys.argv[1:], os.environ))


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """One run of the program; the exit status."""
    try:
        arguments = docopt(__doc__ or "", list(argv), False)
    except DocoptExit as error:
        # docopt's own words for what it did not understand are its internals.
        said = " ".join(argv) or "nothing"
        print(f"Error: not understood: {said}\n\n{error.usage}", file=sys.stderr)
        return 1
    if arguments["--help"]:
        print((__doc__ or "").strip())
        return 0
    if arguments["--version"]:
        print(opencode.__version__)
        return 0
    try:
        settings = read_settings(arguments, environ)
        stop_log = start_log(settings)
        try:
            return asyncio.run(_serve(settings, web=bool(arguments["web"])))
        finally:
            stop_log()
    except (SettingsError, ListenError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def read_settings(arguments: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """The flags, the environment, and the `server` section where no flag was given."""
    section = server_section(Paths.from_environ(environ), environ)
    return Settings.read(arguments, environ, server=section)


def server_section(paths: Paths, environ: Mapping[str, str]) -> dict[str, Any]:
    """The `server` key of the global files, the last file winning; a broken one is passed over."""
    section: dict[str, Any] = {}
    for name in GLOBAL_FILES:
        try:
            found = read_file(os.path.join(paths.config, name), environ) or {}
        except OpencodeError as error:
            print(f"Warning: {error}", file=sys.stderr)
            continue
        given = found.get("server")
        section |= given if isinstance(given, dict) else {}
    return section


def start_log(settings: Settings) -> Callable[[], None]:
    """Log to the file of the data directory, or to stderr; call the result to write what is left.

    A thread writes: a slow disk or terminal never holds up the loop.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if not settings.print_logs:
        folder = Path(settings.paths.data, "log")
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "opencode.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, delay=True
        )
    handler.setFormatter(logging.Formatter(LOG_FORM))
    root = logging.getLogger()
    lines: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    writer = logging.handlers.QueueListener(lines, handler)
    root.handlers[:] = [logging.handlers.QueueHandler(lines)]
    root.setLevel(LEVELS.get(settings.log_level, logging.ERROR))
    # Libraries that log whole requests would log keys with them.
    for name in ("httpx2", "httpcore", "openai", "anthropic", "google_genai", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    writer.start()

    def stop() -> None:
        writer.stop()
        handler.close()

    return stop


async def _serve(settings: Settings, *, web: bool) -> int:
    app = await App.open(settings)

    def ready(server: Server) -> None:
        if web:
            show(server, settings)

    return await serve(app, ready=ready)


def show(server: Server, settings: Settings) -> None:
    """Print every address that reaches the page, and open it where there is a browser."""
    for label, url in reachable(settings, server.port):
        print(f"  {label + ':':<20}{url}", file=sys.stderr, flush=True)
    if any(settings.environ.get(name) for name in DISPLAYS) or sys.platform == "darwin":
        _, url = reachable(settings, server.port)[0]
        server.application.tasks.start("open the browser", _open_browser(url))


def reachable(settings: Settings, port: int) -> list[tuple[str, str]]:
    """What to type into a browser, here and on other machines."""
    if settings.hostname not in (EVERY_INTERFACE, "::"):
        name = f"[{settings.hostname}]" if ":" in settings.hostname else settings.hostname
        return [("Web interface", f"http://{name}:{port}/")]
    found = [("Local access", f"http://localhost:{port}/")]
    others = [one for one in addresses(settings.hostname) if one != "127.0.0.1"]
    found += [("Network access", f"http://{one}:{port}/") for one in others]
    if settings.mdns:
        found.append(("mDNS", f"http://{settings.mdns_domain}:{port}/"))
    return found


async def _open_browser(url: str) -> None:
    # Only a person at a screen needs it.
    import webbrowser

    await asyncio.to_thread(webbrowser.open, url)


if __name__ == "__main__":
    main()
