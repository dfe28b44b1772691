"""Tools that look: read, glob, grep, webfetch, todowrite, question; and calls that are wrong."""

from typing import Any

from tools.conformance.scenario import Scenario, calls
from tools.conformance.stage import Stage
from tools.conformance.web import PIXEL

JSON = dict[str, Any]
LONG = "".join(f"line {number}\n" for number in range(1, 2600))
WIDE = "x" * 2500 + "\nshort\n"
HEAVY = "".join(f"{number} " + "y" * 190 + "\n" for number in range(600))
MANY = {f"many/f{number:03}.txt": "needle\n" for number in range(130)}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
TODOS: list[JSON] = [
    {"content": "first", "status": "completed", "priority": "high"},
    {"content": "second", "status": "in_progress", "priority": "odd"},
]
ASKED: list[JSON] = [
    {
        "question": "Which color?",
        "header": "Color",
        "options": [
            {"label": "Red", "description": "r"},
            {"label": "Blue", "description": "b"},
        ],
    },
    {
        "question": "Many?",
        "header": "Many",
        "options": [{"label": "A", "description": "a"}, {"label": "B", "description": "b"}],
        "multiple": True,
    },
]


def read(name: str, *given: JSON, **rest: Any) -> Scenario:
    return calls(f"read-{name}", *(("read", one) for one in given), **rest)


def fetched(name: str, *given: JSON) -> Scenario:
    return calls(f"webfetch-{name}", *(("webfetch", one) for one in given))


async def todos(it: Stage) -> None:
    await it.session()
    await it.prompt("Plan")
    await it.ask("GET", "/session/{session}/todo")


def asked(answers: list[list[str]] | None) -> Any:
    async def play(it: Stage) -> None:
        await it.session()
        await it.start("Ask me")
        question = await it.answer(answers)
        await it.idle()
        await it.ask("POST", f"/question/{question['id']}/reply", {"answers": [["Red"]]})

    return play


SCENARIOS = [
    read("file", {"filePath": "README.md"}, {"filePath": "<project>/src/app.py"}),
    read(
        "window",
        {"filePath": "multi.txt", "offset": 2, "limit": 1},
        {"filePath": "multi.txt", "offset": 0},
        {"filePath": "multi.txt", "offset": 3},
        {"filePath": "multi.txt", "offset": 99},
    ),
    read("long", {"filePath": "long.txt"}, files={"long.txt": LONG}),
    read("heavy", {"filePath": "heavy.txt"}, files={"heavy.txt": HEAVY}),
    read("wide", {"filePath": "wide.txt"}, files={"wide.txt": WIDE}),
    read("empty", {"filePath": "empty.txt"}, files={"empty.txt": ""}),
    read(
        "line-ends",
        {"filePath": "crlf.txt"},
        {"filePath": "noend.txt"},
        files={"crlf.txt": "a\r\nb\r\n", "noend.txt": "last line"},
    ),
    read("missing", {"filePath": "READM.md"}, {"filePath": "nodir/nofile"}),
    read(
        "binary",
        {"filePath": "blob.bin"},
        {"filePath": "latin.txt"},
        files={"blob.bin": b"\x00\x01\x02\xff" * 50, "latin.txt": "caf\xe9\n".encode("latin-1")},
    ),
    read("image", {"filePath": "p.png"}, files={"p.png": PIXEL}, model={"attachment": True}),
    read(
        "image-seen",
        {"filePath": "p.png"},
        files={"p.png": PIXEL},
        model={"attachment": True, "modalities": {"input": ["text", "image"], "output": ["text"]}},
    ),
    read("pdf", {"filePath": "doc.pdf"}, files={"doc.pdf": PDF}),
    read("svg", {"filePath": "a.svg"}, files={"a.svg": "<svg xmlns='x'></svg>\n"}),
    read("directory", {"filePath": "."}, {"filePath": "src"}, {"filePath": ".", "limit": 2}),
    read(
        "nested-instructions",
        {"filePath": "sub/deep/x.py"},
        {"filePath": "sub/deep/x.py"},
        files={"sub/AGENTS.md": "MARK sub rules\n", "sub/deep/AGENTS.md": "MARK deep rules\n"},
    ),
    calls(
        "glob",
        ("glob", {"pattern": "**/*.py"}),
        ("glob", {"pattern": "*.md"}),
        ("glob", {"pattern": "*.nothing"}),
        ("glob", {"pattern": "*.py", "path": "src"}),
        ("glob", {"pattern": "*", "path": "nodir"}),
    ),
    calls("glob-many", ("glob", {"pattern": "many/*.txt"}), files=MANY),
    calls(
        "glob-hidden",
        ("glob", {"pattern": "**/.hidden*"}),
        ("glob", {"pattern": "ignored/*"}),
        files={".hidden.txt": "h\n", ".gitignore": "ignored/\n", "ignored/x.txt": "i\n"},
    ),
    calls(
        "grep",
        ("grep", {"pattern": "^import"}),
        ("grep", {"pattern": "foo", "include": "*.txt"}),
        ("grep", {"pattern": "nothing-at-all"}),
        ("grep", {"pattern": "def", "path": "src"}),
        ("grep", {"pattern": "(unclosed"}),
        ("grep", {"pattern": "hello", "path": "README.md"}),
    ),
    calls("grep-many", ("grep", {"pattern": "needle"}), files=MANY),
    fetched("html", {"url": "<web>/page.html"}),
    fetched(
        "formats",
        {"url": "<web>/page.html", "format": "text"},
        {"url": "<web>/page.html", "format": "html"},
        {"url": "<web>/plain.txt"},
        {"url": "<web>/data.json"},
    ),
    fetched(
        "wrong",
        {"url": "<web>/nowhere"},
        {"url": "ftp://x/y"},
        {"url": "http://127.0.0.1:1/"},
    ),
    fetched("image", {"url": "<web>/image.png"}),
    fetched("long", {"url": "<web>/long.txt"}),
    calls("todowrite", ("todowrite", {"todos": TODOS}), ("todowrite", {"todos": []}), play=todos),
    calls(
        "question",
        ("question", {"questions": ASKED}),
        play=asked([["Red"], ["A", "custom text"]]),
    ),
    calls("question-empty", ("question", {"questions": ASKED[:1]}), play=asked([[]])),
    calls("question-rejected", ("question", {"questions": ASKED[:1]}), play=asked(None)),
    calls(
        "wrong-arguments",
        ("read", {}),
        ("read", {"filePath": 5}),
        ("webfetch", {"url": "<web>/", "format": "bad"}),
        ("bash", {"command": "true", "timeout": -5}),
        ("todowrite", {"todos": [{"content": "x"}]}),
        ("question", {"questions": "none"}),
    ),
    calls("wrong-tool", ("nosuch", {"a": 1}), ("Read", {"filePath": "README.md"})),
    calls("wrong-json", ("bash", '{"command": "ls'), ("read", "[]")),
    calls("extra-arguments", ("read", {"filePath": "README.md", "why": "because", "more": [1]})),
]
