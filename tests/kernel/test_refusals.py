"""What a database refuses to keep is the request's fault and said so, on both databases."""

import pytest

from luna.accounts.tables import AttemptRow
from luna.kernel.database import Database
from luna.kernel.errors import BadInput
from luna.kernel.values import now


async def test_a_number_beyond_64_bits(database: Database) -> None:
    with pytest.raises(BadInput) as refused:
        async with database.begin() as tx:
            tx.add(AttemptRow(key="k", count=2**70, since=now()))
    assert refused.value.code == "cannot-be-stored"
    async with database.read() as tx:
        assert await tx.get(AttemptRow, "k") is None


async def test_a_nul_character(database: Database) -> None:
    if database.is_sqlite:
        return  # it keeps them
    with pytest.raises(BadInput) as refused:
        async with database.begin() as tx:
            tx.add(AttemptRow(key="a\x00b", count=1, since=now()))
    assert refused.value.code == "cannot-be-stored"
