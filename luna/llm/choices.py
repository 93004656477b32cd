"""Which models an agent uses, in which order: presets, custom chains, and the one-turn override.

Behind the end of every chain stands the built-in agent, so an empty chain means the built-in one alone.
"""

from typing import Literal

from luna.kernel.errors import BadInput
from luna.kernel.settings import Settings
from luna.kernel.values import ModelChoice
from luna.llm.providers import BUILTIN, REGISTRY

Agent = Literal["researcher", "strategist", "writer", "suggester"]
AGENTS: tuple[Agent, ...] = ("researcher", "strategist", "writer", "suggester")
Chain = tuple[ModelChoice, ...]

CLOUD_DEFAULT = "anthropic"
"""The provider whose models the presets name when the settings name none."""


def choices_for(settings: Settings, agent: Agent) -> Chain:
    """The chain of an agent, best first. Empty: the built-in agent, no model.

    What stands behind a "builtin" link is never reached, because the built-in agent does not fail.
    """
    chain = _suggester(settings) if agent == "suggester" else _PRESETS[settings.model_preset](settings, agent)
    reachable: list[ModelChoice] = []
    for choice in chain:
        if choice.provider == BUILTIN:
            break
        if choice.model and choice not in reachable:
            reachable.append(choice)
    return tuple(reachable)


def with_override(settings: Settings, agent: Agent, override: str | None) -> Chain:
    """The chain of an agent when a player asks for another model for one turn.

    `override` is a model's name, "provider/model" or "builtin". The usual chain stays behind it. Players
    cannot name hosts. Raises BadInput for a name that cannot be one.
    """
    usual = choices_for(settings, agent)
    name = (override or "").strip()
    if not name:
        return usual
    if name == BUILTIN:
        return ()
    if len(name) > 200 or not name.isprintable():
        raise BadInput("That is not a model's name.", "Write it as MODEL or PROVIDER/MODEL.")
    first = read_choice(name, _like(usual))
    same = next((c for c in usual if c.provider == first.provider), None)
    if same and same.host:
        first = first.model_copy(update={"host": same.host})
    return (first, *(c for c in usual if c != first))


def read_choice(name: str, otherwise: str = "ollama") -> ModelChoice:
    """Read a model's name as people write it: "provider/model", or a name that tells its maker ("claude-…").

    `otherwise` is the provider of a name that tells nothing. Ollama's names may contain slashes themselves.
    """
    head, slash, rest = name.partition("/")
    if slash and head in REGISTRY and rest:
        return ModelChoice(provider=head, model=rest)
    for facts in REGISTRY.values():
        if facts.model_prefixes and name.lower().startswith(facts.model_prefixes) and ":" not in name:
            return ModelChoice(provider=facts.name, model=name)
    return ModelChoice(provider=otherwise, model=name)


def _like(chain: Chain) -> str:
    """The provider a bare name most likely means: the chain's own first local one, else Ollama."""
    return next((c.provider for c in chain if REGISTRY[c.provider].local), "ollama")


def _builtin(_settings: Settings, _agent: Agent) -> Chain:
    return ()


def _custom(settings: Settings, agent: Agent) -> Chain:
    return {
        "researcher": settings.researcher_chain,
        "strategist": settings.strategist_chain,
        "writer": settings.writer_chain,
        "suggester": settings.suggester_chain,
    }[agent]


def _local(settings: Settings, agent: Agent) -> Chain:
    """Everything on machines of one's own. An agent whose model is not set borrows another's."""
    researcher, strategist, writer = (_named(settings, a) for a in ("researcher", "strategist", "writer"))
    if agent == "researcher":
        return _links(researcher if _is_local(researcher) else None)
    own = strategist if agent == "strategist" else writer
    others = (writer, researcher) if agent == "strategist" else (strategist, researcher)
    return _links(next((c for c in (own, *others) if _is_local(c)), None))


def _hybrid(settings: Settings, agent: Agent) -> Chain:
    """The plan, which needs the most thought and the fewest tokens, from the cloud; the rest local."""
    if agent != "strategist":
        return _local(settings, agent)
    return (*_links(_cloud(settings, "strategist")), *_local(settings, "strategist"))


def _premium(settings: Settings, agent: Agent) -> Chain:
    """Everything from the cloud; the researcher's small task from a small model."""
    return _links(_cloud(settings, agent))


_PRESETS = {
    "builtin": _builtin,
    "local": _local,
    "hybrid": _hybrid,
    "premium": _premium,
    "custom": _custom,
}


def _suggester(settings: Settings) -> Chain:
    """Suggestions are small: their own chain, or the researcher's model, or the writer's."""
    if settings.suggestions != "model":
        return ()
    return settings.suggester_chain or choices_for(settings, "researcher") or choices_for(settings, "writer")


def _named(settings: Settings, agent: Agent) -> ModelChoice | None:
    """The model that the settings name for an agent."""
    name = {
        "researcher": settings.preprocessor_model,
        "strategist": settings.strategist_model,
        "writer": settings.writer_model,
        "suggester": "",
    }[agent].strip()
    if not name or name == BUILTIN:
        return None
    choice = read_choice(name)
    wants_server = agent == "researcher" and settings.use_server_for_preprocessing
    if choice.provider == "ollama" and wants_server and settings.ollama_host_server:
        return choice.model_copy(update={"host": settings.ollama_host_server})
    return choice


def _cloud(settings: Settings, agent: Agent) -> ModelChoice:
    """The cloud model of an agent: the one that is named for it, or its sibling's provider's default."""
    named = _named(settings, agent)
    if named and not _is_local(named):
        return named
    sibling = _named(settings, "strategist")
    if sibling and not _is_local(sibling) and agent != "researcher":
        return sibling
    facts = REGISTRY[sibling.provider if sibling and not _is_local(sibling) else CLOUD_DEFAULT]
    return ModelChoice(
        provider=facts.name, model=facts.small_model if agent == "researcher" else facts.default_model
    )


def _is_local(choice: ModelChoice | None) -> bool:
    return choice is not None and REGISTRY[choice.provider].local


def _links(*choices: ModelChoice | None) -> Chain:
    return tuple(c for c in choices if c is not None)
