"""HTTP of lorebooks and worlds."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Response, UploadFile

from luna.kernel.http import PROBLEMS, Asking, Running
from luna.worlds import service
from luna.worlds.incoming import too_large
from luna.worlds.types import (
    MAX_BOOK_BYTES,
    LorebookDetail,
    LorebookImported,
    LorebookPage,
    LorebookSort,
    LorebookView,
    NewLorebook,
    NewWorld,
    Tier,
    WorldDetail,
    WorldView,
)

router = APIRouter(tags=["worlds"], responses=PROBLEMS)

Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
BOOK_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The lorebook as a file",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.post("/lorebooks/upload", status_code=201)
async def upload_lorebook(
    runtime: Running,
    asker: Asking,
    file: UploadFile,
    storage_tier: Annotated[Tier, Form()] = "hot",
    universe_name: Annotated[str, Form(max_length=200)] = "",
) -> LorebookImported:
    """Take in a lorebook file: World Info of SillyTavern, a card's character_book, or a card that has one."""
    raw = await file.read(MAX_BOOK_BYTES + 1)
    if len(raw) > MAX_BOOK_BYTES:
        raise too_large("lorebook", MAX_BOOK_BYTES)
    return await service.import_book(
        runtime, asker.id, raw, filename=file.filename or "", name=universe_name, tier=storage_tier
    )


@router.post("/lorebooks", status_code=201)
async def create_lorebook(runtime: Running, asker: Asking, new: NewLorebook) -> LorebookView:
    """Make an empty lorebook (a universe)."""
    return await service.make_book(runtime, asker.id, new)


@router.get("/lorebooks")
async def list_lorebooks(
    runtime: Running,
    asker: Asking,
    tier: Tier | Literal["all"] = "all",
    sort_by: LorebookSort = "created_at",
    limit: Limit = 50,
    offset: Offset = 0,
) -> LorebookPage:
    """List lorebooks. Names sort from A to Z, everything else from the largest or newest."""
    only = None if tier == "all" else tier
    return await service.list_books(runtime, asker.id, only, sort_by, limit, offset)


@router.get("/lorebooks/{lorebook_id}")
async def get_lorebook(
    runtime: Running, asker: Asking, lorebook_id: str, limit: Limit = 50, offset: Offset = 0
) -> LorebookDetail:
    """A lorebook with a page of its entries, in the order of the file."""
    return await service.show_book(runtime, asker.id, lorebook_id, limit, offset)


@router.get("/lorebooks/{lorebook_id}/export", response_class=Response, responses=BOOK_FILE)
async def export_lorebook(runtime: Running, asker: Asking, lorebook_id: str) -> Response:
    """The lorebook as a file, in the format it came in."""
    name, content = await service.export_book(runtime, asker.id, lorebook_id)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/json", headers=headers)


@router.delete("/lorebooks/{lorebook_id}", status_code=204)
async def delete_lorebook(runtime: Running, asker: Asking, lorebook_id: str) -> None:
    """Delete a lorebook with all its entries. Stories that were made with it keep what they read of it."""
    await service.delete_book(runtime, asker.id, lorebook_id)


@router.get("/worlds")
async def list_worlds(runtime: Running, asker: Asking) -> list[WorldView]:
    """The worlds that come with the product, and your own."""
    return await service.list_worlds(runtime, asker.id)


@router.get("/worlds/{world_id}")
async def get_world(runtime: Running, asker: Asking, world_id: str) -> WorldDetail:
    """A world with everything in it."""
    return await service.show_world(runtime, asker.id, world_id)


@router.post("/worlds", status_code=201)
async def create_world(runtime: Running, asker: Asking, new: NewWorld) -> WorldDetail:
    """Keep a world file (YAML or JSON text) for later stories."""
    world = await service.read_world(new.text)
    return await service.save_world(runtime, asker.id, world)


@router.delete("/worlds/{world_id}", status_code=204)
async def delete_world(runtime: Running, asker: Asking, world_id: str) -> None:
    """Delete a world of your own. Stories made from it keep their copy."""
    await service.delete_world(runtime, asker.id, world_id)
