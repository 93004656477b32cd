"""Which models an agent gets: presets, custom chains, the override of one turn."""

from typing import Any

import pytest

from luna.kernel.errors import BadInput
from luna.kernel.settings import Settings
from luna.kernel.values import ModelChoice
from luna.llm.choices import AGENTS, choices_for, read_choice, with_override
from luna.llm.providers import checked_host, host_of

DOCUMENT = {
    "preprocessor_model": "luna-preprocessor",
    "strategist_model": "claude-sonnet-4-20250514",
    "writer_model": "darkplanet",
    "ollama_host_server": "http://100.90.184.52:11434",
    "use_server_for_preprocessing": True,
}


def names(settings: Settings, agent: Any) -> list[str]:
    return [f"{c.provider}/{c.model}" for c in choices_for(settings, agent)]


def test_builtin_uses_no_model() -> None:
    for agent in AGENTS:
        assert choices_for(Settings(**DOCUMENT), agent) == ()


def test_hybrid_plans_in_the_cloud_and_writes_at_home() -> None:
    settings = Settings(model_preset="hybrid", **DOCUMENT)
    assert names(settings, "strategist") == ["anthropic/claude-sonnet-4-20250514", "ollama/darkplanet"]
    assert names(settings, "writer") == ["ollama/darkplanet"]
    (researcher,) = choices_for(settings, "researcher")
    assert researcher.host == "http://100.90.184.52:11434"
    assert host_of(settings, researcher) == "http://100.90.184.52:11434"
    at_home = settings.model_copy(update={"use_server_for_preprocessing": False})
    assert host_of(at_home, choices_for(at_home, "researcher")[0]) == "http://localhost:11434"


def test_local_never_leaves_the_house() -> None:
    settings = Settings(model_preset="local", **DOCUMENT)
    for agent in AGENTS:
        assert all(name.startswith("ollama/") for name in names(settings, agent))
    assert names(settings, "strategist") == ["ollama/darkplanet"]
    assert names(Settings(model_preset="local"), "writer") == []


def test_premium_is_all_cloud() -> None:
    settings = Settings(model_preset="premium", **DOCUMENT)
    assert names(settings, "strategist") == ["anthropic/claude-sonnet-4-20250514"]
    assert names(settings, "writer") == ["anthropic/claude-sonnet-4-20250514"]
    assert names(settings, "researcher")[0].startswith("anthropic/claude-haiku")
    gpt = Settings(model_preset="premium", strategist_model="gpt-4.1")
    assert names(gpt, "writer") == ["openai/gpt-4.1"]
    assert names(gpt, "researcher")[0].startswith("openai/")


def test_custom_chains_stop_at_the_builtin() -> None:
    chain = (
        ModelChoice(provider="lmstudio", model="a"),
        ModelChoice(provider="lmstudio", model="a"),
        ModelChoice(provider="builtin"),
        ModelChoice(provider="openai", model="b"),
    )
    settings = Settings(model_preset="custom", writer_chain=chain)
    assert names(settings, "writer") == ["lmstudio/a"]
    assert names(settings, "strategist") == []


def test_suggestions_come_from_a_model_only_when_wanted() -> None:
    settings = Settings(model_preset="hybrid", **DOCUMENT)
    assert names(settings, "suggester") == []
    wanted = settings.model_copy(update={"suggestions": "model"})
    assert names(wanted, "suggester") == ["ollama/luna-preprocessor"]


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("darkplanet", "ollama", "darkplanet"),
        ("nemo_writing_roleplay", "ollama", "nemo_writing_roleplay"),
        ("mdq100/Gemma3-Instruct-Abliterated:12b", "ollama", "mdq100/Gemma3-Instruct-Abliterated:12b"),
        ("lmstudio/qwen3-8b", "lmstudio", "qwen3-8b"),
        ("openrouter/anthropic/claude-sonnet-5.5", "openrouter", "anthropic/claude-sonnet-5.5"),
        ("claude-sonnet-4-20250514", "anthropic", "claude-sonnet-4-20250514"),
        ("gpt-oss:20b", "ollama", "gpt-oss:20b"),
        ("gpt-oss", "ollama", "gpt-oss"),
        ("gpt-6.1-sol", "openai", "gpt-6.1-sol"),
        ("gemini-4-argon", "google", "gemini-4-argon"),
    ],
)
def test_names_as_people_write_them(name: str, provider: str, model: str) -> None:
    assert read_choice(name) == ModelChoice(provider=provider, model=model)


def test_an_override_goes_before_the_usual_chain() -> None:
    settings = Settings(model_preset="hybrid", **DOCUMENT)
    chain = with_override(settings, "writer", "nemo_writing_roleplay")
    assert [c.model for c in chain] == ["nemo_writing_roleplay", "darkplanet"]
    assert with_override(settings, "writer", None) == choices_for(settings, "writer")
    assert with_override(settings, "writer", " ") == choices_for(settings, "writer")
    assert with_override(settings, "writer", "builtin") == ()
    assert with_override(settings, "writer", "darkplanet") == choices_for(settings, "writer")
    server = ModelChoice(provider="openai-compatible", model="a", host="http://gpu:8080")
    custom = Settings(model_preset="custom", writer_chain=(server,))
    assert with_override(custom, "writer", "b")[0] == server.model_copy(update={"model": "b"})
    for bad in ("x" * 201, "a\x00b", "a\nb"):
        with pytest.raises(BadInput):
            with_override(settings, "writer", bad)


@pytest.mark.parametrize(
    "host",
    [
        "file:///etc/passwd", "gopher://x", "http://", "//x", "localhost:11434", "http://user:pw@host",
        "http://host?x=1", "http://host#x", "http://a b", "http://host:99999", "http://169.254.169.254",
        "http://[fe80::1]", "http://ho\x00st", "javascript:alert(1)", "",
    ],
)  # fmt: skip
def test_hosts_that_are_refused(host: str) -> None:
    with pytest.raises(BadInput):
        checked_host(host)


def test_hosts_are_read_kindly() -> None:
    settings = Settings(openai_base_url="http://gpu:8080/v1/")
    assert host_of(settings, ModelChoice(provider="openai-compatible")) == "http://gpu:8080"
    proxy = ModelChoice(provider="openai", model="x", host="https://proxy.example.com/openai/v1")
    assert host_of(settings, proxy) == "https://proxy.example.com/openai"
    with pytest.raises(BadInput, match="No address"):
        host_of(Settings(), ModelChoice(provider="openai-compatible", model="x"))
    with pytest.raises(BadInput, match="no provider"):
        host_of(settings, ModelChoice(provider="nobody", model="x"))
