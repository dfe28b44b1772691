"""Which events pass which filter."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode.bus import Envelope
from opencode.schema.event import (
    EventFileEdited,
    EventServerInstanceDisposed,
    EventSessionCreated,
    EventSessionIdle,
    EventTuiPromptAppend,
    FileEditedProperties,
    InstanceDisposedProperties,
    SessionIDProperties,
    TextProperties,
)
from opencode.server.filter import BadFilter, Filter, Types, session_of


def parsed(**members: Any) -> Filter:
    return Filter.parse(members, lambda directory: directory)


def idle(session: str, directory: str = "/a") -> Envelope:
    properties = SessionIDProperties(session_id=session)
    return Envelope(EventSessionIdle(id="evt_1", properties=properties), directory, "p")


def edited(directory: str) -> Envelope:
    properties = FileEditedProperties(file="/f")
    return Envelope(EventFileEdited(id="evt_1", properties=properties), directory, None)


def disposed(directory: str) -> Envelope:
    properties = InstanceDisposedProperties(directory=directory)
    event = EventServerInstanceDisposed(id="evt_1", properties=properties)
    return Envelope(event, directory, None)


def created(session: str, parent: str) -> Envelope:
    info = {
        "id": session,
        "parentID": parent,
        "slug": "s",
        "projectID": "p",
        "directory": "/a",
        "title": "t",
        "version": "1",
        "time": {"created": 1, "updated": 1},
    }
    properties = {"sessionID": session, "info": info}
    event = EventSessionCreated.model_validate({"id": "evt_1", "properties": properties})
    return Envelope(event, "/a", None)


def test_without_members_everything_but_the_terminals_own_passes() -> None:
    append = EventTuiPromptAppend(id="evt_1", properties=TextProperties(text="x"))
    everything = parsed()
    assert everything.passes(idle("ses_1"))
    assert everything.passes(edited("/b"))
    assert not everything.passes(Envelope(append, "/a", None))
    assert parsed(types=["tui.*"]).passes(Envelope(append, "/a", None))


def test_a_directory_keeps_others_out_but_not_the_servers_own_events() -> None:
    here = parsed(directory="/a")
    assert here.passes(edited("/a"))
    assert not here.passes(edited("/b"))
    assert here.passes(disposed("/b"))
    assert parsed(directory=["/a", "/b"]).passes(edited("/b"))


def test_members_are_anded() -> None:
    both = parsed(directory="/a", types=["session.*"])
    assert both.passes(idle("ses_1"))
    assert not both.passes(edited("/a"))
    assert not both.passes(disposed("/a"))
    assert not both.passes(idle("ses_1", "/b"))


def test_children_are_learnt_as_they_appear_whatever_the_types() -> None:
    family = parsed(session="ses_1", children=True, types=["session.idle"])
    assert not family.passes(idle("ses_2"))
    family.passes(created("ses_2", "ses_1"))
    family.passes(created("ses_3", "ses_2"))
    assert family.passes(idle("ses_2"))
    assert family.passes(idle("ses_3"))
    alone = parsed(session="ses_1")
    alone.passes(created("ses_2", "ses_1"))
    assert not alone.passes(idle("ses_2"))


def test_known_descendants_can_be_told() -> None:
    family = parsed(session="ses_1", children=True)
    family.adopt(["ses_9"])
    assert family.passes(idle("ses_9"))


def test_the_session_of_an_event_is_found() -> None:
    assert session_of(idle("ses_1")) == "ses_1"
    assert session_of(edited("/a")) is None


@pytest.mark.parametrize(
    "members", [{"directory": 5}, {"session": [1]}, {"types": {}}, {"children": "yes"}]
)
def test_a_member_of_the_wrong_kind_is_named(members: dict[str, Any]) -> None:
    with pytest.raises(BadFilter, match=next(iter(members))):
        parsed(**members)


@given(st.lists(st.text("ab.*", max_size=4), max_size=4), st.text("ab.", max_size=5))
def test_types_match_as_they_read(types: list[str], kind: str) -> None:
    naive = any(kind.startswith(one[:-1]) if one.endswith("*") else kind == one for one in types)
    assert Types(types).match(kind) == naive
