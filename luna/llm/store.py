"""Queries for saved keys and token calibrations."""

import sqlalchemy as sa

from luna.kernel.database import Transaction
from luna.kernel.values import now
from luna.llm.tables import ProviderKeyRow, TokenCalibrationRow
from luna.llm.tokens import Calibration


async def saved_key(tx: Transaction, provider: str) -> str | None:
    """The encrypted key of a provider."""
    return await tx.scalar(sa.select(ProviderKeyRow.encrypted).where(ProviderKeyRow.provider == provider))


async def providers_with_keys(tx: Transaction) -> set[str]:
    """The providers that have a saved key."""
    return set(await tx.scalars(sa.select(ProviderKeyRow.provider)))


async def save_key(tx: Transaction, provider: str, encrypted: str) -> None:
    """Save or replace an encrypted key."""
    await tx.merge(ProviderKeyRow(provider=provider, encrypted=encrypted, changed_at=now()))


async def drop_key(tx: Transaction, provider: str) -> bool:
    """Forget a saved key. False when there was none."""
    gone = await tx.scalars(
        sa.delete(ProviderKeyRow)
        .where(ProviderKeyRow.provider == provider)
        .returning(ProviderKeyRow.provider)
    )
    return gone.first() is not None


async def calibration(tx: Transaction, provider: str, model: str, *, lock: bool = False) -> Calibration:
    """What is known of a model's token counts; nothing known is the factor 1."""
    query = sa.select(TokenCalibrationRow.factor, TokenCalibrationRow.samples).where(
        TokenCalibrationRow.provider == provider, TokenCalibrationRow.model == model
    )
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    return Calibration(row[0], row[1], model) if row else Calibration(model=model)


async def save_calibration(tx: Transaction, provider: str, model: str, learnt: Calibration) -> None:
    """Keep what was learnt of a model's token counts."""
    await tx.merge(
        TokenCalibrationRow(
            provider=provider, model=model, factor=learnt.factor, samples=learnt.samples, changed_at=now()
        )
    )
