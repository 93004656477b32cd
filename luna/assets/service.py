"""Keeping pictures and finding them again."""

import asyncio
import os
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp

from luna.assets import store
from luna.assets.pictures import measure
from luna.assets.types import MAX_BYTES, Asset, AssetKind, AssetOrigin, MediaType
from luna.kernel.errors import BadInput, NotFound, Unavailable
from luna.kernel.runtime import Runtime
from luna.kernel.values import new_id, now

ID_LENGTH = 36


async def keep(
    runtime: Runtime,
    owner: str,
    data: bytes,
    media_type: MediaType,
    kind: AssetKind,
    origin: AssetOrigin | None = None,
) -> Asset:
    """Keep a picture and give its asset. Keeping the same content of the same kind again gives the first one.

    The file is complete on the disk before its row exists. Raises BadInput when the bytes are not a whole
    picture of that type or too large, Unavailable when the disk does not take it.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(
            f"The picture has {len(data):,} bytes; {MAX_BYTES:,} are the most.",
            "Make it smaller, then try again.",
            code="picture-too-large",
        )
    width, height = await asyncio.to_thread(measure, data, media_type)
    name = sha256(data).hexdigest()
    await asyncio.to_thread(_write, asset_path(runtime, name), data)
    asset = Asset(
        id=new_id(),
        kind=kind,
        media_type=media_type,
        sha256=name,
        width=width,
        height=height,
        bytes=len(data),
        origin=origin or AssetOrigin(),
        created_at=now(),
    )
    async with runtime.db.begin() as tx:
        return await store.by_content(tx, owner, name, kind) or await store.add(tx, owner, asset)


async def find_asset(runtime: Runtime, owner: str, asset_id: str) -> Asset:
    """An asset's facts. Raises NotFound, for another owner's asset too."""
    found = None
    if len(asset_id) == ID_LENGTH and asset_id.isascii() and asset_id.isprintable():
        async with runtime.db.read() as tx:
            found = await store.by_id(tx, owner, asset_id)
    if found is None:
        raise NotFound("asset")
    return found


async def open_asset(runtime: Runtime, owner: str, asset_id: str) -> tuple[Asset, Path]:
    """An asset and its file. Raises NotFound, for another owner's asset and for a lost file too."""
    asset = await find_asset(runtime, owner, asset_id)
    path = asset_path(runtime, asset.sha256)
    if not await asyncio.to_thread(path.is_file):
        raise NotFound(
            "asset file", "The file is gone from the data folder; the picture has to be made again."
        )
    return asset, path


async def read_asset(runtime: Runtime, owner: str, asset_id: str) -> bytes:
    """The bytes of an asset. Raises as `open_asset` does."""
    _, path = await open_asset(runtime, owner, asset_id)
    return await asyncio.to_thread(path.read_bytes)


def asset_path(runtime: Runtime, name: str) -> Path:
    """Where the content with this hash lies: the first two letters are a folder."""
    return runtime.data / "assets" / name[:2] / name[2:]


def _write(path: Path, data: bytes) -> None:
    """Write a file that is either whole or not there. A file of another size is replaced."""
    if path.exists() and path.stat().st_size == len(data):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = mkstemp(prefix=".new-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, path)
        finally:
            Path(fresh).unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(
            f"The picture could not be saved: {error.strerror or 'the disk does not take it'}.",
            "Check the free space and the rights of the data folder, then try again.",
            code="picture-not-saved",
        ) from error
