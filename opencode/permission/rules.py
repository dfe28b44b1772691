"""Which action the rules prescribe. Pure: a ruleset is an ordered list and the last match decides.

`*` stands for any characters, slashes and line ends included, `?` for exactly one. A pattern that
ends in a blank and `*` also matches without that end: `git *` matches plain `git`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from opencode.schema.request import PermissionAction, PermissionRule

Ruleset = Sequence[PermissionRule]
PermissionForms = PermissionAction | Mapping[str, PermissionAction | Mapping[str, PermissionAction]]
"""What the configuration may hold under `permission`."""

WRITING_TOOLS = frozenset({"edit", "write", "apply_patch", "patch", "multiedit"})
"""Tools that ask for the permission `edit`."""


def matches(pattern: str, text: str) -> bool:
    """Whether the wildcard `pattern` covers `text`."""
    return _covers(pattern, text) or (pattern.endswith(" *") and _covers(pattern[:-2], text))


def evaluate(permission: str, pattern: str, *rulesets: Ruleset) -> PermissionRule:
    """The rule that decides for `pattern`: the last that matches, `ask` where none does."""
    for ruleset in reversed(rulesets):
        for rule in reversed(ruleset):
            if matches(rule.permission, permission) and matches(rule.pattern, pattern):
                return rule
    return PermissionRule(permission=permission, pattern="*", action="ask")


def allowed(permission: str, patterns: Collection[str], *rulesets: Ruleset) -> bool:
    """Whether every pattern is allowed."""
    return all(evaluate(permission, item, *rulesets).action == "allow" for item in patterns)


def permission_of(tool: str) -> str:
    """The permission a tool asks for: its name, but for those that write files."""
    return "edit" if tool in WRITING_TOOLS else tool


def disabled(tools: Iterable[str], ruleset: Ruleset) -> set[str]:
    """The tools not even offered: those whose last rule denies every pattern."""
    found = set()
    for tool in tools:
        permission = permission_of(tool)
        last = next(
            (rule for rule in reversed(ruleset) if matches(rule.permission, permission)), None
        )
        if last is not None and last.pattern == "*" and last.action == "deny":
            found.add(tool)
    return found


def relevant(permission: str, ruleset: Ruleset) -> list[PermissionRule]:
    """The rules that speak of `permission` at all."""
    return [rule for rule in ruleset if matches(rule.permission, permission)]


def rules_of(
    configured: PermissionForms | None,
    *,
    tools: Mapping[str, bool] | None = None,
    home: str | None = None,
) -> list[PermissionRule]:
    """The rules a configuration prescribes, in the order of its keys.

    `tools` is the older map of switches; it comes first, so that `permission` may correct it. With
    `home`, patterns that start with `~/` or `$HOME/` name that directory.
    """
    rules = [
        PermissionRule(
            permission=permission_of(name), pattern="*", action="allow" if on else "deny"
        )
        for name, on in (tools or {}).items()
    ]
    if configured is None:
        return rules
    if isinstance(configured, str):
        return [*rules, PermissionRule(permission="*", pattern="*", action=configured)]
    for permission, value in configured.items():
        rules += _rules(permission, value, home)
    return rules


def _rules(
    permission: str, value: PermissionAction | Mapping[str, PermissionAction], home: str | None
) -> list[PermissionRule]:
    if isinstance(value, str):
        return [PermissionRule(permission=permission, pattern="*", action=value)]
    return [
        PermissionRule(permission=permission, pattern=_at_home(pattern, home), action=action)
        for pattern, action in value.items()
    ]


def _at_home(pattern: str, home: str | None) -> str:
    if home is None:
        return pattern
    for prefix in ("~", "$HOME"):
        if pattern == prefix or pattern.startswith(prefix + "/"):
            return home + pattern[len(prefix) :]
    return pattern


def _covers(pattern: str, text: str) -> bool:
    """Greedy matching with one way back, so that no pattern takes more than quadratic time."""
    at, place = 0, 0
    star, resume = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at += 1
            place += 1
        elif star != -1:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(letter == "*" for letter in pattern[at:])
