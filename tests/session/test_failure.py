"""What ends an answer badly, as a client is told."""

import pytest

from opencode.errors import (
    BadRequestError,
    ModelNotFoundError,
    OpencodeError,
    ProviderAuthError,
    SessionBusyError,
)
from opencode.provider import base
from opencode.session import failure


def test_a_provider_error_is_told_as_it_came() -> None:
    error = base.ProviderError(
        "scripted error 400",
        status=400,
        headers={"content-type": "application/json"},
        body="{}",
        url="http://127.0.0.1/v1",
    )
    described = failure.describe(error)
    assert described is not None
    assert described.plain() == {
        "name": "APIError",
        "data": {
            "message": "scripted error 400",
            "statusCode": 400,
            "isRetryable": False,
            "responseHeaders": {"content-type": "application/json"},
            "responseBody": "{}",
            "metadata": {"url": "http://127.0.0.1/v1"},
        },
    }


def test_too_long_a_conversation_has_its_own_name() -> None:
    described = failure.describe(base.ContextOverflow("too long", status=400, body="{}"))
    assert described is not None
    assert described.plain() == {
        "name": "ContextOverflowError",
        "data": {"message": "too long", "responseBody": "{}"},
    }


def test_missing_credentials_name_the_provider() -> None:
    described = failure.describe(ProviderAuthError("an", "no key"))
    assert described is not None
    assert described.plain() == {
        "name": "ProviderAuthError",
        "data": {"message": "no key", "providerID": "an"},
    }


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (base.BadAnswer("JSON parsing failed"), "JSON parsing failed"),
        (ModelNotFoundError("Model not found: fake/nope"), "Model not found: fake/nope"),
        (BadRequestError("Missing key"), "Missing key"),
        (SessionBusyError("ses_x"), "Session is busy: ses_x"),
        (OpencodeError("odd"), "odd"),
    ],
)
def test_what_was_made_for_a_client_is_told_in_its_words(error: Exception, message: str) -> None:
    described = failure.reportable(error)
    assert described.plain() == {"name": "UnknownError", "data": {"message": message}}


def test_a_fault_of_ours_is_told_by_a_reference_that_the_log_repeats(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert failure.describe(KeyError("secret")) is None
    told = failure.reportable(KeyError("secret")).plain()
    assert told["name"] == "UnknownError"
    assert "secret" not in str(told)
    assert told["data"]["ref"] in caplog.text
    assert "KeyError" in caplog.text
