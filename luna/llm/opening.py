"""Opens chat models. Only the ledger (luna.costs) may import this: every call is metered."""

from luna.kernel.runtime import Runtime
from luna.kernel.values import ModelChoice
from luna.llm.keys import key_for
from luna.llm.model import VendorModel
from luna.llm.providers import facts_of, host_of
from luna.llm.vendors import load_libraries


async def open_model(runtime: Runtime, choice: ModelChoice) -> VendorModel:
    """A chat model ready to be asked, with the host and key that are in force now.

    Raises BadInput for an unknown provider or an unusable host.
    """
    settings = await runtime.settings.current()
    facts = facts_of(choice.provider)
    host = host_of(settings, choice)
    key = await key_for(runtime, facts)
    await load_libraries(facts.wire)
    return VendorModel(facts, choice, host, key, unload=settings.auto_unload_vram)
