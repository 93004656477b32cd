"""Queries of assets. Every one names the owner."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from luna.assets.tables import AssetRow
from luna.assets.types import Asset
from luna.kernel.database import Transaction


async def by_id(tx: Transaction, owner: str, asset_id: str) -> Asset | None:
    """An owner's asset, or None."""
    row = await tx.scalar(sa.select(AssetRow).where(AssetRow.id == asset_id, AssetRow.owner == owner))
    return _asset(row) if row else None


async def by_content(tx: Transaction, owner: str, sha256: str, kind: str) -> Asset | None:
    """An owner's asset with this content and kind, or None."""
    row = await tx.scalar(
        sa.select(AssetRow).where(AssetRow.owner == owner, AssetRow.sha256 == sha256, AssetRow.kind == kind)
    )
    return _asset(row) if row else None


async def add(tx: Transaction, owner: str, asset: Asset) -> Asset:
    """Add a row, or give the one that another process added for the same content meanwhile."""
    values = asset.model_dump(exclude={"origin"})
    try:
        async with tx.begin_nested():
            tx.add(AssetRow(owner=owner, origin=asset.origin.model_dump(mode="json"), **values))
    except IntegrityError:
        there = await by_content(tx, owner, asset.sha256, asset.kind)
        if there is None:
            raise
        return there
    return asset


def _asset(row: AssetRow) -> Asset:
    return Asset.model_validate(
        {name: getattr(row, name) for name in Asset.model_fields},
    )
