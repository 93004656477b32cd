"""Ids made from names: lower-case letters, digits and dashes, never two the same."""

import re
import unicodedata
from collections.abc import Collection

from luna.kernel.values import digest
from luna.turns.events import PLAYER

LONGEST = 48
"""Leaves room for a number at the end within the 64 characters that an id may have."""


def slug(name: str, kind: str = "one") -> str:
    """An id for a name: "Zoë O'Neil" becomes "zoe-oneil". A name without Latin letters gets `kind` and a
    short hash, so that the same name always has the same id."""
    plain = unicodedata.normalize("NFKD", name[:400]).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"['’`\"]", "", plain)
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
    return plain or f"{kind}-{digest(name)[:6]}"


def unique(wanted: str, taken: Collection[str]) -> str:
    """The id itself, or with the first free number behind it. "player" is always taken."""
    number = 1
    candidate = wanted
    while candidate in taken or candidate == PLAYER:
        number += 1
        candidate = f"{wanted}-{number}"
    return candidate
