"""Verbs of the chat models that spend nothing: the registry as shown, and counting tokens."""

from luna.kernel.runtime import Runtime
from luna.kernel.values import ModelChoice
from luna.llm import store
from luna.llm.tokens import Calibration

SETTLED = 5
CLOSE_ENOUGH = 0.01


async def calibration_of(runtime: Runtime, choice: ModelChoice) -> Calibration:
    """The token counter of a model, as corrected by what its provider reported until now."""
    async with runtime.db.read() as tx:
        return await store.calibration(tx, choice.provider, choice.model)


async def learn_tokens(
    runtime: Runtime, choice: ModelChoice, known: Calibration, counted: int, reported: int
) -> None:
    """Learn from a call whose prompt was `counted` offline and `reported` by the provider.

    `known` is what was in force for the call: when it needs no correction, nothing is written.
    """
    if known.samples >= SETTLED and abs(known.after(counted, reported).factor - known.factor) < CLOSE_ENOUGH:
        return
    async with runtime.db.begin() as tx:
        newest = await store.calibration(tx, choice.provider, choice.model, lock=True)
        learnt = newest.after(counted, reported)
        if learnt != newest:
            await store.save_calibration(tx, choice.provider, choice.model, learnt)
