"""The vocabulary between a run and a provider: values that compare, errors that tell."""

from opencode.provider.base import (
    AssistantTurn,
    ContextOverflow,
    ProviderError,
    TextContent,
    ToolCallContent,
    UserTurn,
)


def test_turns_are_values() -> None:
    assert UserTurn((TextContent("a"),)) == UserTurn((TextContent("a"),))
    assert AssistantTurn((ToolCallContent("1", "bash", "{}"),)) != AssistantTurn(())


def test_an_error_says_whether_to_try_again_and_when() -> None:
    error = ProviderError("slow down", status=429, retryable=True, retry_after_ms=1500)
    assert (str(error), error.status, error.retryable) == ("slow down", 429, True)
    assert error.retry_after_ms == 1500
    assert not ProviderError("no").retryable


def test_an_overflow_is_a_provider_error_that_is_not_repeated() -> None:
    overflow = ContextOverflow("too long", status=413, body="{}")
    assert isinstance(overflow, ProviderError)
    assert not overflow.retryable
