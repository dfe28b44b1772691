"""What a shell command line would run and touch, so that permission can be asked for each part.

The line is parsed, never executed. What cannot be known before it runs (variables, substitutions)
is left as it is written; what cannot be parsed is asked for as a whole.
"""

import os
import re
from dataclasses import dataclass
from typing import Any

CHANGE_DIRECTORY = frozenset({"cd", "pushd", "popd"})
"""Asked for by the directory they enter, not as commands."""

_FILE_COMMANDS = """
cat chgrp chmod chown cp dd head ln ls mkdir mv rm rmdir rsync tail tee touch truncate
"""
FILE_COMMANDS = frozenset(_FILE_COMMANDS.split())
"""Commands whose arguments are files even where they do not exist yet."""

TEXT_COMMANDS = frozenset({"echo", "printf"})
"""Commands whose arguments only look like files."""

SUBSHELLS = frozenset({"subshell", "command_substitution", "process_substitution", "pipeline"})
"""What runs in a shell of its own: the directory it enters is left with it."""

HARMLESS = re.compile(r"/dev/(null|zero|u?random|tty|std(in|out|err)|fd/\d+)")

_TWO_WORDS = """
bazel brew bun cargo cdk cmake composer consul deno docker eksctl firebase git go gradle helm heroku
kind kubectl make minikube mongosh mvn mysql ng npm nvm nx openssl pip pnpm podman poetry psql
pulumi pyenv python rake redis-cli rustup skaffold sls swift systemctl terraform tmux turbo vault
vercel yarn
"""
_THREE_WORDS = """
aws, az, doctl, gcloud, gh, sfdx, bun run, bun x, cargo add, cargo run, consul kv, deno task,
docker builder, docker compose, docker container, docker image, docker network, docker volume,
eksctl create, git config, git remote, git stash, kind create, kubectl rollout, npm exec, npm init,
npm run, openssl x509, pnpm dlx, pnpm exec, pnpm run, podman container, pulumi stack,
terraform workspace, vault kv, yarn dlx, yarn run
"""
SUBCOMMAND_WORDS: dict[str, int] = {
    **dict.fromkeys(_TWO_WORDS.split(), 2),
    **dict.fromkeys((name.strip() for name in _THREE_WORDS.split(",")), 3),
}
"""How many words name what a command does: `git commit`, `npm run build`. One where not listed."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A path the line names, absolute."""

    path: str
    certain: bool
    """False where the word may not be a file at all, as in `grep /x/ y`."""


@dataclass(frozen=True, slots=True)
class ShellCommands:
    """The parts of one command line."""

    patterns: list[str]
    """Each simple command as written."""
    always: list[str]
    """What `always` would allow: the words that name each command, then anything."""
    touched: list[Touched]


def split(line: str, *, directory: str, home: str) -> ShellCommands:
    """Take `line` apart. Loads the grammar when first used, so call it on a thread."""
    source = line.encode(errors="replace")
    root = _parse(source)
    reading = _Reading(source, directory, home)
    reading.read(root)
    if root.has_error:
        # The leading blank keeps a rule such as `git *` from allowing what nobody could read.
        reading.add(f" {line}", f" {line}")
    return ShellCommands(list(reading.patterns), list(reading.always), list(reading.touched))


def _parse(line: bytes) -> Any:
    import tree_sitter
    import tree_sitter_bash

    language = tree_sitter.Language(tree_sitter_bash.language())
    return tree_sitter.Parser(language).parse(line).root_node


