"""The server for AI coding agents: `opencode serve` and `opencode web` on one Tornado event loop.

Work walks down the stairs as plain calls; news comes back up only by the bus.

    cli > server > api > app, instance > session, agent > provider | tool | permission > project
        > storage, bus > schema > ids, errors, settings, heap, tasks, fetch

cli         the command line: builds `App` and listens
server      the only Tornado: REST, SSE, WebSocket, guards, `/doc`, the static page
api         the operations, one file per tag of the contract
app         the process: settings, database, bus, catalog, instances by directory
instance    one project directory, opened: everything of it is constructed there
session     where the work is: store, prompt, history, turn, runner, summary, revert
agent       who works: agents, their prompts, commands, skills
provider    who answers: models, credentials, the wire protocols
tool        what an agent may do
permission  whether it may
project     the directory: configuration, files, search, git, snapshots
storage     the only SQLite
bus         where events go
schema      the types of the wire
"""

__version__ = "1.18.33"
