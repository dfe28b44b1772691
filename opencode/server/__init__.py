"""The only Tornado: addresses, REST, streams, sockets, guards, `/doc`, the page, and listening."""
