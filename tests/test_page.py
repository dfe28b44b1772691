"""The page in a real browser, on a real server, before a model behind its real protocol."""

import base64
import gzip
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import expect
from tornado.netutil import bind_sockets

from opencode.app import App
from opencode.server.listen import Server
from tests.browser import Visit, configure, visit
from tests.conftest import Running, make_settings, running
from tests.scripted_model import ScriptedModel

Turn = dict[str, Any]
STATIC = Path(__file__).parents[1] / "static"
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LONG = 110
"""More messages than the page fetches at once."""
FIRST_LOAD = 120 * 1024
HOSTILE = """
# Title <script>window.pwned = 1</script>

<img src=x onerror="window.pwned = 2"> <svg onload="window.pwned = 3"></svg>

[a](javascript:window.pwned=4) [b](data:text/html,<script>parent.pwned=5</script>) [c](vbscript:x)

<iframe src="javascript:parent.pwned=6"></iframe>

![pixel](http://127.0.0.1:9/pixel.png)

<style>body { display: none }</style> <form action="http://127.0.0.1:9/"><button>go</button></form>

<details open ontoggle="window.pwned=7"><summary>s</summary>d</details>

```html
<script>window.pwned = 8</script>
```

[safe](https://example.org/) <a href="https://example.org/" onclick="window.pwned=9">own</a>
"""


@asynccontextmanager
async def stage(
    tmp_path: Path, *turns: Turn, config: dict[str, Any] | None = None, **context: Any
) -> AsyncIterator[tuple[Visit, ScriptedModel, Running]]:
    """A project, a model that will say `turns`, a server, and a browser on its page."""
    async with ScriptedModel(list(turns)) as model:
        configure(tmp_path / "project", {**model.config(), **(config or {})})
        async with running(tmp_path) as server, visit(server.url, **context) as tab:
            yield tab, model, server


async def test_a_prompt_streams_to_its_end(tmp_path: Path) -> None:
    turn = {"reasoning": "Let me think.", "text": "It is **done**.\n\n```python\nx = 1\n```\n"}
    async with stage(tmp_path, turn) as (tab, _, _):
        await tab.say("Do it")
        await tab.idle()
        await expect(tab.find(".prompt")).to_have_text(re.compile("Do it"))
        await expect(tab.find(".answer > .prose strong")).to_have_text("done")
        await expect(tab.find(".prose .hljs-number")).to_have_text("1")
        await expect(tab.find(".sessions [aria-current]")).to_contain_text("A scripted title")
        await expect(tab.find("#prompt")).to_have_value("")
        await tab.find(".reasoning > summary").click()
        await expect(tab.find(".reasoning .prose")).to_have_text("Let me think.")


async def test_a_tool_shows_its_command_and_output(tmp_path: Path) -> None:
    call = {"name": "bash", "args": {"command": "echo from-the-shell", "description": "Say it"}}
    async with stage(tmp_path, {"tools": [call]}, {"text": "Said."}) as (tab, _, _):
        await tab.say("Say it")
        await tab.idle()
        await expect(tab.find(".tool .terminal .code").first).to_have_text("$ echo from-the-shell")
        await expect(tab.find(".tool .terminal .code").last).to_have_text("from-the-shell\n")


async def test_an_allowed_command_runs_and_a_rejected_one_does_not(tmp_path: Path) -> None:
    first = {"name": "bash", "args": {"command": "touch first"}}
    second = {"name": "bash", "args": {"command": "touch second"}}
    turns: list[Turn] = [{"tools": [first]}, {"text": "One."}, {"tools": [second]}]
    rules = {"permission": {"bash": "ask"}}
    async with stage(tmp_path, *turns, config=rules) as (tab, _, _):
        await tab.say("Make files")
        await expect(tab.find(".ask")).to_contain_text("touch first")
        await tab.button("Allow once").click()
        await expect(tab.find(".answer > .prose")).to_have_text("One.")
        await tab.idle()
        await tab.say("And another")
        await expect(tab.find(".ask")).to_contain_text("touch second")
        await tab.button("Reject…").click()
        await tab.button("Reject").click()
        await expect(tab.find(".tool.error")).to_contain_text("rejected permission")
        await tab.idle()
    assert (tmp_path / "project" / "first").exists()
    assert not (tmp_path / "project" / "second").exists()


