"""A call nobody can run is answered all the same."""

from opencode.tool.invalid import Invalid, InvalidArguments
from tests.tool.surroundings import Surroundings


async def test_the_model_is_told_what_was_wrong(here: Surroundings) -> None:
    result = await Invalid().run(InvalidArguments(tool="x", error="no such"), here.context())
    assert result.title == "Invalid Tool"
    assert result.output == "The arguments provided to the tool are invalid: no such"
