"""What an asset is: a picture kept by the hash of its content, and where it comes from."""

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from luna.kernel.values import Frozen

AssetKind = Literal["background", "portrait", "illustration", "upload"]
MediaType = Literal["image/png", "image/jpeg", "image/webp", "image/gif"]

MAX_BYTES = 25 * 1024 * 1024
"""Largest picture that is kept, in bytes."""

MAX_PIXELS = 40_000_000
"""Largest picture that is decoded, in pixels: a small file may hold a huge one."""


class AssetOrigin(Frozen):
    """Where a picture comes from. `backend` made it from `request`; `turn_id` is the turn it was made for."""

    backend: str = ""
    request: dict[str, JsonValue] | None = None
    seed: str = ""
    turn_id: str | None = None
    notes: dict[str, JsonValue] = {}


class Asset(Frozen):
    """A kept picture. `bytes` is its size; `sha256` names its content."""

    id: str
    kind: AssetKind
    media_type: MediaType
    sha256: str
    width: int
    height: int
    bytes: int
    origin: AssetOrigin
    created_at: datetime