async def test_a_rejection_tells_the_model_what_to_do_instead(tmp_path: Path) -> None:
    call = {"name": "bash", "args": {"command": "rm -r build"}}
    rules = {"permission": {"bash": "ask"}}
    turns: list[Turn] = [{"tools": [call]}, {"text": "Then not."}]
    async with stage(tmp_path, *turns, config=rules) as (tab, model, _):
        await tab.say("Clean")
        await tab.button("Reject…").click()
        await tab.find("#reason").fill("keep the build")
        await tab.find("#reason").press("Enter")
        await expect(tab.find(".answer > .prose")).to_have_text("Then not.")
        assert "keep the build" in str(model.requests[-1].body)


async def test_a_question_is_answered_with_options_and_own_words(tmp_path: Path) -> None:
    options = [{"label": "Red", "description": "r"}, {"label": "Blue", "description": "b"}]
    questions = [
        {"question": "Which colour?", "header": "Colour", "options": options},
        {"question": "Where?", "header": "Place", "options": options, "multiple": True},
    ]
    call = {"name": "question", "args": {"questions": questions}}
    turns: list[Turn] = [{"tools": [call]}, {"text": "Noted."}]
    async with stage(tmp_path, *turns) as (tab, model, _):
        await tab.say("Ask me")
        card = tab.find(".ask fieldset")
        await card.nth(0).get_by_text("Blue").click()
        await card.nth(1).get_by_text("Red").click()
        await card.nth(1).get_by_label("Your own answer").fill("and behind")
        await tab.button("Answer").click()
        await expect(tab.find(".answer > .prose")).to_have_text("Noted.")
        await expect(tab.find(".asked-list dd").first).to_have_text("Blue")
        said = str(model.requests[-1].body)
        assert "Blue" in said and "Red, and behind" in said


async def test_a_request_waits_through_a_reload(tmp_path: Path) -> None:
    call = {"name": "bash", "args": {"command": "echo later"}}
    rules = {"permission": {"bash": "ask"}}
    turns: list[Turn] = [{"tools": [call]}, {"text": "Done."}]
    async with stage(tmp_path, *turns, config=rules) as (tab, _, _):
        await tab.say("Go")
        await expect(tab.find(".ask")).to_be_visible()
        await tab.page.reload()
        await tab.button("Always allow").click()
        await expect(tab.find(".answer > .prose")).to_have_text("Done.")


async def test_a_reload_in_mid_stream_loses_nothing(tmp_path: Path) -> None:
    count = 150
    async with stage(tmp_path, {"words": count, "delay": 0.02}) as (tab, _, _):
        await tab.say("Count")
        await expect(tab.find(".answer > .prose")).to_contain_text("word9")
        await tab.page.reload()
        await tab.idle()
        await only_ever_grew(tab, count)


async def test_a_lost_connection_comes_back_and_loses_nothing(tmp_path: Path) -> None:
    count = 200
    async with stage(tmp_path, {"words": count, "delay": 0.02}) as (tab, _, _):
        await tab.say("Count")
        for word in ("word9", "word50", "word90"):
            await expect(tab.find(".answer > .prose")).to_contain_text(word)
            await tab.js("sockets.at(-1).close()")
        await tab.idle()
        await only_ever_grew(tab, count)
        assert await tab.js("sockets.length") == 4


