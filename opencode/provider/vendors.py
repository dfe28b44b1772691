"""Which wire a catalogue entry speaks, where, and its quirks: a table of facts; then its client.

Loads the model library and the vendors' SDKs: imported only through `provider/llm.py`, in a thread.
"""

from dataclasses import dataclass
from typing import Any, Literal, cast

import httpx2
from anthropic import AsyncAnthropic
from google.genai.client import Client as GoogleClient
from google.genai.types import HttpOptions, HttpRetryOptions
from openai import AsyncOpenAI
from openai.types import chat
from openai.types.chat import ChatCompletionChunk
from pydantic_ai.messages import BinaryContent
from pydantic_ai.models import Model as Backend
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import (
    OpenAIChatModel,
    OpenAIResponsesModel,
    OpenAIStreamedResponse,
)
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.usage import RequestUsage

from opencode.errors import ProviderAuthError
from opencode.provider.base import ProviderError
from opencode.provider.transport import NO_KEY
from opencode.schema.provider import Model, Provider

NEVER = "\0never\0"
"""A reasoning tag no text holds: what a model writes stays as it wrote it."""
ANTHROPIC_VERSION = "2023-06-01"
"""The version every gateway understands, and whose events are the ones read here."""
Wire = Literal["compatible", "responses", "anthropic", "google"]


@dataclass(frozen=True, slots=True)
class Vendor:
    """How one client package of the catalogue is spoken to."""

    wire: Wire
    url: str = ""
    """Its base URL where neither configuration nor catalogue give one."""
    name: str = ""
    """How people call it, and the variable its key is usually in: said when the key is missing."""
    variable: str = ""
    reasoning: str = "reasoning_content"
    """The field reasoning travels in."""


VENDORS = {
    "@ai-sdk/openai-compatible": Vendor("compatible"),
    "@ai-sdk/openai": Vendor("responses", "https://api.openai.com/v1", "OpenAI", "OPENAI_API_KEY"),
    "@ai-sdk/anthropic": Vendor(
        "anthropic", "https://api.anthropic.com/v1", "Anthropic", "ANTHROPIC_API_KEY"
    ),
    "@ai-sdk/google": Vendor(
        "google",
        "https://generativelanguage.googleapis.com/v1beta",
        "Google Generative AI",
        "GOOGLE_GENERATIVE_AI_API_KEY",
    ),
    "@openrouter/ai-sdk-provider": Vendor(
        "compatible", "https://openrouter.ai/api/v1", reasoning="reasoning"
    ),
    "@ai-sdk/xai": Vendor("compatible", "https://api.x.ai/v1"),
    "@ai-sdk/groq": Vendor("compatible", "https://api.groq.com/openai/v1", reasoning="reasoning"),
    "@ai-sdk/mistral": Vendor("compatible", "https://api.mistral.ai/v1"),
    "@ai-sdk/cerebras": Vendor("compatible", "https://api.cerebras.ai/v1", reasoning="reasoning"),
    "@ai-sdk/togetherai": Vendor(
        "compatible", "https://api.together.xyz/v1", reasoning="reasoning"
    ),
    "@ai-sdk/deepinfra": Vendor("compatible", "https://api.deepinfra.com/v1/openai"),
    "@ai-sdk/perplexity": Vendor("compatible", "https://api.perplexity.ai"),
    "@ai-sdk/cohere": Vendor("compatible", "https://api.cohere.ai/compatibility/v1"),
    "@ai-sdk/gateway": Vendor("compatible", "https://ai-gateway.vercel.sh/v1"),
    "@ai-sdk/vercel": Vendor("compatible", "https://api.v0.dev/v1"),
    "venice-ai-sdk-provider": Vendor("compatible", "https://api.venice.ai/api/v1"),
    "@aihubmix/ai-sdk-provider": Vendor("compatible", "https://aihubmix.com/v1"),
}


@dataclass(frozen=True, slots=True)
class Client:
    """A model ready to be asked."""

    vendor: Vendor
    backend: Backend[Any]
    url: str


def connect(provider: Provider, model: Model, http: httpx2.AsyncClient) -> Client:
    """The client for a model. Raises where there is no way to speak to it."""
    vendor = VENDORS.get(model.api.npm)
    if vendor is None:
        raise ProviderError(
            f'Provider "{provider.id}" needs {model.api.npm}, which this server does not speak'
        )
    url = str(provider.options.get("baseURL") or model.api.url or vendor.url).rstrip("/")
    if not url:
        raise ProviderError(f'Provider "{provider.id}" has no address: set its options.baseURL')
    key = provider.options.get("apiKey") or provider.key
    if vendor.name and not key:
        raise ProviderAuthError(
            provider.id,
            f"{vendor.name} API key is missing. Pass it using the 'apiKey' parameter or the "
            f"{vendor.variable} environment variable.",
        )
    make = {
        "compatible": _compatible,
        "responses": _responses,
        "anthropic": _anthropic,
        "google": _google,
    }[vendor.wire]
    return Client(vendor, make(provider, model, (url, str(key or NO_KEY), http)), url)


