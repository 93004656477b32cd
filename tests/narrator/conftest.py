"""Worlds to tell, thick and thin."""

import pytest
from telling import CARD, LORE, PREMISE

from luna.narrator import service
from luna.turns.world import World

WORLDS = {
    "low_hythe": service.builtin_world("low_hythe"),
    "karst_ledger": service.builtin_world("karst_ledger"),
    "card": CARD,
    "premise": PREMISE,
    "lore": LORE,
}


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    """Each of the worlds in turn."""
    return WORLDS[request.param]