async def test_a_restarted_server_is_found_again(tmp_path: Path) -> None:
    turns: list[Turn] = [{"text": "Before."}, {"text": "After."}]
    async with ScriptedModel(turns) as model, AsyncExitStack() as servers:
        configure(tmp_path / "project", model.config())
        port = (await servers.enter_async_context(serving(tmp_path))).port
        async with visit(f"http://127.0.0.1:{port}/") as tab:
            await tab.say("One")
            await tab.idle()
            await tab.js("window.stays = true")
            await servers.aclose()
            await expect(tab.find(".link-state")).to_have_text("Disconnected")
            await expect(tab.find(".banner")).to_contain_text("cannot be reached")
            await servers.enter_async_context(serving(tmp_path, port))
            await tab.say("Two")
            await expect(tab.find(".answer > .prose").last).to_have_text("After.")
            await expect(tab.find(".turn")).to_have_count(2)
            assert await tab.js("window.stays")
            tab.complaints[:] = [said for said in tab.complaints if "WebSocket" not in said]


@asynccontextmanager
async def serving(tmp_path: Path, port: int = 0) -> AsyncIterator[Server]:
    """A server on a port of our choice."""
    server = Server(await App.open(make_settings(tmp_path)))
    await server.start(bind_sockets(port, "127.0.0.1"))
    try:
        yield server
    finally:
        await server.stop()


async def only_ever_grew(tab: Visit, count: int) -> None:
    """The text on screen was at every moment the beginning of what the model said."""
    whole = " ".join(f"word{number}" for number in range(count))
    await expect(tab.find(".answer > .prose")).to_have_text(whole)
    texts = await tab.js("window.texts")
    assert [text for text in texts if not whole.startswith(text)] == []
    assert [len(text) for text in texts] == sorted(len(text) for text in texts)


async def test_stop_ends_the_answer_and_says_so(tmp_path: Path) -> None:
    async with stage(tmp_path, {"text": "I begin", "hold": "on"}) as (tab, model, _):
        await tab.say("Go")
        await expect(tab.find(".answer > .prose")).to_have_text("I begin")
        await tab.button("Stop").click()
        await expect(tab.find(".stopped")).to_have_text("Stopped.")
        await expect(tab.button("Stop")).to_have_count(0)
        await model.disconnected()


async def test_a_prompt_sent_while_busy_is_answered_too(tmp_path: Path) -> None:
    turns: list[Turn] = [{"text": "First.", "hold": "on"}, {"text": "Second."}]
    async with stage(tmp_path, *turns) as (tab, model, _):
        await tab.say("One")
        await expect(tab.find(".answer > .prose")).to_have_text("First.")
        await tab.find("#prompt").fill("Two")
        await tab.find("#prompt").press("Shift+Enter")
        await tab.find("#prompt").type("and a half")
        await tab.find("#prompt").press("Enter")
        await expect(tab.find(".prompt").last).to_contain_text("Two\nand a half")
        model.release("on")
        await expect(tab.find(".answer > .prose").last).to_have_text("Second.")


async def test_an_error_of_the_provider_is_shown_with_its_message(tmp_path: Path) -> None:
    async with stage(tmp_path, {"status": 400}) as (tab, _, _):
        await tab.say("Go")
        await expect(tab.find(".failure")).to_contain_text("scripted error 400")


async def test_a_retry_counts_down(tmp_path: Path) -> None:
    refusal = {"status": 429, "headers": {"retry-after": "2"}}
    async with stage(tmp_path, refusal, {"text": "Now."}) as (tab, _, _):
        await tab.say("Go")
        await expect(tab.find(".card.retry")).to_contain_text("scripted error 429")
        await expect(tab.find(".answer > .prose")).to_have_text("Now.")
        await expect(tab.find(".card.retry")).to_have_count(0)


