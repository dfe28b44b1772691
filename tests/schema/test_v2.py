"""Spellings of the `/api` family."""

from opencode.schema import v2

LOCATION = v2.LocationInfo(directory="/d", project=v2.LocationProject(id="p", directory="/w"))


def test_a_located_answer_begins_with_its_location() -> None:
    answer = v2.EntriesAnswer(
        location=LOCATION, data=[v2.FileSystemEntry(path="a/", type="directory")]
    )
    assert answer.wire() == (
        b'{"location":{"directory":"/d","project":{"id":"p","directory":"/w"}},'
        b'"data":[{"path":"a/","type":"directory"}]}'
    )


def test_an_integration_that_is_none_is_null() -> None:
    assert v2.IntegrationAnswer(location=LOCATION).plain()["data"] is None


def test_an_empty_page_has_no_cursors() -> None:
    page = v2.SessionsResponse(data=[], cursor=v2.SessionsCursor())
    assert page.wire() == b'{"data":[],"cursor":{}}'
