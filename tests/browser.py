"""A real Chromium that opens the page of a running server and notes whatever it complains about."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

PATIENCE_MS = 30_000
"""How long a test waits for what must happen; only a broken page needs it."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
KEEP_SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) { super(...given); window.sockets.push(this); }
};
"""
WATCH_TEXTS = """
window.texts = [];
new MutationObserver(() => {
  const last = [...document.querySelectorAll(".answer > .prose")].at(-1);
  const text = last?.textContent.trim();
  if (text && text !== window.texts.at(-1)) window.texts.push(text);
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


@dataclass
class Visit:
    """One tab on the page."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """What the console and uncaught errors said."""

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def ready(self) -> None:
        """Wait until the page is connected and shows what the server has."""
        await expect(self.find(".link-state")).to_have_text("Connected")
        await expect(self.page.get_by_text("Loading…")).to_have_count(0)

    async def say(self, text: str) -> None:
        """Type a prompt and send it."""
        await self.ready()
        await self.find("#prompt").fill(text)
        await self.find("#prompt").press("Enter")

    async def idle(self) -> None:
        """Wait until the turn on screen has ended."""
        await expect(self.find(".facts").last).to_be_visible()
        await expect(self.button("Stop")).to_have_count(0)

    async def js(self, script: str, given: Any = None) -> Any:
        return await self.page.evaluate(script, given)

    def note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        raise FileNotFoundError(f"the tests of the page need one of {', '.join(NAMES)}")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=path, args=list(ARGUMENTS), env=dict(os.environ)
        )
        try:
            yield chromium
        finally:
            await chromium.close()


@asynccontextmanager
async def visit(url: str, **context: Any) -> AsyncIterator[Visit]:
    """A fresh browser on an address; a complaint fails the test that did not take it out."""
    async with browser() as chromium:
        page = await (await chromium.new_context(**context)).new_page()
        page.set_default_timeout(PATIENCE_MS)
        tab = Visit(page)
        page.on("console", tab.note)
        page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        await page.add_init_script(KEEP_SOCKETS + WATCH_TEXTS)
        await page.goto(url)
        yield tab
        assert tab.complaints == []


def configure(project: Path, config: dict[str, Any]) -> None:
    """Write the project's configuration."""
    project.mkdir(exist_ok=True)
    (project / "opencode.json").write_text(json.dumps(config), encoding="utf-8")
