"""Where the pictures of cards are kept: the one place that knows."""

import asyncio
from hashlib import sha256
from pathlib import Path

from luna.kernel.runtime import Runtime


async def keep_portrait(runtime: Runtime, owner: str, picture: bytes) -> str | None:
    """Keep the PNG of a card byte for byte and give its id."""
    name = sha256(f"{owner}:".encode() + picture).hexdigest()[:36]
    await asyncio.to_thread(_write, _path(runtime, name), picture)
    return name


async def read_portrait(runtime: Runtime, owner: str, portrait: str) -> bytes | None:
    """The PNG with this id, or None when it is gone."""
    path = _path(runtime, portrait)
    return await asyncio.to_thread(path.read_bytes) if path.exists() else None


def _path(runtime: Runtime, name: str) -> Path:
    return runtime.data / "portraits" / f"{name}.png"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
