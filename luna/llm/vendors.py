"""Builds pydantic-ai's model for a provider's wire. The only place that knows the vendors' libraries.

The libraries' own retries are switched off: a second try is a call of its own, with its own ledger row.
"""

import asyncio
import importlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from luna.kernel.values import digest
from luna.llm.clients import client_for
from luna.llm.providers import ProviderFacts, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_ai.models import Model
    from pydantic_ai.settings import ModelSettings

    from luna.llm.types import ChatRequest

THINKING_ROOM = 1024
KEPT = 32
"""How many built models are kept per event loop."""

_built: "WeakKeyDictionary[asyncio.AbstractEventLoop, OrderedDict[str, Model]]" = WeakKeyDictionary()


_LIBRARIES: dict[Wire, tuple[str, ...]] = {
    "openai": ("openai", "pydantic_ai.models.openai", "pydantic_ai.providers.openai_compatible"),
    "anthropic": ("anthropic", "pydantic_ai.models.anthropic"),
    "google": ("google.genai", "pydantic_ai.models.google"),
    "openrouter": ("openai", "pydantic_ai.models.openrouter"),
}
_loaded: set[Wire] = set()


async def load_libraries(wire: Wire) -> None:
    """Import what a wire needs, the first time, beside the event loop: it takes a second or two, in which
    everybody else's streams would stand still."""
    if wire not in _loaded:
        for name in ("pydantic_ai.direct", *_LIBRARIES[wire]):
            await asyncio.to_thread(importlib.import_module, name)
        _loaded.add(wire)


def vendor_model(facts: ProviderFacts, host: str, model: str, key: str) -> "Model":
    """The vendor's model, kept for the next call with the same host, model and key."""
    kept = _built.setdefault(asyncio.get_running_loop(), OrderedDict())
    client = client_for(local=facts.local)
    name = digest(facts.name, host, model, key, str(id(client)))
    found = kept.get(name)
    if found is None:
        builders: dict[Wire, Callable[[ProviderFacts, str, str, str], Model]] = {
            "openai": _openai,
            "anthropic": _anthropic,
            "google": _google,
            "openrouter": _openrouter,
        }
        found = kept[name] = builders[facts.wire](facts, host, model, key)
        while len(kept) > KEPT:
            kept.popitem(last=False)
    kept.move_to_end(name)
    return found


def most_output(facts: ProviderFacts, model: "Model", request: "ChatRequest") -> int:
    """How many tokens an answer may have. Thinking counts at the vendors: who cannot be kept from it gets some
    room for it, or nothing would be left for the text."""
    profile = model.profile
    thinks = profile.get("thinking_always_enabled", False)
    if facts.wire == "google":  # thinks at least a little, whatever is asked
        thinks = thinks or profile.get("supports_thinking", False)
    return request.max_tokens + (THINKING_ROOM if thinks else 0)


def vendor_settings(facts: ProviderFacts, model: "Model", request: "ChatRequest") -> "ModelSettings":
    """The request's numbers as the vendor's libraries want them; what is not set is left out.

    Thinking is switched off, or to the least that a model knows: plans and prose are short, and their prompts
    say what matters.
    """
    settings: dict[str, Any] = {"max_tokens": most_output(facts, model, request), "thinking": False}
    for name, value in (("temperature", request.temperature), ("top_p", request.top_p)):
        if value is not None:
            settings[name] = value
    if request.seed is not None and facts.seed:
        settings["seed"] = request.seed
    if request.stop:
        settings["stop_sequences"] = list(request.stop)
    if facts.prompt_cache == "marked" and request.stable:
        # only the instructions repeat from call to call; the conversation after them does not
        settings["cache"] = {"messages": False}
    return cast("ModelSettings", cast("object", settings))


def _openai_client(facts: ProviderFacts, host: str, key: str) -> Any:
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        base_url=host + facts.chat_path,
        api_key=key or "no-key",
        http_client=client_for(local=facts.local),
        max_retries=0,
    )


def _openai(facts: ProviderFacts, host: str, model: str, key: str) -> "Model":
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    client = _openai_client(facts, host, key)
    if not facts.local:
        return OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client))
    profile = OpenAIModelProfile(
        openai_chat_supports_max_completion_tokens=False,
        openai_chat_supports_multiple_system_messages=False,
        supports_json_schema_output=facts.json_schema,
        json_schema_transformer=None,  # servers with grammars read the schema as it is
    )
    provider = OpenAICompatibleProvider(facts.name, openai_client=client, profile=profile)
    return OpenAIChatModel(model, provider=provider)


def _anthropic(facts: ProviderFacts, host: str, model: str, key: str) -> "Model":
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(
        base_url=host, api_key=key, http_client=client_for(local=facts.local), max_retries=0
    )
    return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))


def _google(facts: ProviderFacts, host: str, model: str, key: str) -> "Model":
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    provider = GoogleProvider(api_key=key, base_url=host, http_client=client_for(local=facts.local))
    return GoogleModel(model, provider=provider)


def _openrouter(facts: ProviderFacts, host: str, model: str, key: str) -> "Model":
    from pydantic_ai.models.openrouter import OpenRouterModel
    from pydantic_ai.providers.openrouter import OpenRouterProvider

    provider = OpenRouterProvider(openai_client=_openai_client(facts, host, key))
    return OpenRouterModel(model, provider=provider)
