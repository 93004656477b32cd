"""HTTP routes of the models: what there is, what is in force, keys, tests. Chains change through settings."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from luna.kernel.errors import ProviderError, Unavailable
from luna.kernel.http import PROBLEMS, Admin, Asking, Running
from luna.kernel.values import ModelChoice
from luna.llm import detect as detection
from luna.llm import keys
from luna.llm.choices import AGENTS, Agent, choices_for
from luna.llm.detect import Checked, Detected
from luna.llm.keys import KeyStatus
from luna.llm.providers import REGISTRY

router = APIRouter(prefix="/models", tags=["models"], responses=PROBLEMS)

Preset = Literal["builtin", "local", "hybrid", "premium", "custom"]
PRESETS: tuple[Preset, ...] = ("builtin", "local", "hybrid", "premium", "custom")


class ProviderShown(BaseModel):
    """A provider of the registry. `host` is its usual address, `host_setting` the setting that names it."""

    name: str
    title: str
    local: bool
    host: str
    host_setting: str
    key_needed: bool
    key_set: bool
    json_schema: bool
    prompt_cache: Literal["none", "automatic", "marked"]
    default_model: str


class ChainShown(BaseModel):
    """An agent's models, best first; behind the last one always stands the built-in agent."""

    agent: Agent
    chain: list[ModelChoice]


class PresetShown(BaseModel):
    """What a preset would mean with the models that are set now."""

    name: Preset
    in_force: bool
    agents: list[ChainShown]


class ModelsShown(BaseModel):
    """The registry, the chains in force for the next turn, and the presets."""

    preset: Preset
    providers: list[ProviderShown]
    agents: list[ChainShown]
    presets: list[PresetShown]


class KeyGiven(BaseModel):
    """A key to save. It is encrypted at once and never given out again."""

    key: Annotated[str, Field(min_length=1, max_length=keys.LONGEST_KEY)]


class ModelNames(BaseModel):
    """The models that a provider offers."""

    provider: str
    models: list[str]


@router.get("")
async def show_models(runtime: Running, asker: Asking) -> ModelsShown:
    """Providers, presets, and the chain of each agent as the next turn will use it."""
    settings = await runtime.settings.current()
    has_key = {status.provider: status.set for status in await keys.key_status(runtime)}

    def chains(preset: Preset) -> list[ChainShown]:
        as_if = settings.model_copy(update={"model_preset": preset})
        return [ChainShown(agent=agent, chain=list(choices_for(as_if, agent))) for agent in AGENTS]

    return ModelsShown(
        preset=settings.model_preset,
        providers=[
            ProviderShown(
                name=facts.name,
                title=facts.title,
                local=facts.local,
                host=facts.host,
                host_setting=facts.host_setting,
                key_needed=facts.key_needed,
                key_set=has_key.get(facts.name, False),
                json_schema=facts.json_schema,
                prompt_cache=facts.prompt_cache,
                default_model=facts.default_model,
            )
            for facts in REGISTRY.values()
        ],
        agents=chains(settings.model_preset),
        presets=[
            PresetShown(name=name, in_force=name == settings.model_preset, agents=chains(name))
            for name in PRESETS
        ],
    )


@router.get("/detect")
async def detect_models(runtime: Running, admin: Admin) -> list[Detected]:
    """Look for Ollama, LM Studio and the configured OpenAI-compatible server. No other host is contacted."""
    return await detection.detect(await runtime.settings.current())


@router.post("/test")
async def test_model(runtime: Running, admin: Admin, choice: ModelChoice) -> Checked:
    """Test a provider, key, host and model without spending a token."""
    return await detection.check_provider(runtime, choice)


@router.get("/keys")
async def list_keys(runtime: Running, admin: Admin) -> list[KeyStatus]:
    """Which keys are set and where they come from. Never the keys."""
    return await keys.key_status(runtime)


@router.get("/keys/{provider}")
async def show_key(runtime: Running, admin: Admin, provider: str) -> KeyStatus:
    """Whether a provider's key is set and where it comes from. Never the key."""
    return await keys.key_status_of(runtime, provider)


@router.put("/keys/{provider}")
async def save_key(runtime: Running, admin: Admin, provider: str, given: KeyGiven) -> KeyStatus:
    """Save a provider's key, encrypted."""
    return await keys.save_key(runtime, provider, given.key)


@router.delete("/keys/{provider}")
async def forget_key(runtime: Running, admin: Admin, provider: str) -> KeyStatus:
    """Forget a saved key. One in the environment stays in force."""
    return await keys.forget_key(runtime, provider)


@router.get("/{provider}/list")
async def list_models(
    runtime: Running,
    admin: Admin,
    provider: str,
    host: Annotated[str | None, Query(max_length=300, description="Another host than the usual one")] = None,
) -> ModelNames:
    """The models that a provider offers."""
    try:
        return ModelNames(provider=provider, models=await detection.list_models(runtime, provider, host))
    except ProviderError as error:
        raise Unavailable(
            error.message, "POST /models/test says more.", code="provider-failed", fault=error.kind.value
        ) from error
