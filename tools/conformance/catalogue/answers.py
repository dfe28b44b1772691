"""Plain answers on every wire format: text, reasoning, calls side by side, tokens, titles."""

from typing import Any

from tools.conformance.scenario import Scenario, prompt
from tools.conformance.stage import Stage

JSON = dict[str, Any]
USAGE: JSON = {
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "total_tokens": 1050,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
PRICED: JSON = {"cost": {"input": 1, "output": 2, "cache_read": 0.1, "cache_write": 1.5}}
THINKING: JSON = {"reasoning": True, "variants": {"high": {"reasoningEffort": "high"}}}
READ: JSON = {"name": "read", "args": {"filePath": "README.md"}}
TOOL_TURN: list[JSON] = [
    {"reasoning": "let me think", "text": "I will look. ", "tools": [READ]},
    {"text": "It says hello."},
]
PARALLEL: list[JSON] = [
    {
        "tools": [
            READ,
            {"name": "read", "args": {"filePath": "multi.txt"}},
            {"name": "glob", "args": {"pattern": "**/*.py"}},
        ]
    },
    {"text": "All read."},
]


async def titled(it: Stage) -> None:
    """Without a title of its own a session gets one from the model."""
    await it.session(untitled=True)
    await it.prompt("Name this")
    await it.prompt("And again")


async def two_sessions(it: Stage) -> None:
    first = await it.session()
    await it.prompt("To the first")
    await it.session()
    await it.prompt("To the second")
    it.session_id = first
    await it.prompt("Once more to the first")


SCENARIOS = [
    Scenario("text", [{"text": "Hello there, friend."}]),
    Scenario("text-empty", [{}]),
    Scenario("text-blanks-kept", [{"text": "  two words  \n"}]),
    Scenario("text-unicode", [{"text": "Grüße, 世界 🎉"}], prompt("Sag 你好 🎈")),
    Scenario("reasoning", [{"reasoning": "thinking it over", "text": "So it is."}]),
    Scenario("reasoning-with-tool", TOOL_TURN, prompt("Look", "Thanks"), model=THINKING),
    Scenario("conversation", [{"text": "One."}, {"text": "Two."}], prompt("First", "Second")),
    Scenario("tools-parallel", PARALLEL),
    Scenario("tools-in-rounds", [{"text": "a", "tools": [READ]}] * 4),
    Scenario("tokens-and-cost", [{"text": "Counted.", "usage": USAGE}], model=PRICED),
    Scenario(
        "tokens-of-rounds", [{"tools": [READ], "usage": USAGE}, {"usage": USAGE}], model=PRICED
    ),
    Scenario("title", [{"text": "One."}, {"text": "Two."}], titled),
    Scenario("two-sessions", [{"text": "1"}, {"text": "2"}, {"text": "3"}], two_sessions),
    Scenario("anthropic", TOOL_TURN, prompt("Look", "Thanks"), protocol="anthropic"),
    Scenario("anthropic-parallel", PARALLEL, protocol="anthropic"),
    Scenario(
        "anthropic-tokens",
        [
            {
                "text": "Counted.",
                "usage": {
                    "input_tokens": 100,
                    "cache_read_input_tokens": 30,
                    "cache_creation_input_tokens": 5,
                    "output_tokens": 20,
                },
            }
        ],
        protocol="anthropic",
        model=PRICED,
    ),
    Scenario(
        "anthropic-claude",
        TOOL_TURN,
        prompt("Look", "Thanks"),
        protocol="anthropic",
        model={"id": "claude-sonnet-4-5", "reasoning": True},
    ),
    Scenario(
        "openai", TOOL_TURN, prompt("Look", "Thanks"), protocol="openai", model={"reasoning": True}
    ),
    Scenario("openai-parallel", PARALLEL, protocol="openai"),
    Scenario("google", TOOL_TURN, prompt("Look", "Thanks"), protocol="google"),
    Scenario("google-parallel", PARALLEL, protocol="google"),
]
