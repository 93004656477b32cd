"""The files of a graph's pictures, for every exporter: kept ones are read, asked-for ones are painted."""

import asyncio

from luna.assets import service as assets
from luna.kernel.errors import NotFound
from luna.kernel.runtime import Runtime
from luna.scenes.types import Picture, SceneGraph


async def gather_pictures(runtime: Runtime, owner: str, graph: SceneGraph) -> dict[str, bytes]:
    """The bytes of each picture by its key in the graph. What cannot be had is left out: exporters say so."""
    found: dict[str, bytes] = {}
    for key, picture in graph.meta.pictures.items():
        data = await _picture(runtime, owner, picture)
        if data is not None:
            found[key] = data
    return found


async def _picture(runtime: Runtime, owner: str, picture: Picture) -> bytes | None:
    if picture.asset_id:
        try:
            return await assets.read_asset(runtime, owner, picture.asset_id)
        except NotFound:
            pass  # lost or not theirs: painted again when the request is known
    if picture.request is None:
        return None
    from luna.imaging.backends.painter import paint  # numpy and Pillow, only when something is painted

    return await asyncio.to_thread(paint, picture.request)
