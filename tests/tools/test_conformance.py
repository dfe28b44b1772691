"""The pieces of the comparison with the published server, and a part of its catalogue, played."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.scripted_model import Received
from tools.conformance import published, report
from tools.conformance.__main__ import chosen
from tools.conformance.catalogue import PLANNED, SCENARIOS
from tools.conformance.compare import ABSENT, Difference, differences
from tools.conformance.driver import LONGEST, Result, opened_driver, together
from tools.conformance.events import told
from tools.conformance.known import Known, KnownError, explanation, load, unused
from tools.conformance.normalise import Cleaner, in_order
from tools.conformance.places import build, furnish
from tools.conformance.requests import is_title, request_view
from tools.conformance.scenario import Scenario
from tools.conformance.stage import fill

JSON = dict[str, Any]
PLAYED = ("text", "reasoning", "tools-parallel", "read-file", "edit-exact", "bash-output", "busy")
SESSION = "ses_203c64c95001aaaaaaaaaaaaaa"
USER = "msg_203c64c95001aaaaaaaaaaaaaa"
ANSWER = "msg_203c64c95002aaaaaaaaaaaaaa"


def found(theirs: Any, ours: Any) -> list[tuple[str, str, str]]:
    return [(one.where, one.theirs, one.ours) for one in differences(theirs, ours)]


# Comparing ----------------------------------------------------------------------------------------


def test_equal_values_do_not_differ() -> None:
    assert found({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}) == []


def test_a_difference_has_its_place_and_both_values() -> None:
    assert found({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "d": 4}}) == [
        ("a/b", "1", "3"),
        ("a/c", "2", ABSENT),
        ("a/d", ABSENT, "4"),
    ]


def test_true_is_not_one() -> None:
    assert found({"a": True}, {"a": 1}) == [("a", "true", "1")]


def test_items_of_a_list_find_their_counterpart() -> None:
    theirs = [{"type": "text", "text": "a"}, {"type": "tool", "tool": "read", "x": 1}]
    ours = [{"type": "step"}, *theirs[:1], {"type": "tool", "tool": "read", "x": 2}]
    assert found(theirs, ours) == [
        ("/0:step", ABSENT, '{"type": "step"}'),
        ("/1:tool read/x", "1", "2"),
    ]


def test_items_of_other_kinds_in_the_same_place_are_compared_with_each_other() -> None:
    assert found([{"type": "a"}], [{"type": "b"}]) == [("/0:a/type", "a", "b")]


# Known differences --------------------------------------------------------------------------------


def test_a_known_difference_is_explained_by_place_scenario_and_values() -> None:
    known = [Known("a/*/b", "because", ("text*",), theirs="^1$", ours="2")]
    assert explanation(known, "text-empty", Difference("a/0/b", "1", "23")) is known[0]
    assert explanation(known, "read", Difference("a/0/b", "1", "23")) is None
    assert explanation(known, "text", Difference("a/0/c", "1", "23")) is None
    assert explanation(known, "text", Difference("a/0/b", "11", "23")) is None
    assert explanation(known, "text", Difference("a/0/b", "1", "3")) is None


def test_an_entry_nobody_needs_is_told() -> None:
    first, second = Known("a", "x"), Known("b", "y")
    assert unused([first, second], [first, first]) == [second]
    assert list(report.stale([second])) == ["not needed any more: b ['*']: y"]


def test_an_entry_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "differences.toml"
    path.write_text('[[difference]]\nwhere = "a"\nwhy = "b"\n\n[[difference]]\nwhere = "a"\n')
    with pytest.raises(KnownError, match="entry 2"):
        load(path)


def test_the_committed_list_names_scenarios_there_are() -> None:
    names = [one.name for one in (*SCENARIOS, *PLANNED)]
    for known in load():
        assert known.why.endswith("."), known
        for pattern in known.scenarios:
            assert chosen([*SCENARIOS, *PLANNED], [pattern]), (pattern, names)


# Normalising --------------------------------------------------------------------------------------


def test_ids_become_the_places_of_what_they_name() -> None:
    cleaner = Cleaner([("/tmp/x/project", "<project>"), ("/tmp/x", "<root>")])
    messages: list[JSON] = [
        {"info": {"id": USER, "role": "user"}, "parts": []},
        {
            "info": {"id": ANSWER, "role": "assistant"},
            "parts": [{"callID": "call_17"}, {"callID": "lIKqJCvkbQbeTdzc"}],
        },
    ]
    cleaner.name_sessions([{"id": SESSION}], [messages])
    assert cleaner.clean(
        {
            "parentID": USER,
            "id": ANSWER,
            "sessionID": SESSION,
            "file": "/tmp/x/project/a, /tmp/x/b",
            "calls": ["call_17", "lIKqJCvkbQbeTdzc", "call_18"],
            "other": "see per_203c64c95001aaaaaaaaaaaaaa",
            "time": {"created": 1795359657109, "limit": 9007199254740991},
            "slug": "clever-meadow",
        }
    ) == {
        "parentID": "<user 1>",
        "id": "<assistant 1>",
        "sessionID": "<session 1>",
        "file": "<project>/a, <root>/b",
        "calls": ["<call 1>", "<call 2>", "call_18"],
        "other": "see <per>",
        "time": {"created": "<time>", "limit": 9007199254740991},
        "slug": "<slug>",
    }


def test_hashes_are_numbered_so_that_equal_ones_stay_equal() -> None:
    cleaner = Cleaner([])
    first, second = "a" * 40, "b" * 40
    cleaned = cleaner.clean([first, second, f"tree {first}"])
    assert cleaned == ["<hash 1>", "<hash 2>", "tree <hash 1>"]


def test_what_a_search_found_is_put_in_order() -> None:
    assert in_order("<project>/b\n<project>/a") == "<project>/a\n<project>/b"
    blocks = "Found 2 matches\n<project>/b:\n  Line 1: x\n\n\n<project>/a:\n  Line 1: y\n\n"
    assert in_order(blocks).split("\n")[:2] == ["Found 2 matches", "<project>/a:"]
    assert in_order("b\na") == "b\na"


# Requests -----------------------------------------------------------------------------------------


def request(**body: Any) -> Received:
    headers = {"authorization": "Bearer k", "user-agent": "x", "x-session-id": SESSION}
    return Received("/v1/chat/completions", headers, body)


def test_a_request_is_shown_without_its_prose() -> None:
    system = "You are.\n<env>\n  Platform: linux\n</env>\nInstructions from: /a\nMARK kind\nMore."
    parameters = {"properties": {"description": {"type": "string", "description": "Says what"}}}
    tool = {
        "type": "function",
        "function": {"name": "read", "description": "Reads", "parameters": parameters},
    }
    shown = request_view(
        request(
            model="m1",
            messages=[
                {"role": "system", "content": system},
                {"role": "user", "content": "Hi <system-reminder>Plan</system-reminder>"},
            ],
            tools=[tool],
        )
    )
    assert shown["headers"] == {"authorization": "Bearer k", "x-session-id": SESSION}
    assert shown["body"] == {
        "model": "m1",
        "messages": [
            {
                "role": "system",
                "content": ["Platform: linux", "Instructions from: /a", "MARK kind"],
            },
            {"role": "user", "content": "Hi <reminder>"},
        ],
    }
    assert shown["tools"] == {
        "read": {
            "type": "function",
            "parameters": {"properties": {"description": {"type": "string"}}},
        }
    }


def test_a_request_for_a_title_is_told_apart() -> None:
    asked = [{"role": "system", "content": "Write a title"}, {"role": "user", "content": "Hi"}]
    assert is_title(request(messages=asked))
    assert not is_title(request(messages=asked, tools=[{}]))
    assert not is_title(request(messages=asked[1:]))


# Events -------------------------------------------------------------------------------------------


def events() -> Iterator[JSON]:
    def event(kind: str, **given: Any) -> JSON:
        return {"type": kind, "properties": {"sessionID": SESSION, **given}}

    def part(kind: str, **given: Any) -> JSON:
        return event("message.part.updated", part={"id": kind, "type": kind, **given})

    user = {"id": USER, "role": "user", "sessionID": SESSION}
    answer = {"id": ANSWER, "role": "assistant", "sessionID": SESSION, "time": {}}
    yield event("message.updated", info=user)
    yield event("session.status", status={"type": "busy"})
    yield event("message.updated", info=user)
    yield {"type": "sync", "properties": {"sessionID": SESSION}}
    yield event("session.status", status={"type": "busy"})
    yield event("message.updated", info=answer)
    yield part("step-start")
    yield part("text", time={"start": 1})
    yield event("message.part.delta", partID="text", field="text", delta="a")
    yield event("message.part.delta", partID="text", field="text", delta="b")
    yield part("text", time={"start": 1, "end": 2})
    yield event("message.updated", info={**answer, "finish": "stop", "time": {"completed": 1}})
    yield event("session.updated")
    yield event("session.status", status={"type": "idle"})
    yield event("session.idle")
    yield event("session.idle")
    yield {"type": "session.idle", "properties": {"sessionID": "ses_another"}}


def test_events_are_told_as_boundaries_and_lives_of_parts() -> None:
    assert told(events(), [SESSION]) == [
        {
            "boundaries": [
                "message user",
                "status busy",
                "message assistant",
                "part step-start",
                "message assistant stop completed",
                "status idle",
                "session.idle",
            ],
            "parts": [["step-start"], ["text", "delta text", "text ended"]],
        }
    ]


# Scenarios and places -----------------------------------------------------------------------------


def test_the_catalogue_is_long_enough_and_its_names_are_its_own() -> None:
    names = [one.name for one in (*SCENARIOS, *PLANNED)]
    assert len(SCENARIOS) >= 80
    assert len(names) == len(set(names))


def test_scenarios_with_the_same_wishes_share_a_ground() -> None:
    plain = [Scenario(f"plain{number}") for number in range(LONGEST + 1)]
    other = Scenario("other", config={"a": 1})
    alone = Scenario("alone", alone=True)
    rows = together([*plain, other, alone])
    assert [len(row) for row in rows] == [LONGEST, 1, 1, 1]
    assert [other] in rows
    assert [alone] in rows


def test_placeholders_are_filled_wherever_they_stand() -> None:
    given = {"<web>/a": ["<project>/b", 1, None]}
    filled = fill(given, {"<web>": "http://w", "<project>": "/p"})
    assert filled == {"http://w/a": ["/p/b", 1, None]}


def test_a_project_is_brought_back_to_its_beginning(tmp_path: Path) -> None:
    places = build(tmp_path / "ground", "ground")
    places.configure({"model": "fake/m1"})
    furnish(places, "one", {"sub/a.txt": "a\n", "outside/b.txt": b"b"})
    before = places.files()
    (places.project / "made.txt").write_text("made")
    (places.project / "sub" / "a.txt").unlink()
    assert places.files() != before
    furnish(places, "one", {"sub/a.txt": "a\n", "outside/b.txt": b"b"})
    assert places.files() == before
    assert before["project/sub/a.txt"].endswith("\na\n")
    assert "project/opencode.json" not in before
    furnish(places, "two", {})
    assert "outside/b.txt" not in places.files()


# Reports and the real thing -----------------------------------------------------------------------


def test_a_report_names_what_is_new_and_shows_long_texts_by_line() -> None:
    scenario = Scenario("text")
    new = [Difference("a", "one\ntwo\n", "one\n2\n"), Difference("b", "1", ABSENT)]
    result = Result(scenario, [], new)
    lines = list(report.lines(result, verbose=False))
    assert lines[0].startswith("NEW    text (2 new, 0 known)")
    assert {"      -two", "      +2", "      theirs: 1"} <= set(lines)
    known = Result(scenario, [(new[1], Known("b", "Ours is better."))], [])
    assert list(report.lines(known, verbose=False)) == ["known  text (1)"]
    assert "      because: Ours is better." in list(report.lines(known, verbose=True))
    counted = report.summary([result, known], [known], 61.4)
    assert "2 scenarios: 0 equal, 1 known, 1 NEW; 1 planned" in counted


def test_npm_is_asked_only_when_the_server_is_not_there(tmp_path: Path) -> None:
    assert published.find(tmp_path) is None
    program = tmp_path / "node_modules" / published.PACKAGE / "bin" / "opencode"
    program.parent.mkdir(parents=True)
    program.write_text("")
    assert published.fetch(tmp_path) == program


def test_a_machine_without_npm_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(published.PublishedMissingError, match="npm is not installed"):
        published.fetch(tmp_path)


@pytest.mark.skipif(published.find() is None, reason="npm's server was not fetched by tools/test")
async def test_both_servers_do_the_same_in_a_part_of_the_catalogue(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        driver = await opened_driver(stack, tmp_path.resolve(), servers=1)
        played = await driver.compare(chosen(SCENARIOS, PLAYED), lambda result: None)
    assert len(played) == len(PLAYED)
    assert [line for one in played if one.new for line in report.lines(one, verbose=False)] == []
