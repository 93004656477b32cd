"""Values of the memory slice."""

from luna.kernel.values import Frozen


class Match(Frozen):
    """A turn that a search found, on whatever timeline."""

    turn_id: str
    segment: str
    depth: int
    body: str
    score: float