Access = tuple[str, str, httpx2.AsyncClient]


def _compatible(provider: Provider, model: Model, access: Access) -> Backend[Any]:
    url, key, http = access
    client = AsyncOpenAI(api_key=key, base_url=url, http_client=http, max_retries=0)
    interleaved = model.capabilities.interleaved
    field = VENDORS[model.api.npm].reasoning
    if not isinstance(interleaved, bool) and interleaved.field != "reasoning_details":
        field = interleaved.field
    profile = {
        "openai_chat_thinking_field": field,
        "openai_chat_send_back_thinking_parts": "field",
        "openai_chat_supports_max_completion_tokens": False,
        "openai_supports_reasoning": False,
        "supports_thinking": False,
    }
    return ChatModel(
        model.api.id,
        provider=OpenAICompatibleProvider(provider.id, openai_client=client),
        profile=_profile(profile),
    )


def _responses(provider: Provider, model: Model, access: Access) -> Backend[Any]:
    url, key, http = access
    client = AsyncOpenAI(api_key=key, base_url=url, http_client=http, max_retries=0)
    profile = {
        "openai_system_prompt_role": "developer" if model.capabilities.reasoning else "system",
        "openai_supports_encrypted_reasoning_content": model.capabilities.reasoning,
        # Sampling values are ours to leave out, and nothing is dropped with a warning.
        "openai_supports_reasoning": False,
        "supports_thinking": False,
    }
    return OpenAIResponsesModel(
        model.api.id, provider=OpenAIProvider(openai_client=client), profile=_profile(profile)
    )


def _anthropic(provider: Provider, model: Model, access: Access) -> Backend[Any]:
    url, key, http = access
    # The SDK would send a bearer token to any address but its own vendor's.
    headers = {"x-api-key": key, "anthropic-version": ANTHROPIC_VERSION}
    client = AsyncAnthropic(
        api_key=key, base_url=url, http_client=http, max_retries=0, default_headers=headers
    )
    return ClaudeModel(
        model.api.id, provider=AnthropicProvider(anthropic_client=client), profile=_profile({})
    )


def _google(provider: Provider, model: Model, access: Access) -> Backend[Any]:
    url, key, http = access
    base, _, version = url.rpartition("/")
    options = HttpOptions(
        base_url=base,
        api_version=version,
        httpx_async_client=http,
        retry_options=HttpRetryOptions(attempts=1),
    )
    client = GoogleClient(vertexai=False, api_key=key, http_options=options)
    return GoogleModel(model.api.id, provider=GoogleProvider(client=client), profile=_profile({}))


def _profile(wanted: dict[str, Any]) -> Any:
    """Nothing is rewritten on the way: not the schemas, not the text, not the conversation."""
    common = {
        "json_schema_transformer": None,
        "thinking_tags": (NEVER, NEVER),
        "ignore_streamed_leading_whitespace": False,
        "may_tokenize_special_tokens_in_content": False,
        "mimics_assistant_message_formatting": False,
        "context_window": None,
    }

    def resolve(default: ModelProfile) -> ModelProfile:
        return cast(ModelProfile, {**default, **common, **wanted})

    return resolve


class ChatStream(OpenAIStreamedResponse):
    """A chat stream that keeps the provider's own usage and costs nothing a chunk to price."""

    reported: Any = None

    def _map_usage(self, response: ChatCompletionChunk) -> RequestUsage:
        if response.usage is not None:
            self.reported = response.usage
        return RequestUsage()


class ChatModel(OpenAIChatModel):
    """Chat completions in the spelling that is understood everywhere."""

    @property
    def _streamed_response_cls(self) -> type[OpenAIStreamedResponse]:
        return ChatStream

    class _MapModelResponseContext(OpenAIChatModel._MapModelResponseContext):
        def _into_message_param(self) -> chat.ChatCompletionAssistantMessageParam | None:
            message = super()._into_message_param()
            if message is not None:
                # Strict servers refuse null, and text blocks follow one another unseparated.
                message["content"] = "".join(self.texts)
            return message

    async def _map_binary_content_item(
        self, item: BinaryContent
    ) -> chat.ChatCompletionContentPartParam:
        part = await super()._map_binary_content_item(item)
        if part["type"] == "file" and item.vendor_metadata:
            part["file"]["filename"] = item.vendor_metadata["filename"]
        return part


class ClaudeModel(AnthropicModel):
    """Messages with the prompt cache set where the next request will start alike."""

    async def _map_message(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        system, messages = await super()._map_message(*args, **kwargs)
        mark: Any = {"type": "ephemeral"}
        if isinstance(system, str) and system:
            system = [{"type": "text", "text": system}]
        if system:
            system[-1]["cache_control"] = mark
        for message in messages[-2:]:
            content: Any = message["content"]
            if isinstance(content, str):
                content = [{"type": "text", "text": content}]
                message["content"] = content
            # Thinking may not carry a mark.
            if content and content[-1]["type"] not in ("thinking", "redacted_thinking"):
                content[-1]["cache_control"] = mark
        return system, messages
