"""What was found, in ripgrep's spelling."""

from opencode.schema.search import FindFilesQuery, FoundLine

LINE = (
    '{"path":{"text":"a"},"lines":{"text":"x\\n"},"line_number":1,"absolute_offset":0,'
    '"submatches":[{"match":{"text":"x"},"start":0,"end":1}]}'
)


def test_a_line_keeps_its_spelling() -> None:
    assert FoundLine.parse(LINE).wire().decode() == LINE


def test_a_query_has_a_small_limit_unless_it_says_otherwise() -> None:
    assert FindFilesQuery(query="x").limit == 10
