"""Keys of providers: from the environment, or saved encrypted. They never leave through the API or the log."""

import os
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values

from luna.kernel.errors import BadInput, NotFound
from luna.kernel.runtime import Runtime
from luna.kernel.values import Frozen
from luna.llm import store
from luna.llm.providers import REGISTRY, ProviderFacts, facts_of

KeySource = Literal["environment", "saved"]
LONGEST_KEY = 500


class KeyStatus(Frozen):
    """Whether a provider has a key and where it comes from. The key itself is never shown, nor a part of it."""

    provider: str
    needed: bool
    set: bool
    source: KeySource | None
    environment_names: tuple[str, ...]


async def key_for(runtime: Runtime, facts: ProviderFacts) -> str:
    """The key to use for a provider, or "" when there is none.

    A saved key wins over the environment's: who saved one in the product expects it to be used. Raises
    Unavailable when the saved one cannot be decrypted any more.
    """
    if not facts.key_names:
        return ""
    async with runtime.db.read() as tx:
        kept = await store.saved_key(tx, facts.name)
    return runtime.vault.decrypt(kept) if kept else _from_outside(runtime, facts)


async def key_status(runtime: Runtime) -> list[KeyStatus]:
    """The state of every provider's key."""
    async with runtime.db.read() as tx:
        saved = await store.providers_with_keys(tx)
    return [_status(runtime, facts, saved) for facts in REGISTRY.values() if facts.key_names]


async def key_status_of(runtime: Runtime, provider: str) -> KeyStatus:
    """The state of one provider's key. Raises BadInput for an unknown provider."""
    facts = facts_of(provider)
    async with runtime.db.read() as tx:
        saved = await store.providers_with_keys(tx)
    return _status(runtime, facts, saved)


async def save_key(runtime: Runtime, provider: str, key: str) -> KeyStatus:
    """Save a provider's key, encrypted. Raises BadInput for something that cannot be a key."""
    facts = facts_of(provider)
    key = key.strip()
    if not facts.key_names:
        raise BadInput(f"{facts.title} needs no key.", "Only its address is set, in the settings.")
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise BadInput("That is not a key.", "Paste the key alone, without spaces or quotes.")
    async with runtime.db.begin() as tx:
        await store.save_key(tx, provider, runtime.vault.encrypt(key))
    return _status(runtime, facts, {provider})


async def forget_key(runtime: Runtime, provider: str) -> KeyStatus:
    """Forget a saved key. One in the environment stays in force. Raises NotFound when none was saved."""
    facts = facts_of(provider)
    async with runtime.db.begin() as tx:
        if not await store.drop_key(tx, provider):
            raise NotFound("saved key", "Only saved keys can be deleted; others stand in the environment.")
    return _status(runtime, facts, set())


def _status(runtime: Runtime, facts: ProviderFacts, saved: set[str]) -> KeyStatus:
    source: KeySource | None = None
    if facts.name in saved:
        source = "saved"
    elif _from_outside(runtime, facts):
        source = "environment"
    return KeyStatus(
        provider=facts.name,
        needed=facts.key_needed,
        set=source is not None,
        source=source,
        environment_names=facts.key_names,
    )


def _from_outside(runtime: Runtime, facts: ProviderFacts) -> str:
    """The key in the environment, else in a .env file: the same places and order as the settings'."""
    files = (dotenv_values(runtime.data / ".env"), dotenv_values(Path.cwd() / ".env"))
    for source in (os.environ, *files):
        for name in facts.key_names:
            if value := (source.get(name) or "").strip():
                return value
    return ""
