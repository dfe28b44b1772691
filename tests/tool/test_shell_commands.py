"""The parts of a command line, as clients and stored rules know them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode.tool.shell_commands import split


def parts(line: str) -> tuple[list[str], list[str]]:
    found = split(line, directory="/work", home="/home/me")
    return found.patterns, found.always


def outside(line: str) -> list[str]:
    found = split(line, directory="/work", home="/home/me")
    return [item.path for item in found.touched if not item.path.startswith("/work")]


@pytest.mark.parametrize(
    ("line", "patterns", "always"),
    [
        ("echo $(whoami)", ["echo $(whoami)", "whoami"], ["echo *", "whoami *"]),
        ("(cd src; ls)", ["ls"], ["ls *"]),
        ("npm run build --watch", ["npm run build --watch"], ["npm run build *"]),
        ('FOO=1 python3 -c "print(1)"', ['FOO=1 python3 -c "print(1)"'], ["python3 *"]),
        ("ls; cat README.md > out.txt", ["ls", "cat README.md > out.txt"], ["ls *", "cat *"]),
        ("if true; then echo a; fi", ["true", "echo a"], ["true *", "echo *"]),
        ('echo "a && b"', ['echo "a && b"'], ["echo *"]),
        ("docker compose up -d", ["docker compose up -d"], ["docker compose up *"]),
        ("git -C src status", ["git -C src status"], ["git -C *"]),
        ("sudo ls", ["sudo ls"], ["sudo *"]),
        ("cd src && ls -la", ["ls -la"], ["ls *"]),
        ("cd src", [], []),
        ('bash -c "rm x"', ['bash -c "rm x"'], ["bash *"]),
        ("for i in 1 2; do echo $i; done", ["echo $i"], ["echo *"]),
        ("cat <<EOF\nhi\nEOF", ["cat <<EOF\nhi\nEOF"], ["cat *"]),
        (
            'find . -name "*.py" | xargs wc -l',
            ['find . -name "*.py"', "xargs wc -l"],
            ["find *", "xargs *"],
        ),
        ("f() { ls; }; f", ["ls", "f"], ["ls *", "f *"]),
        ('git commit -m "x y"', ['git commit -m "x y"'], ["git commit *"]),
        ("./run.sh a b", ["./run.sh a b"], ["./run.sh *"]),
        ("rm a.txt b.txt", ["rm a.txt b.txt"], ["rm *"]),
        ("git remote add x y", ["git remote add x y"], ["git remote add *"]),
        ("python -m pytest x", ["python -m pytest x"], ["python -m *"]),
        ("gcloud compute instances list", ["gcloud compute instances list"],
         ["gcloud compute instances *"]),
        ("git", ["git"], ["git *"]),
        ("cat <(ls a)", ["cat <(ls a)", "ls a"], ["cat *", "ls *"]),
        ("echo `ls a`", ["echo `ls a`", "ls a"], ["echo *", "ls *"]),
        ('echo "$(ls a)"', ['echo "$(ls a)"', "ls a"], ["echo *", "ls *"]),
        ("x=$(ls a) cat b", ["x=$(ls a) cat b", "ls a"], ["cat *", "ls *"]),
        ("case $x in a) ls a;; esac", ["ls a"], ["ls *"]),
        ("[ -f $(rm a) ] && ls", ["rm a", "ls"], ["rm *", "ls *"]),
        ("export A=1", [], []),
        ("A=1", [], []),
        ("ls a & ! ls b", ["ls a", "ls b"], ["ls *"]),
    ],
)  # fmt: skip
def test_a_line_is_split_into_its_simple_commands(
    line: str, patterns: list[str], always: list[str]
) -> None:
    assert parts(line) == (patterns, always)


def test_a_redirection_after_a_pipeline_belongs_to_its_last_command() -> None:
    assert parts("ls 2>&1 | cat > x")[0] == ["ls 2>&1", "cat > x"]


def test_a_redirection_without_a_command_is_asked_for() -> None:
    assert parts("> x") == (["> x"], ["> x"])
    assert parts("(ls) > x")[0] == ["ls", "> x"]


def test_what_cannot_be_parsed_is_asked_for_whole_and_no_prefix_rule_allows_it() -> None:
    patterns, _ = parts("git status; if rm x")
    assert " git status; if rm x" in patterns
    assert "git status" in patterns


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("cat /etc/hosts", ["/etc/hosts"]),
        ("ls /tmp", ["/tmp"]),
        ("cd /opt && cat x", ["/opt", "/opt/x"]),
        ("cd /opt && cat ../x", ["/opt", "/x"]),
        ("(cd sub); cat ../x", ["/x"]),
        ("cat $(cd sub; pwd) ../x", ["/x"]),
        ("ls ../p", ["/p"]),
        ("cat ~/x", ["/home/me/x"]),
        ("cat $HOME/x", ["/home/me/x"]),
        ("cat '/a b/c'", ["/a b/c"]),
        ('cat "/a"/c', ["/a/c"]),
        ("cat /data/*.txt", ["/data"]),
        ("tail --file=/var/log/x", ["/var/log/x"]),
        ("git -C /srv status", ["/srv"]),
        ("cat src/../../out/f", ["/out/f"]),
        ("echo x > /outside/file", ["/outside/file"]),
        ("sort < /outside/file", ["/outside/file"]),
        ("(ls) > /outside/file", ["/outside/file"]),
        ("cd", ["/home/me"]),
        ("cd -; cd $X; ls y", []),
        ("make 2>/dev/null", []),
        ("make > /dev/stderr 2>&1", []),
        ("echo /etc/hosts", []),
        ("cat $SOMEWHERE/x", []),
        ("curl http://x/../y", []),
    ],
)
def test_paths_outside_that_a_line_touches(line: str, paths: list[str]) -> None:
    assert outside(line) == paths


def test_a_long_line_takes_no_unbounded_time() -> None:
    line = " && ".join(f"echo {number}" for number in range(3000))
    assert len(parts(line)[0]) == 3000


def test_a_word_that_may_not_be_a_file_is_uncertain() -> None:
    found = split("grep /x/ file", directory="/work", home="/h").touched
    assert [(item.path, item.certain) for item in found] == [("/x", False)]
    found = split("cat /x/", directory="/work", home="/h").touched
    assert [(item.path, item.certain) for item in found] == [("/x", True)]


WORDS = ["git ", "rm ", "x", "$(", ")", "`", "'", '"', ";", "&&", "|", ">", "<<E", "\n", "{", "}"]
WORDS += ["if ", "then ", "fi", "cd ", "../", "~", "\\", "é", "$HOME", "(", "case ", "in ", "\0"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join))
def test_any_line_can_be_taken_apart(line: str) -> None:
    found = split(line, directory="/work", home="/home/me")
    assert all(found.patterns)
    assert len(found.always) <= len(found.patterns)
    assert all(item.path.startswith("/") for item in found.touched)
