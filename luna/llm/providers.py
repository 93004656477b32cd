"""The registry of providers: facts about them as data, so that nothing else asks for a provider by name."""

from collections.abc import Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from luna.kernel.errors import BadInput
from luna.kernel.settings import Settings
from luna.kernel.values import Frozen, ModelChoice

Wire = Literal["openai", "anthropic", "google", "openrouter"]
BUILTIN = "builtin"
"""The name that stands for the built-in narrator in a chain. It is not a provider."""


class ProviderFacts(Frozen):
    """What is known of a provider without asking it.

    `host_setting` names the setting that holds its address; `models_route` lists its models below that
    address, `models_key` is the list in the answer and `models_name` the name in each entry. `chat_path` is
    where its chat interface starts. `prices_as` is its name in the bundled price list. `key_route` is asked
    instead of the models to see whether a key is right, where the list of models is public. `one_model` says
    that a server may answer with the model it has, whatever name is asked for.
    """

    name: str
    title: str
    wire: Wire
    local: bool
    host: str = ""
    host_setting: str = ""
    chat_path: str = ""
    models_route: str
    models_key: str = "data"
    models_name: str = "id"
    key_route: str = ""
    key_header: str = "Authorization"
    extra_headers: tuple[tuple[str, str], ...] = ()
    one_model: bool = False
    key_names: tuple[str, ...] = ()
    key_needed: bool = False
    json_schema: bool = True
    prompt_cache: Literal["none", "automatic", "marked"] = "none"
    seed: bool = True
    default_model: str = ""
    small_model: str = ""
    model_prefixes: tuple[str, ...] = ()
    prices_as: str = ""
    unloads: bool = False


_ALL = (
    ProviderFacts(
        name="ollama",
        title="Ollama",
        wire="openai",
        local=True,
        host="http://localhost:11434",
        host_setting="ollama_host",
        chat_path="/v1",
        models_route="/api/tags",
        models_key="models",
        models_name="name",
        prompt_cache="automatic",
        unloads=True,
    ),
    ProviderFacts(
        name="lmstudio",
        title="LM Studio",
        wire="openai",
        local=True,
        host="http://localhost:1234",
        host_setting="lmstudio_host",
        chat_path="/v1",
        models_route="/v1/models",
        prompt_cache="automatic",
    ),
    ProviderFacts(
        name="openai-compatible",
        title="OpenAI-compatible server",
        wire="openai",
        local=True,
        host_setting="openai_base_url",
        chat_path="/v1",
        models_route="/v1/models",
        key_names=("OPENAI_COMPATIBLE_API_KEY",),
        one_model=True,
        prompt_cache="automatic",
    ),
    ProviderFacts(
        name="anthropic",
        title="Anthropic",
        wire="anthropic",
        local=False,
        host="https://api.anthropic.com",
        models_route="/v1/models?limit=1000",
        key_header="x-api-key",
        extra_headers=(("anthropic-version", "2023-06-01"),),
        key_names=("ANTHROPIC_API_KEY",),
        key_needed=True,
        prompt_cache="marked",
        seed=False,
        default_model="claude-sonnet-5-5",
        small_model="claude-haiku-5-5",
        model_prefixes=("claude",),
        prices_as="anthropic",
    ),
    ProviderFacts(
        name="openai",
        title="OpenAI",
        wire="openai",
        local=False,
        host="https://api.openai.com",
        chat_path="/v1",
        models_route="/v1/models",
        key_names=("OPENAI_API_KEY",),
        key_needed=True,
        prompt_cache="automatic",
        default_model="gpt-6.1-sol",
        small_model="gpt-6.1-terra",
        model_prefixes=("gpt-3", "gpt-4", "gpt-5", "gpt-6", "gpt-7", "chatgpt-", "o1", "o3", "o4"),
        prices_as="openai",
    ),
    ProviderFacts(
        name="google",
        title="Google Gemini",
        wire="google",
        local=False,
        host="https://generativelanguage.googleapis.com",
        models_route="/v1beta/models?pageSize=1000",
        key_header="x-goog-api-key",
        models_key="models",
        models_name="name",
        key_names=("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        key_needed=True,
        prompt_cache="automatic",
        default_model="gemini-4-argon",
        small_model="gemini-3.8-flash",
        model_prefixes=("gemini",),
        prices_as="google",
    ),
    ProviderFacts(
        name="openrouter",
        title="OpenRouter",
        wire="openrouter",
        local=False,
        host="https://openrouter.ai",
        chat_path="/api/v1",
        models_route="/api/v1/models",
        key_route="/api/v1/key",
        key_names=("OPENROUTER_API_KEY",),
        key_needed=True,
        prompt_cache="marked",
        default_model="anthropic/claude-sonnet-5.5",
        small_model="anthropic/claude-haiku-5.5",
        prices_as="openrouter",
    ),
)

REGISTRY: Mapping[str, ProviderFacts] = MappingProxyType({facts.name: facts for facts in _ALL})
"""Every provider by its name."""


def facts_of(provider: str) -> ProviderFacts:
    """The facts of a provider. Raises BadInput for a name that is not in the registry."""
    facts = REGISTRY.get(provider)
    if facts is None:
        raise BadInput(
            f"There is no provider called {provider[:60]!r}.",
            f"Known are {', '.join(REGISTRY)} and {BUILTIN}.",
            code="unknown-provider",
        )
    return facts


def checked_host(host: str) -> str:
    """A host as it may be called: http or https, no credentials, no query; without a slash at its end.

    Raises BadInput. Only the administrator names hosts; link-local addresses, where clouds keep their
    machines' secrets, are refused even so.
    """
    try:
        parts = urlsplit(host.strip())
        name, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise _bad_host() from error
    if parts.scheme not in ("http", "https") or not name or parts.username or parts.password:
        raise _bad_host()
    if parts.query or parts.fragment or any(c.isspace() or ord(c) < 32 for c in host.strip()):
        raise _bad_host()
    try:
        if ip_address(name.split("%")[0]).is_link_local:
            raise _bad_host()
    except ValueError:
        pass  # a name, not an address
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _bad_host() -> BadInput:
    return BadInput(
        "That address of a model server cannot be used.",
        "Write it as http://HOST:PORT or https://HOST, without user name, password or query.",
        code="bad-host",
    )


def host_of(settings: Settings, choice: ModelChoice) -> str:
    """The address of a choice: its own, or the one in the settings, or the provider's usual one.

    Raises BadInput when there is none or it cannot be used.
    """
    facts = facts_of(choice.provider)
    host = choice.host
    if not host and facts.host_setting:
        host = str(getattr(settings, facts.host_setting))
    host = host or facts.host
    if not host:
        raise BadInput(
            f"No address is set for the {facts.title}.",
            f"Set {facts.host_setting.upper()}, or name the host in the chain.",
            code="no-host",
        )
    host = checked_host(host)
    # People paste addresses with or without the last part of the path; both are right.
    return host.removesuffix(facts.chat_path) if facts.chat_path else host
