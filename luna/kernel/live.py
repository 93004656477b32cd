"""Live events. (Filled in below.)"""


class LiveEvents:
    """Events of things under way."""
