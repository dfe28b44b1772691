"""The status of configured MCP servers."""

from pathlib import Path

from tests.api.asking import place


async def test_configured_servers_are_listed_as_not_in_use(tmp_path: Path) -> None:
    servers = {
        "local": {"type": "local", "command": ["/bin/false"]},
        "remote": {"type": "remote", "url": "http://127.0.0.1:9/"},
        "elsewhere": {"enabled": False},
    }
    async with place(tmp_path, config={"mcp": servers}) as at:
        assert await at.ask("mcp.status") == {
            "local": {"status": "disabled"},
            "remote": {"status": "disabled"},
        }
