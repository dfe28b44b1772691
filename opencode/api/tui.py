"""Steering an attached terminal client: every operation here publishes one event for it."""

from opencode.api.operation import Call, operation
from opencode.errors import NotFoundError
from opencode.schema import event as events
from opencode.schema import tui

TOAST_MS = 5000
OLD_NAMES = {
    "session_new": "session.new",
    "session_share": "session.share",
    "session_interrupt": "session.interrupt",
    "session_compact": "session.compact",
    "messages_page_up": "session.page.up",
    "messages_page_down": "session.page.down",
    "messages_line_up": "session.line.up",
    "messages_line_down": "session.line.down",
    "messages_half_page_up": "session.half.page.up",
    "messages_half_page_down": "session.half.page.down",
    "messages_first": "session.first",
    "messages_last": "session.last",
    "agent_cycle": "agent.cycle",
}


@operation("tui.appendPrompt", "POST /tui/append-prompt")
async def append_prompt(call: Call, body: tui.TuiText) -> bool:
    """Append TUI prompt"""
    return _append(call, events.TextProperties(text=body.text))


@operation("tui.openHelp", "POST /tui/open-help")
async def open_help(call: Call) -> bool:
    """Open help dialog"""
    return _execute(call, "help.show")


@operation("tui.openSessions", "POST /tui/open-sessions")
async def open_sessions(call: Call) -> bool:
    """Open sessions dialog"""
    return _execute(call, "session.list")


@operation("tui.openThemes", "POST /tui/open-themes")
async def open_themes(call: Call) -> bool:
    """Open themes dialog"""
    return _execute(call, "theme.switch")


@operation("tui.openModels", "POST /tui/open-models")
async def open_models(call: Call) -> bool:
    """Open models dialog"""
    return _execute(call, "model.list")


@operation("tui.submitPrompt", "POST /tui/submit-prompt")
async def submit_prompt(call: Call) -> bool:
    """Submit TUI prompt"""
    return _execute(call, "prompt.submit")


@operation("tui.clearPrompt", "POST /tui/clear-prompt")
async def clear_prompt(call: Call) -> bool:
    """Clear TUI prompt"""
    return _execute(call, "prompt.clear")


@operation("tui.executeCommand", "POST /tui/execute-command")
async def execute_command(call: Call, body: tui.TuiCommand) -> bool:
    """Execute TUI command

    A command of the client's key map, such as `agent.cycle`.
    """
    return _execute(call, OLD_NAMES.get(body.command, body.command))


@operation("tui.showToast", "POST /tui/show-toast")
async def show_toast(call: Call, body: tui.TuiToast) -> bool:
    """Show TUI toast"""
    return _toast(call, events.ToastProperties.model_validate(body.plain()))


@operation("tui.publish", "POST /tui/publish", errors=[NotFoundError])
async def publish(call: Call, body: tui.TuiEvent) -> bool:
    """Publish TUI event

    The general form of the other operations.
    """
    match body:
        case tui.TuiPromptAppend():
            return _append(call, body.properties)
        case tui.TuiCommandExecute():
            return _execute(call, body.properties.command)
        case tui.TuiToastShow():
            return _toast(call, body.properties)
        case tui.TuiSessionSelect():
            return await _select(call, body.properties)


@operation("tui.selectSession", "POST /tui/select-session", errors=[NotFoundError])
async def select_session(call: Call, body: tui.TuiSession) -> bool:
    """Select session"""
    return await _select(call, events.SessionSelectProperties(session_id=body.session_id))


def _append(call: Call, properties: events.TextProperties) -> bool:
    call.instance.publish(
        events.EventTuiPromptAppend(id=call.app.ids.event(), properties=properties)
    )
    return True


def _execute(call: Call, command: str) -> bool:
    properties = events.CommandProperties(command=command)
    call.instance.publish(
        events.EventTuiCommandExecute(id=call.app.ids.event(), properties=properties)
    )
    return True


def _toast(call: Call, properties: events.ToastProperties) -> bool:
    properties.duration = properties.duration or TOAST_MS
    call.instance.publish(events.EventTuiToastShow(id=call.app.ids.event(), properties=properties))
    return True


async def _select(call: Call, properties: events.SessionSelectProperties) -> bool:
    await call.app.sessions.get(properties.session_id)
    call.instance.publish(
        events.EventTuiSessionSelect(id=call.app.ids.event(), properties=properties)
    )
    return True
