import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode.project.jsonc import JsoncError, edit, merge, parse

KEYS = st.sampled_from(["a", "b", "model", 'q"uote', "//", "ü", "{env:X}"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.sampled_from(["/* no */", "// no", ",]", ", }", '\\"'])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
FILLER = st.sampled_from(
    ["", " ", "\n", "\n  ", " // note , }\n", "/* a , b */", "\r\n\t", ' /* "x */ ', "//\n"]
)


@st.composite
def jsonc_of(draw: st.DrawFn, value: Any) -> str:
    """A spelling of `value` with comments, odd space and trailing commas."""

    def gap() -> str:
        return draw(FILLER)

    def comma() -> str:
        return "," + gap() if draw(st.booleans()) else ""

    def spell(item: Any) -> str:
        if isinstance(item, dict) and item:
            inner = [
                f"{gap()}{json.dumps(k)}{gap()}:{gap()}{spell(v)}{gap()}" for k, v in item.items()
            ]
            return "{" + ",".join(inner) + comma() + gap() + "}"
        if isinstance(item, list) and item:
            return "[" + ",".join(gap() + spell(x) + gap() for x in item) + comma() + gap() + "]"
        return json.dumps(item, ensure_ascii=draw(st.booleans()))

    return gap() + spell(value) + gap()


@given(st.data(), VALUES)
def test_comments_and_trailing_commas_change_nothing(data: st.DataObject, value: Any) -> None:
    assert parse(data.draw(jsonc_of(value))) == value


@given(st.data(), OBJECTS, OBJECTS)
def test_an_edit_leaves_what_a_merge_patch_says(
    data: st.DataObject, value: dict[str, Any], patch: dict[str, Any]
) -> None:
    text = data.draw(jsonc_of(value))
    assert parse(edit(text, patch)) == merge(value, patch)


@given(OBJECTS, OBJECTS)
def test_strict_json_stays_strict_json(value: dict[str, Any], patch: dict[str, Any]) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=2)):
        assert json.loads(edit(text, patch)) == merge(value, patch)


FILE = """{
  // who answers
  "model": "a/b", /* fast */
  "server": {
    "port": 4096, // ours
  },
  "username": "bob",
  // the end
}
"""


def test_comments_stay_where_keys_are_untouched() -> None:
    assert edit(FILE, {"model": "c/d", "server": {"hostname": "h"}, "share": "manual"}) == (
        """{
  // who answers
  "model": "c/d", /* fast */
  "server": {
    "port": 4096, // ours
    "hostname": "h"
  },
  "username": "bob",
  // the end
  "share": "manual"
}
"""
    )


def test_a_removed_key_takes_its_line_along() -> None:
    assert edit(FILE, {"username": None, "server": {"port": None}}) == (
        """{
  // who answers
  "model": "a/b", /* fast */
  "server": {
    "port": 4096, // ours
  },
  // the end
}
""".replace('"port": 4096, // ours', "// ours")
    )


def test_removing_the_last_key_leaves_no_comma() -> None:
    assert edit('{\n  "a": 1,\n  "b": 2\n}\n', {"b": None}) == '{\n  "a": 1\n}\n'


def test_the_indentation_of_the_file_is_used() -> None:
    text = '{\n\t"a": {\n\t\t"b": 1\n\t}\n}'
    assert edit(text, {"a": {"c": 2}}) == '{\n\t"a": {\n\t\t"b": 1,\n\t\t"c": 2\n\t}\n}'


def test_windows_line_ends_stay() -> None:
    assert edit('{\r\n  "a": 1\r\n}\r\n', {"b": 2}) == '{\r\n  "a": 1,\r\n  "b": 2\r\n}\r\n'


def test_a_repeated_key_is_removed_wholly() -> None:
    assert parse(edit('{"a": 1, "a": 2, "b": 3}', {"a": None})) == {"b": 3}


@pytest.mark.parametrize("text", ["", "  \n", "// nothing yet\n", "\ufeff", "{}"])
def test_an_empty_text_is_an_empty_object(text: str) -> None:
    assert parse(text) == {}
    assert parse(edit(text, {"a": 1})) == {"a": 1}


def test_an_error_shows_its_place() -> None:
    with pytest.raises(JsoncError) as caught:
        parse('{\n  // note\n  "model": }')
    assert (caught.value.line, caught.value.column) == (3, 12)
    assert '   Line 3:   "model": }\n' in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[,]",
        "{,}",
        "[1,,]",
        '{"a":}',
        "nope",
        '"open',
        "NaN",
        "[" * 100_000,
        "1" * 5000,
        "{} x",
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(JsoncError):
        parse(text)


def test_only_an_object_can_be_edited() -> None:
    with pytest.raises(JsoncError, match="Expected an object"):
        edit("[1]", {"a": 1})
