"""Features that are not built yet: told, never a failure. They move to the others as they land."""

from tools.conformance.scenario import JSON, Scenario

WRITE: JSON = {"tools": [{"name": "write", "args": {"filePath": "new.txt", "content": "two\n"}}]}

SCENARIOS: list[Scenario] = [
    Scenario(
        "formatter",
        [WRITE, {"text": "Done."}],
        config={
            "formatter": {
                "fk": {"command": ["sed", "-i", "s/two/three/", "$FILE"], "extensions": [".txt"]}
            }
        },
    ),
]
