"""Turns in the making, for the slices above: each verb runs in the caller's transaction."""

from luna.story.telling_store import (
    ask_stop,
    claim_retake,
    claim_turn,
    finish,
    get,
    renew,
    stops_asked,
    take_orphans,
)

__all__ = [
    "ask_stop",
    "claim_retake",
    "claim_turn",
    "finish",
    "get",
    "renew",
    "stops_asked",
    "take_orphans",
]
