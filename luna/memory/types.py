"""Values of the memory slice."""

from typing import NamedTuple


class Hit(NamedTuple):
    """A turn that has a word, on whatever timeline. `number` counts the rows of the index."""

    number: int
    turn_id: str
    segment: str
    depth: int
