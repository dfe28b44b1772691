"""Tools that change files: write and edit, its fallbacks and refusals."""

from typing import Any

from tools.conformance.scenario import Scenario, calls, prompt
from tools.conformance.stage import Stage

JSON = dict[str, Any]
INDENTED = "def f():\n        if x:\n            a = 1\n        return a\n"
PATCH = (
    "*** Begin Patch\n*** Add File: added.txt\n+one\n*** Update File: multi.txt\n"
    "@@\n foo\n-bar\n+BAR\n*** Delete File: README.md\n*** End Patch"
)
MOVE = (
    "*** Begin Patch\n*** Update File: multi.txt\n*** Move to: moved.txt\n"
    "@@\n foo\n-bar\n+BAR\n*** End Patch"
)
GPT: JSON = {"id": "gpt-5.1"}
BLOCK = "start\none\ntwo\nthree\nend\n"


def edit(name: str, old: str, new: str, text: str, **more: Any) -> Scenario:
    """One edit of `t.txt`, which was read before."""
    given = {"filePath": "t.txt", "oldString": old, "newString": new, **more}
    return calls(
        f"edit-{name}", ("read", {"filePath": "t.txt"}), ("edit", given), files={"t.txt": text}
    )


async def edited_by_others(it: Stage) -> None:
    """A file that somebody else has changed since the model has read it."""
    await it.session()
    await it.prompt("Read")
    (it.places.project / "t.txt").write_text("changed by hand\nsecond\n")
    await it.prompt("Edit")


def changes(name: str, *given: tuple[str, JSON], **rest: Any) -> Scenario:
    return calls(name, *given, play=prompt(), **rest)


SCENARIOS = [
    changes(
        "write",
        ("write", {"filePath": "new.txt", "content": "fresh\n"}),
        ("write", {"filePath": "<project>/a/b/c.txt", "content": "deep"}),
    ),
    changes(
        "write-over",
        ("read", {"filePath": "README.md"}),
        ("write", {"filePath": "README.md", "content": "# Other\n"}),
    ),
    changes("write-unread", ("write", {"filePath": "README.md", "content": "# Other\n"})),
    changes("write-directory", ("write", {"filePath": "src", "content": "x"})),
    edit("exact", "bar", "BAR", "foo\nbar\nfoo\n"),
    edit("all", "foo", "X", "foo\nbar\nfoo\n", replaceAll=True),
    edit("several", "foo", "X", "foo\nbar\nfoo\n"),
    edit("none", "nowhere", "X", "foo\n"),
    edit("identical", "foo", "foo", "foo\n"),
    edit("delete-line", "bar\n", "", "foo\nbar\nend\n"),
    edit("crlf", "a\nb", "A\nB", "a\r\nb\r\nc\r\n"),
    edit("bom", "first", "1st", "\ufefffirst\nsecond\n"),
    edit("no-last-newline", "end", "END", "foo\nend"),
    edit("line-trimmed", "if x:\n    a = 1", "if y:\n    a = 2", INDENTED),
    edit("whitespace", "x = 1", "x = 2", "a\n  x  =   1\nb\n"),
    edit("block-anchor", "start\noneX\ntwoY\nthree\nend", "new", BLOCK),
    edit("block-anchor-different", "start\nqqq\nzzz\nvvv\nend", "new", BLOCK),
    edit("escaped", 'a = "x\\ty"', 'a = "z"', 'a = "x\ty"\n'),
    edit("trimmed-boundary", "\n  alpha  \n", "beta", "x\nalpha\ny\n"),
    edit("exact-before-fuzzy", "foo(a, b)", "bar()", "foo(a, b)\nfoo(a,  b)\n"),
    edit("case", "Foo", "x", "foo\n"),
    edit("tabs", "  x\n  y", "z", "\tx\n\ty\n"),
    changes(
        "edit-wrong-files",
        ("edit", {"filePath": "nofile.txt", "oldString": "a", "newString": "b"}),
        ("edit", {"filePath": "src", "oldString": "a", "newString": "b"}),
        ("edit", {"filePath": "made.txt", "oldString": "", "newString": "made\n"}),
        ("edit", {"filePath": "README.md", "oldString": "", "newString": "b"}),
    ),
    changes(
        "edit-unread",
        ("edit", {"filePath": "t", "oldString": "a", "newString": "b"}),
        files={"t": "a\n"},
    ),
    Scenario(
        "edit-changed-meanwhile",
        [
            {"tools": [{"name": "read", "args": {"filePath": "t.txt"}}]},
            {"text": "Read."},
            {
                "tools": [
                    {
                        "name": "edit",
                        "args": {"filePath": "t.txt", "oldString": "second", "newString": "2nd"},
                    }
                ]
            },
            {"text": "Edited."},
        ],
        edited_by_others,
        files={"t.txt": "first\nsecond\n"},
    ),
    calls("apply-patch", ("apply_patch", {"patchText": PATCH}), model=GPT),
    calls("apply-patch-move", ("apply_patch", {"patchText": MOVE}), model=GPT),
    calls(
        "apply-patch-wrong",
        ("apply_patch", {"patchText": "nothing"}),
        ("apply_patch", {"patchText": "*** Begin Patch\n*** End Patch"}),
        ("apply_patch", {"patchText": MOVE.replace("-bar", "-zzz")}),
        model=GPT,
    ),
]
