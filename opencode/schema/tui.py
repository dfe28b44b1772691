"""Bodies of the operations that steer an attached terminal client."""

from typing import Annotated, Literal

from pydantic import Field

from opencode.ids import SessionID
from opencode.schema.event import (
    CommandProperties,
    SessionSelectProperties,
    TextProperties,
    ToastProperties,
)
from opencode.schema.wire import WireModel


class TuiText(WireModel):
    """Text for the input box."""

    text: str


class TuiCommand(WireModel):
    """A command of the client by its name; older names with underscores are translated."""

    command: str


class TuiToast(WireModel):
    """A notice that goes away by itself."""

    title: str | None = None
    message: str
    variant: Literal["info", "success", "warning", "error"]
    duration: int | None = Field(default=None, gt=0)
    """Milliseconds, 5000 where absent."""


class TuiSession(WireModel):
    """Where to go."""

    session_id: SessionID
    """Session ID to navigate to"""


class TuiPromptAppend(WireModel):
    """`tui.prompt.append` without an id."""

    type: Literal["tui.prompt.append"]
    properties: TextProperties


class TuiCommandExecute(WireModel):
    """`tui.command.execute` without an id."""

    type: Literal["tui.command.execute"]
    properties: CommandProperties


class TuiToastShow(WireModel):
    """`tui.toast.show` without an id."""

    type: Literal["tui.toast.show"]
    properties: ToastProperties


class TuiSessionSelect(WireModel):
    """`tui.session.select` without an id."""

    type: Literal["tui.session.select"]
    properties: SessionSelectProperties


TuiEvent = Annotated[
    TuiPromptAppend | TuiCommandExecute | TuiToastShow | TuiSessionSelect,
    Field(discriminator="type"),
]