async def test_hostile_output_runs_nothing_and_loads_nothing(tmp_path: Path) -> None:
    foreign: list[str] = []
    async with stage(tmp_path, {"text": HOSTILE}) as (tab, _, server):
        tab.page.on(
            "request",
            lambda request: None if server.url in request.url else foreign.append(request.url),
        )
        await tab.say("Attack")
        await tab.idle()
        answer = tab.find(".answer > .prose")
        assert await tab.js("window.pwned") is None
        await expect(answer).to_be_visible()
        await expect(answer.locator("script, iframe, style, form, svg:not(.icon)")).to_have_count(0)
        links = await answer.locator("a[href]").evaluate_all("all => all.map((a) => a.href)")
        assert links == ["http://127.0.0.1:9/pixel.png", "https://example.org/"]
        rels = await answer.locator("a[href]").evaluate_all("all => all.map((a) => a.rel)")
        assert all("noopener" in rel for rel in rels)
    assert [url for url in foreign if url.startswith("http")] == []


async def test_model_and_agent_are_chosen_by_keyboard(tmp_path: Path) -> None:
    async with ScriptedModel() as model:
        provider = model.provider()
        provider["models"]["m2"] = {**provider["models"]["m1"], "name": "Other"}
        configure(tmp_path / "project", {**model.config(), "provider": {"fake": provider}})
        async with running(tmp_path) as server, visit(server.url) as tab:
            await tab.ready()
            await tab.find(".model").press("Enter")
            await tab.page.get_by_label("Search models").fill("other")
            await tab.page.keyboard.press("Enter")
            await expect(tab.find(".model")).to_have_text(re.compile("Other$"))
            await tab.page.get_by_label("Agent").select_option("plan")
            await tab.say("Plan it")
            await tab.idle()
            asked = [one.body for one in model.requests if "tools" in one.body]  # not for a title
            assert [body["model"] for body in asked] == ["m2"]
            found = await server.fetch("/session?limit=1")
            assert b'"agent":"plan"' in found.body


async def test_an_attached_picture_is_shown_and_reaches_the_model(tmp_path: Path) -> None:
    sight: Turn = {
        "attachment": True,
        "modalities": {"input": ["text", "image"], "output": ["text"]},
    }
    async with ScriptedModel() as model:
        configure(tmp_path / "project", model.config(**sight))
        async with running(tmp_path) as server, visit(server.url) as tab:
            await tab.ready()
            picture = {"name": "dot.png", "mimeType": "image/png", "buffer": DOT}
            await tab.find("input[type=file]").set_input_files(picture)  # type: ignore[arg-type]
            await expect(tab.find(".files")).to_contain_text("dot.png")
            await tab.say("What is this?")
            await tab.idle()
            await expect(tab.find(".prompt img")).to_have_attribute("alt", "dot.png")
            assert "data:image/png;base64," in str([one.body for one in model.requests])


async def test_the_theme_follows_the_system_until_one_is_chosen(tmp_path: Path) -> None:
    light, dark = "rgb(251, 250, 247)", "rgb(22, 23, 21)"
    async with running(tmp_path) as server, visit(server.url, color_scheme="dark") as tab:
        body = tab.find("body")
        await expect(body).to_have_css("background-color", dark)
        await tab.button("Theme: system").click()
        await expect(body).to_have_css("background-color", light)
        await tab.page.reload()
        await expect(body).to_have_css("background-color", light)


async def test_a_draft_survives_a_reload(tmp_path: Path) -> None:
    async with running(tmp_path) as server, visit(server.url) as tab:
        await tab.ready()
        await tab.find("#prompt").fill("half a thought")
        await tab.page.reload()
        await tab.ready()
        await expect(tab.find("#prompt")).to_have_value("half a thought")


async def test_without_a_model_the_page_says_what_to_do(tmp_path: Path) -> None:
    async with running(tmp_path) as server, visit(server.url) as tab:
        await tab.ready()
        await expect(tab.find(".welcome")).to_contain_text("OPENAI_API_KEY")


async def test_a_password_is_asked_for_by_the_browser(tmp_path: Path) -> None:
    login = {"username": "opencode", "password": "secret"}
    async with (
        running(tmp_path, password="secret") as server,
        visit(server.url, http_credentials=login) as tab,
    ):
        await tab.ready()
        await expect(tab.find(".welcome")).to_be_visible()


