from opencode.schema.project import (
    FileContent,
    FileNode,
    Project,
    ProjectTime,
    ProjectUpdate,
    Symbol,
    VcsFileDiff,
    VcsInfo,
)


def test_absent_branches_are_null() -> None:
    assert VcsInfo().wire() == b'{"branch":null,"default_branch":null}'
    assert VcsInfo(branch="main").plain() == {"branch": "main", "default_branch": None}


def test_a_project_without_git_has_no_vcs() -> None:
    time = ProjectTime(created=1, updated=2)
    project = Project(id="global", worktree="/", time=time, sandboxes=[])
    assert project.wire() == (
        b'{"id":"global","worktree":"/","time":{"created":1,"updated":2},"sandboxes":[]}'
    )


def test_a_git_project_reads_as_observed() -> None:
    text = (
        '{"id":"937e381f","worktree":"/p","vcs":"git","name":"n","icon":{"color":"blue"},'
        '"commands":{"start":"make"},"time":{"created":1,"updated":1},"sandboxes":["/q"]}'
    )
    assert Project.parse(text).wire().decode() == text


def test_an_update_knows_which_keys_were_given() -> None:
    assert ProjectUpdate.parse('{"icon":{"url":"u"}}').model_dump(exclude_unset=True) == {
        "icon": {"url": "u"}
    }


def test_a_binary_file_is_base64_with_its_type() -> None:
    content = FileContent(type="binary", content="AA==", encoding="base64", mime_type="image/png")
    assert content.wire() == (
        b'{"type":"binary","content":"AA==","encoding":"base64","mimeType":"image/png"}'
    )


def test_a_node_reads_as_observed() -> None:
    text = (
        '{"name":"lib","path":"src/lib/","absolute":"/p/src/lib",'
        '"type":"directory","ignored":false}'
    )
    assert FileNode.parse(text).wire().decode() == text


def test_the_patch_stands_after_the_file() -> None:
    diff = VcsFileDiff(file="a", patch="p", additions=1, deletions=0, status="added")
    assert list(diff.plain()) == ["file", "patch", "additions", "deletions", "status"]


def test_a_symbol_reads_as_a_language_server_says_it() -> None:
    text = (
        '{"name":"f","kind":12,"location":{"uri":"file:///p/a.py","range":'
        '{"start":{"line":0,"character":4},"end":{"line":0,"character":5}}}}'
    )
    assert Symbol.parse(text).wire().decode() == text
