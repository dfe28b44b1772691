"""Small parts of the checker of the stairs; the whole is checked in `tests/test_house.py`."""

from tools.floors import may_import, room_of


def test_a_file_on_the_top_is_a_room_of_its_own() -> None:
    assert room_of("ids.py") == "ids"
    assert room_of("server/web.py") == "server"


def test_an_unknown_room_stands_on_no_floor() -> None:
    assert not may_import("schema", "attic")