async def test_another_directory_has_its_own_sessions(tmp_path: Path) -> None:
    other = tmp_path / "other"
    async with stage(tmp_path, {"text": "Here."}) as (tab, model, _):
        configure(other, model.config())
        await tab.say("Go")
        await tab.idle()
        await tab.find(".place").click()
        await tab.find("#directory").fill(str(other))
        await tab.find("#directory").press("Enter")
        await expect(tab.find(".place b")).to_have_text("other")
        await expect(tab.find(".sessions li")).to_have_count(0)
        await tab.page.go_back()
        await expect(tab.find(".answer > .prose")).to_have_text("Here.")


async def test_a_session_opens_from_the_list_and_from_its_address(tmp_path: Path) -> None:
    async with stage(tmp_path, {"text": "Remembered."}) as (tab, _, _):
        await tab.say("Go")
        await tab.idle()
        address = tab.page.url
        await tab.button("New session").click()
        await expect(tab.find(".welcome")).to_be_visible()
        await tab.find(".sessions li button").click()
        await expect(tab.find(".answer > .prose")).to_have_text("Remembered.")
        assert tab.page.url == address


async def test_earlier_messages_are_fetched_when_asked_for(tmp_path: Path) -> None:
    async with stage(tmp_path) as (tab, _, server):
        session = json.loads((await server.fetch("/session", "POST", body={})).body)["id"]
        for number in range(LONG):
            parts = [{"type": "text", "text": f"note {number}."}]
            body = {"noReply": True, "parts": parts}
            answer = await server.fetch(f"/session/{session}/message", "POST", body=body)
            assert answer.code == 200
        await tab.ready()
        await tab.find(".sessions li button").click()
        await expect(tab.find(".prompt").last).to_contain_text(f"note {LONG - 1}.")
        await expect(tab.find(".prompt")).to_have_count(100)
        await tab.button("Show earlier messages").click()
        await expect(tab.find(".prompt")).to_have_count(LONG)
        await expect(tab.find(".prompt").first).to_contain_text("note 0.")
        await expect(tab.button("Show earlier messages")).to_have_count(0)


async def test_the_page_fits_a_narrow_phone(tmp_path: Path) -> None:
    size = {"width": 360, "height": 740}
    code = "```python\n" + "x" * 300 + "\n```\n\n" + "word" * 100
    async with stage(tmp_path, {"text": code}, viewport=size) as (tab, _, _):
        await tab.say("Go")
        await tab.idle()
        assert await tab.js("document.documentElement.scrollWidth") == 360
        await expect(tab.find(".side")).not_to_be_visible()
        await tab.button("Sessions").click()
        await expect(tab.find(".sessions li")).to_have_count(1)
        await tab.page.keyboard.press("Escape")
        await expect(tab.find(".side")).not_to_be_visible()


def test_the_first_load_is_small() -> None:
    index = (STATIC / "index.html").read_text()
    names = re.findall(r'(?:href|src)="([^"]+\.(?:js|css|svg))"', index)
    files = {STATIC / name for name in names} | {STATIC / "index.html"}
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < FIRST_LOAD


def test_every_module_is_asked_for_at_once() -> None:
    index = (STATIC / "index.html").read_text()
    asked = set(re.findall(r'rel="modulepreload" href="([^"]+)"', index))
    needed = imported_from(STATIC / "main.js", set())
    assert asked == {file.relative_to(STATIC).as_posix() for file in needed}


def imported_from(file: Path, seen: set[Path]) -> set[Path]:
    """The file and every module it imports, dynamic imports left out."""
    seen.add(file)
    for name in re.findall(r'(?:import|export)[^"\'();]*?from ?"(\.[^"]+)"', file.read_text()):
        target = (file.parent / name).resolve()
        if target not in seen:
            imported_from(target, seen)
    return seen


def test_addresses_are_relative() -> None:
    index = (STATIC / "index.html").read_text()
    assert re.findall(r'(?:href|src)="(?:/|https?:)[^"]*"', index) == []
    assert 'style="' not in index and "<style" not in index
