"""Names of sessions."""

import re

from opencode.session.slug import ADJECTIVES, NOUNS, slug


def test_a_name_is_an_adjective_and_a_noun() -> None:
    for _ in range(100):
        found = re.fullmatch("([a-z]+)-([a-z]+)", slug())
        assert found is not None
        assert found[1] in ADJECTIVES
        assert found[2] in NOUNS


def test_no_word_stands_twice() -> None:
    assert len(set(ADJECTIVES)) == len(ADJECTIVES)
    assert len(set(NOUNS)) == len(NOUNS)
