"""Pictures kept by content: whole or not at all, one file for the same bytes, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from luna.app.security import Serving
from luna.app.web import create_app
from luna.assets.service import asset_path, find_asset, keep, open_asset, read_asset
from luna.assets.types import MAX_BYTES, AssetOrigin
from luna.kernel.database import Database
from luna.kernel.errors import BadInput, NotFound, Unavailable
from luna.kernel.http import LOCAL_USER
from luna.kernel.jobs import Jobs
from luna.kernel.live import LiveEvents
from luna.kernel.runtime import Runtime
from luna.kernel.settings import SettingsStore
from luna.kernel.values import new_id
from luna.kernel.vault import Vault


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    """A runtime whose jobs are not started, once on each database."""
    data, boot = tmp_path / "data", new_id()
    return Runtime(
        data=data,
        db=database,
        settings=SettingsStore(database, data, environment={}),
        vault=Vault(data),
        live=LiveEvents(database),
        jobs=Jobs(database, boot, worker=False),
        boot=boot,
        instance="test",
    )


@pytest_asyncio.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the web app on loopback, as the single user."""
    transport = httpx.ASGITransport(create_app(runtime, Serving(host="127.0.0.1", key="")))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8001") as it:
        yield it


def image(colour: str = "red", kind: str = "PNG", size: tuple[int, int] = (20, 10)) -> bytes:
    """A small picture file."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def files(runtime: Runtime) -> list[Path]:
    """Everything in the folder of assets."""
    return [p for p in (runtime.data / "assets").rglob("*") if p.is_file()]


async def test_a_kept_picture_is_found_again(runtime: Runtime) -> None:
    origin = AssetOrigin(backend="painter", request={"place": "quay"}, seed="7", turn_id="t1")
    kept = await keep(runtime, "ada", image(), "image/png", "background", origin)
    assert (kept.width, kept.height, kept.bytes) == (20, 10, len(image()))
    assert await find_asset(runtime, "ada", kept.id) == kept
    assert kept.origin == origin
    assert await read_asset(runtime, "ada", kept.id) == image()
    _, path = await open_asset(runtime, "ada", kept.id)
    assert path == runtime.data / "assets" / kept.sha256[:2] / kept.sha256[2:]


async def test_the_same_content_is_kept_once_per_owner(runtime: Runtime) -> None:
    first = await keep(runtime, "ada", image(), "image/png", "background")
    again = await keep(runtime, "ada", image(), "image/png", "background", AssetOrigin(turn_id="later"))
    other = await keep(runtime, "bob", image(), "image/png", "background")
    portrait = await keep(runtime, "ada", image(), "image/png", "portrait")
    assert again == first
    assert len({first.id, other.id, portrait.id}) == 3
    assert len(files(runtime)) == 1


async def test_many_keep_the_same_at_once(runtime: Runtime) -> None:
    kept = await asyncio.gather(*(keep(runtime, "ada", image(), "image/png", "upload") for _ in range(8)))
    assert len({asset.id for asset in kept}) == 1
    assert len(files(runtime)) == 1


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"", "image/png"),
        (b"<html><script>alert(1)</script>", "image/png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (image(kind="JPEG"), "image/png"),
        (image(size=(300, 300))[:200], "image/png"),
        (image(kind="WEBP", size=(300, 300))[:60], "image/webp"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "image/png"),
        (b"BM" + bytes(60), "image/bmp"),
    ],
)
async def test_only_whole_pictures_of_the_named_type_are_kept(
    runtime: Runtime, data: bytes, media_type: str
) -> None:
    with pytest.raises(BadInput):
        await keep(runtime, "ada", data, media_type, "upload")  # type: ignore[arg-type]
    assert not (runtime.data / "assets").exists()


async def test_a_small_file_with_a_huge_picture_is_refused(runtime: Runtime) -> None:
    out = BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    with pytest.raises(BadInput) as refused:
        await keep(runtime, "ada", out.getvalue(), "image/png", "upload")
    assert refused.value.code in ("picture-too-large", "not-a-picture")
    with pytest.raises(BadInput):
        await keep(runtime, "ada", bytes(MAX_BYTES + 1), "image/png", "upload")


async def test_a_disk_that_refuses_leaves_no_row(runtime: Runtime) -> None:
    """The row comes after the file: there is never an asset whose file was not written."""
    runtime.data.mkdir(exist_ok=True)
    (runtime.data / "assets").write_text("a file where the folder should be")
    with pytest.raises(Unavailable) as refused:
        await keep(runtime, "ada", image(), "image/png", "upload")
    assert refused.value.code == "picture-not-saved"
    (runtime.data / "assets").unlink()
    kept = await keep(runtime, "ada", image(), "image/png", "upload")
    assert await read_asset(runtime, "ada", kept.id) == image()


async def test_a_damaged_file_is_mended_by_keeping_it_again(runtime: Runtime) -> None:
    kept = await keep(runtime, "ada", image(), "image/png", "upload")
    asset_path(runtime, kept.sha256).write_bytes(image()[:10])
    await keep(runtime, "ada", image(), "image/png", "upload")
    assert await read_asset(runtime, "ada", kept.id) == image()


@pytest.mark.parametrize(
    "asset_id", ["", "x", "../../etc/passwd", "\x00" * 36, "é" * 36, "a" * 36, "a" * 5000]
)
async def test_no_such_asset(runtime: Runtime, asset_id: str) -> None:
    with pytest.raises(NotFound):
        await find_asset(runtime, "ada", asset_id)


async def test_another_owner_and_a_lost_file_are_not_found(runtime: Runtime) -> None:
    kept = await keep(runtime, "ada", image(), "image/png", "upload")
    with pytest.raises(NotFound):
        await open_asset(runtime, "bob", kept.id)
    asset_path(runtime, kept.sha256).unlink()
    with pytest.raises(NotFound) as lost:
        await read_asset(runtime, "ada", kept.id)
    assert lost.value.code == "asset-file-not-found"


async def test_routes_give_facts_and_file(runtime: Runtime, client: httpx.AsyncClient) -> None:
    kept = await keep(runtime, LOCAL_USER, image(kind="WEBP"), "image/webp", "background")
    facts = await client.get(f"/assets/{kept.id}")
    assert facts.status_code == 200
    assert facts.json()["sha256"] == kept.sha256
    got = await client.get(f"/assets/{kept.id}/file")
    assert got.content == image(kind="WEBP")
    assert got.headers["content-type"] == "image/webp"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in got.headers["cache-control"]
    assert "private" in got.headers["cache-control"]
    again = await client.get(f"/assets/{kept.id}/file", headers={"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_routes_hide_what_belongs_to_others(runtime: Runtime, client: httpx.AsyncClient) -> None:
    kept = await keep(runtime, "somebody-else", image(), "image/png", "upload")
    for path in (f"/assets/{kept.id}", f"/assets/{kept.id}/file", "/assets/nothing", "/assets/%00/file"):
        answer = await client.get(path)
        assert answer.status_code in (404, 422), path
        assert answer.headers["content-type"] == "application/problem+json"
        assert "hint" in answer.json()
