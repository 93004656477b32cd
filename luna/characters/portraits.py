"""Where the pictures of cards are kept: the one place that knows."""

from luna.assets.service import keep, read_asset
from luna.assets.types import AssetOrigin
from luna.kernel.errors import NotFound
from luna.kernel.runtime import Runtime


async def keep_portrait(runtime: Runtime, owner: str, picture: bytes) -> str:
    """Keep the PNG of a card byte for byte and give the id of its asset. Raises BadInput when it cannot be
    decoded or is too large."""
    origin = AssetOrigin(notes={"from": "character card"})
    return (await keep(runtime, owner, picture, "image/png", "portrait", origin)).id


async def read_portrait(runtime: Runtime, owner: str, portrait: str) -> bytes | None:
    """The PNG with this id, or None when it is gone."""
    try:
        return await read_asset(runtime, owner, portrait)
    except NotFound:
        return None