class _Reading:
    """One pass over the tree; dictionaries keep each finding once, in order.

    A node's parent is never asked for: finding it costs a walk from the root.
    """

    def __init__(self, source: bytes, directory: str, home: str) -> None:
        self._source = source
        self._directory = directory
        self._home = home
        self._ends: dict[int, int] = {}
        """Where the redirections of a command end, by the command's id."""
        self._owned: set[int] = set()
        """Redirections that some command's pattern shows."""
        self.patterns: dict[str, None] = {}
        self.always: dict[str, None] = {}
        self.touched: dict[Touched, None] = {}

    def add(self, pattern: str, always: str) -> None:
        self.patterns[pattern] = None
        self.always[always] = None

    def read(self, root: Any) -> None:
        """Every node, outer ones first, as they stand in the line."""
        waiting: list[Any] = [root]
        while waiting:
            node = waiting.pop()
            if isinstance(node, str):
                self._directory = node
                continue
            children = node.named_children
            if node.type in SUBSHELLS:
                waiting.append(self._directory)
            elif node.type == "redirected_statement":
                self._statement(node, children)
            elif node.type == "command":
                self._command(node, children)
            elif node.type == "file_redirect":
                self._redirect(node)
            waiting.extend(reversed(children))

    def _statement(self, node: Any, children: list[Any]) -> None:
        """Redirections belong to the command before them, or to the last one of a pipeline."""
        owner = node.child_by_field_name("body")
        if owner is not None and owner.type == "pipeline":
            owner = owner.named_children[-1]
        if owner is not None and owner.type == "command":
            self._ends[owner.id] = node.end_byte
            self._owned.update(child.id for child in children)

    def _command(self, node: Any, children: list[Any]) -> None:
        self._owned.update(child.id for child in children)
        words = [child for child in children if _is_word(child)]
        if not words or not _text(words[0]):
            return  # nothing but assignments, or a word the parser had to make up
        texts = [_text(word) for word in words]
        end = self._ends.get(node.id)
        if texts[0] not in CHANGE_DIRECTORY or end is not None:
            text = self._source[node.start_byte : end or node.end_byte]
            self.add(text.decode(errors="replace").rstrip(), f"{_prefix(texts)} *")
        self._arguments(texts[0], words[1:])

    def _arguments(self, name: str, words: list[Any]) -> None:
        if name in TEXT_COMMANDS:
            return
        certain = name in CHANGE_DIRECTORY or name in FILE_COMMANDS
        values = [value for word in words if (value := self._value(word)) is not None]
        for value in values:
            candidate = value.partition("=")[2] if value.startswith("-") else value
            if candidate and (_looks_like_path(candidate) or (certain and value == candidate)):
                self._touch(candidate, certain=certain)
        if name in CHANGE_DIRECTORY:
            self._enter(values, known=len(values) == len(words))

    def _enter(self, values: list[str], *, known: bool) -> None:
        """Follow a `cd` where it can be followed."""
        targets = [value for value in values if not value.startswith("-")]
        if not known or (values and not targets):
            return
        self._directory = self._absolute(targets[0] if targets else self._home)
        self._touch(self._directory, certain=True)

    def _redirect(self, node: Any) -> None:
        target = node.child_by_field_name("destination")
        if target is None or target.type == "number":
            return
        value = self._value(target)
        if value is not None:
            self._touch(value, certain=True)
        writes = "<" not in _text(node)
        harmless = value is not None and HARMLESS.fullmatch(value) is not None
        if writes and not harmless and node.id not in self._owned:
            self.add(_text(node), _text(node))

    def _touch(self, value: str, *, certain: bool) -> None:
        path = self._absolute(value)
        if HARMLESS.fullmatch(path) is None:
            self.touched[Touched(path, certain)] = None

    def _absolute(self, value: str) -> str:
        if value == "~" or value.startswith("~/"):
            value = self._home + value[1:]
        fixed = re.split(r"[*?\[]", value)[0] if re.search(r"[*?\[]", value) else value
        return os.path.normpath(os.path.join(self._directory, fixed))

    def _value(self, node: Any) -> str | None:
        """What the shell makes of a word; None where only running it would tell."""
        match node.type:
            case "word" | "number":
                return re.sub(r"\\(.)", r"\1", _text(node))
            case "raw_string":
                return _text(node)[1:-1]
            case "string_content":
                return _text(node)
            case "simple_expansion" | "expansion" if _text(node) in {"$HOME", "${HOME}"}:
                return self._home
            case "simple_expansion" | "expansion" if _text(node) in {"$PWD", "${PWD}"}:
                return self._directory
            case "string" | "concatenation":
                parts = [self._value(child) for child in node.named_children]
                return None if None in parts else "".join(part or "" for part in parts)
            case _:
                return None


def _is_word(node: Any) -> bool:
    return node.type not in {
        "variable_assignment",
        "file_redirect",
        "heredoc_redirect",
        "herestring_redirect",
        "comment",
    }


def _text(node: Any) -> str:
    return str(node.text.decode(errors="replace"))


def _prefix(words: list[str]) -> str:
    for length in range(len(words), 0, -1):
        count = SUBCOMMAND_WORDS.get(" ".join(words[:length]))
        if count is not None:
            return " ".join(words[:count])
    return words[0]


def _looks_like_path(value: str) -> bool:
    return value.startswith(("/", "~/", "../")) or value in {"~", ".."} or "/../" in value
