"""From the types of the house to those of the `/api` family. Pure functions."""

from collections.abc import Mapping
from datetime import UTC, datetime

from opencode.provider.catalog import parse_model
from opencode.provider.facts import COMPATIBLE
from opencode.provider.snapshot import Entry
from opencode.schema import v2
from opencode.schema.agent import Agent, Command, Skill
from opencode.schema.provider import Model, ModelModalities, ModelPrice, ModelTier, Provider
from opencode.schema.request import PermissionRequest, QuestionRequest
from opencode.schema.session import Session, SessionTokens

BUILT_IN = "<built-in>"
SECRET_OPTIONS = ("apiKey", "headers", "fetch", "baseURL")
"""Options of a provider that are no settings: secrets, and what has a field of its own."""


def agent(one: Agent) -> v2.AgentV2Info:
    model = one.model
    return v2.AgentV2Info(
        id=one.name,
        model=None if model is None else _reference(model.provider_id, model.model_id, one.variant),
        request=v2.ProviderRequest(body=one.options),
        system=one.prompt,
        description=one.description,
        mode=one.mode,
        hidden=bool(one.hidden),
        color=one.color,
        steps=one.steps,
        permissions=[
            v2.PermissionV2Rule(action=rule.permission, resource=rule.pattern, effect=rule.action)
            for rule in one.permission
        ],
    )


def command(one: Command) -> v2.CommandV2Info:
    return v2.CommandV2Info(
        name=one.name,
        template=one.template,
        description=one.description,
        agent=one.agent,
        model=None if one.model is None else _reference(*parse_model(one.model)),
        subtask=one.subtask,
    )


def skill(one: Skill) -> v2.SkillV2Info:
    own = one.location == BUILT_IN
    return v2.SkillV2Info(
        name=one.name,
        description=one.description,
        location=f"/builtin/{one.name}.md" if own else one.location,
        content=one.content,
    )


def provider(one: Provider) -> v2.ProviderV2Info:
    """Without its key: the models' own package and address stand for the provider's."""
    first = next(iter(one.models.values()), None)
    base = one.options.get("baseURL")
    return v2.ProviderV2Info(
        id=one.id,
        name=one.name,
        api=v2.ProviderAISDK(
            package=COMPATIBLE if first is None else first.api.npm,
            url=base or (first.api.url if first else None) or None,
            settings=_settings(one),
        ),
        request=v2.ProviderRequest(),
    )


def models(one: Provider) -> list[v2.ModelV2Info]:
    return [_model(one, model) for model in one.models.values()]


def integration(
    provider_id: str, entry: Entry, *, stored: bool, environ: Mapping[str, str]
) -> v2.IntegrationInfo:
    connections: list[v2.ConnectionCredentialInfo | v2.ConnectionEnvInfo] = []
    if stored:
        connections.append(v2.ConnectionCredentialInfo(id=f"cred_{provider_id}", label="default"))
    connections += [v2.ConnectionEnvInfo(name=name) for name in entry.env if environ.get(name)]
    return v2.IntegrationInfo(
        id=provider_id,
        name=entry.name,
        methods=[v2.IntegrationKeyMethod(), v2.IntegrationEnvMethod(names=list(entry.env))],
        connections=connections,
    )


def permission_request(one: PermissionRequest) -> v2.PermissionV2Request:
    tool = one.tool
    return v2.PermissionV2Request(
        id=one.id,
        session_id=one.session_id,
        action=one.permission,
        resources=one.patterns,
        save=one.always,
        metadata=one.metadata,
        source=None
        if tool is None
        else v2.PermissionV2Source(message_id=tool.message_id, call_id=tool.call_id),
    )


def question_request(one: QuestionRequest) -> v2.QuestionV2Request:
    return v2.QuestionV2Request(
        id=one.id, session_id=one.session_id, questions=one.questions, tool=one.tool
    )


def session(one: Session) -> v2.SessionV2Info:
    model, revert = one.model, one.revert
    return v2.SessionV2Info(
        id=one.id,
        parent_id=one.parent_id,
        project_id=one.project_id,
        agent=one.agent,
        model=None if model is None else _reference(model.provider_id, model.id, model.variant),
        cost=one.cost or 0,
        tokens=one.tokens or SessionTokens(),
        time=v2.SessionV2Time(
            created=one.time.created, updated=one.time.updated, archived=one.time.archived
        ),
        title=one.title,
        location=v2.LocationRef(directory=one.directory, workspace_id=one.workspace_id),
        subpath=one.path or None,
        revert=None if revert is None else v2.RevertState.model_validate(revert.plain()),
    )


def _reference(provider_id: str, model_id: str, variant: str | None = None) -> v2.ModelRef:
    return v2.ModelRef(id=model_id, provider_id=provider_id, variant=variant)


def _settings(one: Provider) -> dict[str, object] | None:
    kept = {key: value for key, value in one.options.items() if key not in SECRET_OPTIONS}
    return kept or None


def _model(owner: Provider, one: Model) -> v2.ModelV2Info:
    return v2.ModelV2Info(
        id=one.id,
        provider_id=one.provider_id,
        family=one.family or None,
        name=one.name,
        api=v2.ModelV2Api(
            id=one.api.id,
            package=one.api.npm,
            url=owner.options.get("baseURL") or one.api.url or None,
            settings=_settings(owner),
        ),
        capabilities=v2.ModelV2Capabilities(
            tools=one.capabilities.toolcall,
            input=_media(one.capabilities.input),
            output=_media(one.capabilities.output),
        ),
        request=v2.ProviderRequest(headers=one.headers, body=one.options),
        variants=[
            v2.ModelV2Variant(id=name, body=body) for name, body in (one.variants or {}).items()
        ],
        time=v2.ModelV2Time(released=_milliseconds(one.release_date)),
        cost=[
            _cost(one.cost),
            *(_cost(tier, tier=tier.tier) for tier in one.cost.tiers or ()),
        ],
        status=one.status,
        enabled=True,
        limit=one.limit,
    )


def _cost(price: ModelPrice, tier: ModelTier | None = None) -> v2.ModelV2Cost:
    return v2.ModelV2Cost(tier=tier, input=price.input, output=price.output, cache=price.cache)


def _media(kinds: ModelModalities) -> list[str]:
    return [name for name, has in kinds.plain().items() if has]


def _milliseconds(date: str) -> int:
    """A date of the catalogue, of which the day or the month may be missing."""
    if not date:
        return 0
    year, month, day = [*date.split("-"), "1", "1"][:3]
    try:
        moment = datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        return 0
    return int(moment.timestamp() * 1000)
