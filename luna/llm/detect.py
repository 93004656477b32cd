"""Finding model servers on this machine, listing what they have, and testing a choice without spending."""

import asyncio
import json
import time
from typing import Any, cast

from luna.kernel.errors import BadInput, LunaError, ProviderFault
from luna.kernel.runtime import Runtime
from luna.kernel.settings import Settings
from luna.kernel.values import Frozen, ModelChoice
from luna.llm.clients import client_for
from luna.llm.faults import fault_from_status, make_fault
from luna.llm.keys import key_for
from luna.llm.providers import BUILTIN, REGISTRY, ProviderFacts, checked_host, facts_of, host_of
from luna.llm.types import ModelFault

DETECT_SECONDS = 0.6
CHECK_SECONDS = 10.0
MAX_LIST = 4_000_000
"""Longest list of models that is read, in bytes."""


class Detected(Frozen):
    """A place where a model server may be, and what was found there."""

    provider: str
    title: str
    host: str
    reachable: bool
    models: tuple[str, ...] = ()
    latency_ms: float = 0.0
    error: str = ""


class Checked(Frozen):
    """The outcome of a test. `message` is in plain words; `fault` its kind when it failed."""

    ok: bool
    provider: str
    model: str
    host: str
    latency_ms: float
    message: str
    fault: ProviderFault | None = None


async def detect(settings: Settings) -> list[Detected]:
    """Look for Ollama, LM Studio and the configured OpenAI-compatible server, all at once and shortly.

    Only these hosts are contacted, and no key is sent to them.
    """
    places = [
        ("ollama", settings.ollama_host),
        ("ollama", settings.ollama_host_server),
        ("lmstudio", settings.lmstudio_host),
        ("openai-compatible", settings.openai_base_url),
    ]
    wanted = dict.fromkeys((provider, host) for provider, host in places if host)
    return list(await asyncio.gather(*(_look(REGISTRY[name], host, settings) for name, host in wanted)))


async def _look(facts: ProviderFacts, host: str, settings: Settings) -> Detected:
    began = time.perf_counter()
    try:
        host = host_of(settings, ModelChoice(provider=facts.name, host=host))
        models = await models_at(facts, host, "", DETECT_SECONDS)
    except ModelFault as fault:
        # who asks for a key is there, too
        there = fault.kind is ProviderFault.unauthorized
        error = "It asks for a key." if there else fault.message
        return Detected(
            provider=facts.name,
            title=facts.title,
            host=host,
            reachable=there,
            error=error,
            latency_ms=_since(began),
        )
    except BadInput as error:
        return Detected(provider=facts.name, title=facts.title, host="", reachable=False, error=error.message)
    return Detected(
        provider=facts.name,
        title=facts.title,
        host=host,
        reachable=True,
        models=tuple(models),
        latency_ms=_since(began),
    )


async def list_models(runtime: Runtime, provider: str, host: str | None = None) -> list[str]:
    """The models that a provider offers. Raises BadInput, ModelFault."""
    settings = await runtime.settings.current()
    facts = facts_of(provider)
    address = host_of(settings, ModelChoice(provider=provider, host=host))
    return await models_at(facts, address, await key_for(runtime, facts), CHECK_SECONDS)


async def check_provider(runtime: Runtime, choice: ModelChoice) -> Checked:
    """Test a choice: is the host there, the key right, the model known? It spends no tokens."""
    began = time.perf_counter()
    host = choice.host or ""
    if choice.provider == BUILTIN:
        return _checked(choice, "", began, "The built-in narrator is always there.", None)
    try:
        facts = facts_of(choice.provider)
        host = host_of(await runtime.settings.current(), choice)
        key = await key_for(runtime, facts)
        if facts.key_needed and not key:
            raise ModelFault(
                ProviderFault.unauthorized,
                f"There is no key for {facts.title}. Set {facts.key_names[0]} or save one.",
            )
        if facts.key_route:
            await _get(facts, host + facts.key_route, host, key, CHECK_SECONDS)
        names = await models_at(facts, host, key, CHECK_SECONDS)
    except ModelFault as fault:
        return _checked(choice, host, began, fault.message, fault.kind)
    except LunaError as error:
        return _checked(choice, host, began, error.message, ProviderFault.missing_resource)
    if choice.model and not facts.one_model and not _has(names, choice.model):
        fault = make_fault(facts, host, ProviderFault.missing_resource, model=choice.model)
        return _checked(choice, host, began, fault.message, fault.kind)
    there = f"with {len(names)} models" if len(names) != 1 else f"with the model {names[0]}"
    return _checked(choice, host, began, f"{facts.title} answers {there}.", None)


def _checked(
    choice: ModelChoice, host: str, began: float, message: str, fault: ProviderFault | None
) -> Checked:
    return Checked(
        ok=fault is None,
        provider=choice.provider,
        model=choice.model,
        host=host,
        latency_ms=_since(began),
        message=message,
        fault=fault,
    )


def _has(names: list[str], model: str) -> bool:
    """Ollama calls "name" what it lists as "name:latest"."""
    return model in names or f"{model}:latest" in names


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)


async def models_at(facts: ProviderFacts, host: str, key: str, seconds: float) -> list[str]:
    """The names of the models at a host, sorted. Raises ModelFault."""
    answer = await _get(facts, checked_host(host) + facts.models_route, host, key, seconds)
    found: object = (
        cast("dict[str, object]", answer).get(facts.models_key) if isinstance(answer, dict) else None
    )
    if not isinstance(found, list):
        raise make_fault(facts, host, ProviderFault.bad_output, cause="no list of models")
    names: list[str] = []
    for entry in cast("list[object]", found):
        name = cast("dict[str, object]", entry).get(facts.models_name) if isinstance(entry, dict) else None
        if isinstance(name, str) and 0 < len(name) <= 200:
            names.append(name.removeprefix("models/"))
    return sorted(names)


async def _get(facts: ProviderFacts, url: str, host: str, key: str, seconds: float) -> Any:
    """Ask for JSON, read no more than `MAX_LIST` bytes of it. Raises ModelFault."""
    import httpx2

    headers = dict(facts.extra_headers)
    if key:
        headers[facts.key_header] = f"Bearer {key}" if facts.key_header == "Authorization" else key
    try:
        async with asyncio.timeout(seconds):
            async with client_for(local=facts.local).stream("GET", url, headers=headers) as answer:
                raw = bytearray()
                async for part in answer.aiter_bytes():
                    raw += part
                    if len(raw) > MAX_LIST:
                        raise make_fault(facts, host, ProviderFault.bad_output, cause="too long a list")
    except TimeoutError:
        raise make_fault(facts, host, ProviderFault.unavailable, cause="no answer in time") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise make_fault(facts, host, ProviderFault.unavailable, cause=type(error).__name__) from None
    if answer.status_code != 200:
        raise fault_from_status(facts, host, answer.status_code, raw.decode("utf-8", "replace")[:20_000])
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise make_fault(facts, host, ProviderFault.bad_output, cause="not JSON") from None
