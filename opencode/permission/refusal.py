"""Why a call may not go on; the texts are for the model."""

import json

from opencode.permission.rules import Ruleset


class Refusal(Exception):
    """The call may not go on; the text is for the model."""


class PermissionRejected(Refusal):
    """The user said no. With `feedback` the model may try otherwise, without it the turn ends."""

    def __init__(self, feedback: str | None = None) -> None:
        text = "The user rejected permission to use this specific tool call"
        end = f" with the following feedback: {feedback}" if feedback else "."
        super().__init__(text + end)
        self.feedback = feedback or None


class PermissionDenied(Refusal):
    """A rule says no; the model is told which rules speak of this permission."""

    def __init__(self, rules: Ruleset) -> None:
        listed = [
            {"permission": rule.permission, "action": rule.action, "pattern": rule.pattern}
            for rule in rules
        ]
        super().__init__(
            "The user has specified a rule which prevents you from using this specific tool call."
            " Here are some of the relevant rules "
            + json.dumps(listed, separators=(",", ":"), ensure_ascii=False)
        )
        self.rules = list(rules)


class QuestionRejected(Refusal):
    """The user dismissed the questions; the turn ends."""

    def __init__(self) -> None:
        super().__init__("The user dismissed this question")


class Unanswered(Refusal):
    """Nobody was there to decide, and the configuration says not to wait any longer.

    The model goes on, by other ways where there are any.
    """

    def __init__(self, *, question: bool = False) -> None:
        super().__init__(
            "Nobody is there to answer questions. Decide for yourself what is most sensible, and"
            " say in the end what you have assumed."
            if question
            else "This call needs the user's permission and nobody is there to give it, so it was"
            " not made. Do without it where that is possible, and say in the end what it kept you"
            " from doing."
        )
