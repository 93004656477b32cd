"""One request, one picture among the assets: painted here, kept once."""

import asyncio

from luna.assets import service as assets
from luna.assets.types import AssetOrigin
from luna.imaging.types import ImageRequest
from luna.kernel.runtime import Runtime


async def picture(runtime: Runtime, owner: str, request: ImageRequest, *, turn_id: str | None = None) -> str:
    """Paint a request and keep it; gives the asset's id. Equal pictures are one asset.

    Raises Unavailable when the disk does not take it.
    """
    from luna.imaging.backends.painter import paint  # numpy and Pillow: only who paints pays for them

    data = await asyncio.to_thread(paint, request)
    origin = AssetOrigin(
        backend="painter", request=request.model_dump(mode="json"), seed=request.seed, turn_id=turn_id
    )
    return (await assets.keep(runtime, owner, data, "image/webp", request.kind, origin)).id
