"""What can be done with lorebooks and worlds."""

import asyncio
import json
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from luna.kernel.errors import BadInput, Conflict, NotFound
from luna.kernel.runtime import Runtime
from luna.kernel.values import new_id
from luna.narrator import service as narrator
from luna.turns.world import Lore, World
from luna.worlds import store
from luna.worlds.incoming import clean_text, read_json, washed_json
from luna.worlds.names import slug
from luna.worlds.tables import LorebookRow, WorldRow
from luna.worlds.types import (
    MAX_WORLD_BYTES,
    Book,
    BookEntry,
    EntryView,
    LorebookDetail,
    LorebookImported,
    LorebookPage,
    LorebookSort,
    LorebookView,
    NewLorebook,
    Tier,
    WorldDetail,
    WorldView,
)
from luna.worlds.world_info import read_world_info, to_lore, write_world_info

BLURB_LENGTH = 300


async def import_book(
    runtime: Runtime, owner: str, raw: bytes, *, filename: str = "", name: str = "", tier: Tier = "hot"
) -> LorebookImported:
    """Take in a lorebook file. `name` wins over the book's own name, `filename` serves where both are missing.

    Raises BadInput as `read_world_info` does.
    """
    outcome = await asyncio.to_thread(read_world_info, raw, clean_text(filename))
    book = outcome.book
    if name.strip():
        book = book.model_copy(update={"name": clean_text(name).strip()[:200]})
    async with runtime.db.begin() as tx:
        view = _book_view(await store.add_book(tx, owner, book, tier))
    return LorebookImported(**view.model_dump(), report=list(outcome.report))


async def make_book(runtime: Runtime, owner: str, new: NewLorebook) -> LorebookView:
    """Make an empty lorebook, in the format of World Info."""
    name = clean_text(new.universe_name).strip()
    if not name:
        raise BadInput("A universe needs a name.", "Send universe_name with at least one letter.")
    book = Book(name=name, description=clean_text(new.description), meta={"entries": None})
    async with runtime.db.begin() as tx:
        return _book_view(await store.add_book(tx, owner, book, new.storage_tier))


async def list_books(
    runtime: Runtime, owner: str, tier: Tier | None, sort: LorebookSort, limit: int, offset: int
) -> LorebookPage:
    """A page of the owner's lorebooks."""
    async with runtime.db.read() as tx:
        rows, total = await store.list_books(tx, owner, tier, sort, limit, offset)
        return LorebookPage(items=[_book_view(row) for row in rows], total=total, limit=limit, offset=offset)


async def show_book(runtime: Runtime, owner: str, book_id: str, limit: int, offset: int) -> LorebookDetail:
    """A lorebook with a page of its entries. Raises NotFound."""
    async with runtime.db.read() as tx:
        row = await store.find_book(tx, owner, book_id)
        if row is None:
            raise NotFound("lorebook")
        entries = await store.list_entries(tx, owner, book_id, limit, offset)
        views = [_entry_view(row_id, entry) for row_id, entry in entries]
        return LorebookDetail(**_book_view(row).model_dump(), entries=views, limit=limit, offset=offset)


async def book_of(runtime: Runtime, owner: str, book_id: str) -> Book:
    """A whole lorebook as a value. Raises NotFound."""
    async with runtime.db.read() as tx:
        row = await store.find_book(tx, owner, book_id)
        if row is None:
            raise NotFound("lorebook")
        entries = await store.list_entries(tx, owner, book_id)
        view = _book_view(row)
        listed, meta = row.listed, json.loads(row.meta)
    return Book(
        name=view.universe_name,
        description=view.description,
        kind=view.kind,
        listed=listed,
        entries=tuple(entry for _, entry in entries),
        meta=meta,
    )


async def lore_of(
    runtime: Runtime, owner: str, book_id: str, *, char: str = "", user: str = "you"
) -> tuple[Lore, ...]:
    """What a story reads of a lorebook. Raises NotFound."""
    book = await book_of(runtime, owner, book_id)
    return await asyncio.to_thread(to_lore, book, char=char, user=user)


async def export_book(runtime: Runtime, owner: str, book_id: str) -> tuple[str, bytes]:
    """A file name and the file of a lorebook, in the format it came in. Raises NotFound."""
    book = await book_of(runtime, owner, book_id)
    return f"{slug(book.name, 'lorebook')}.json", await asyncio.to_thread(write_world_info, book)


async def delete_book(runtime: Runtime, owner: str, book_id: str) -> None:
    """Delete a lorebook with its entries. Raises NotFound."""
    async with runtime.db.begin() as tx:
        if not await store.delete_book(tx, owner, book_id):
            raise NotFound("lorebook")


async def list_worlds(runtime: Runtime, owner: str) -> list[WorldView]:
    """The worlds that come with the product, then the owner's own, newest first."""
    shipped = await asyncio.to_thread(_shipped)
    async with runtime.db.read() as tx:
        return [*shipped.values(), *map(_world_view, await store.list_worlds(tx, owner))]


async def show_world(runtime: Runtime, owner: str, world_id: str) -> WorldDetail:
    """A world with everything in it. Raises NotFound."""
    shipped = (await asyncio.to_thread(_shipped)).get(world_id)
    if shipped is not None:
        whole = await asyncio.to_thread(narrator.builtin_world, world_id)
        return WorldDetail(**shipped.model_dump(), world=whole)
    async with runtime.db.read() as tx:
        row = await store.find_world(tx, owner, world_id)
        if row is None:
            raise NotFound("world")
        return WorldDetail(**_world_view(row).model_dump(), world=World.model_validate_json(row.data))


async def world_of(runtime: Runtime, owner: str, world_id: str) -> World:
    """A world as a value, built in or saved. Raises NotFound."""
    return (await show_world(runtime, owner, world_id)).world


async def read_world(text: str) -> World:
    """Read a world file: our own JSON, or YAML in the narrator's format. Raises BadInput `not-a-world` and
    whatever the narrator finds wrong."""
    return await asyncio.to_thread(_read_world, clean_text(text))


async def save_world(runtime: Runtime, owner: str, world: World, source: str = "file") -> WorldDetail:
    """Keep a world for later stories."""
    row = WorldRow(
        id=new_id(),
        owner=owner,
        title=clean_text(world.title)[:200],
        blurb=clean_text(world.premise)[:BLURB_LENGTH],
        source=source[:20],
        data=clean_text(world.model_dump_json()),
    )
    async with runtime.db.begin() as tx:
        await store.add_world(tx, row)
        view = _world_view(row)
    return WorldDetail(**view.model_dump(), world=world)


async def delete_world(runtime: Runtime, owner: str, world_id: str) -> None:
    """Delete a saved world. Raises NotFound, and Conflict for a built-in one."""
    if world_id in await asyncio.to_thread(_shipped):
        raise Conflict("A built-in world cannot be deleted.", "Only worlds of your own can.", code="built-in")
    async with runtime.db.begin() as tx:
        if not await store.delete_world(tx, owner, world_id):
            raise NotFound("world")


def _read_world(text: str) -> World:
    if len(text.encode("utf-8", "replace")) > MAX_WORLD_BYTES:
        raise BadInput(
            f"A world file may have {MAX_WORLD_BYTES // 1024} KB at most.",
            "Put long lore into a lorebook, and give that to the story as well.",
            code="world-too-large",
        )
    if text.lstrip().startswith("{"):
        return _washed_world(read_json(text.encode(), "world", limit=MAX_WORLD_BYTES).value)
    try:
        # A newline at its end makes it a text for certain: a text of one line could be taken for a path.
        world = narrator.load_world(text + "\n")
    except RecursionError as error:
        raise BadInput(
            "This world file is nested too deeply.",
            "World files have fewer than ten levels.",
            code="world-too-deep",
        ) from error
    # YAML has escapes for characters that a database refuses, and dates where JSON has none.
    return _washed_world(washed_json(world.model_dump(), "world", limit=2 * MAX_WORLD_BYTES).value)


def _washed_world(value: Any) -> World:
    try:
        return World.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            f"This is not a world: {where}: {first['msg']}.",
            "Send a world as GET /worlds/{id} gives it, or a YAML world file.",
            code="not-a-world",
        ) from error


@lru_cache(maxsize=1)
def _shipped() -> dict[str, WorldView]:
    """The worlds that come with the product, by id. They do not change while it runs."""
    return {
        world["id"]: WorldView(id=world["id"], title=world["title"], blurb=world["blurb"], built_in=True)
        for world in narrator.builtin_worlds()
    }


def _book_view(row: LorebookRow) -> LorebookView:
    return LorebookView.model_validate(
        {
            "id": row.id,
            "universe_name": row.name,
            "description": row.description,
            "storage_tier": row.tier,
            "kind": row.kind,
            "entry_count": row.entry_count,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )


def _entry_view(row_id: str, entry: BookEntry) -> EntryView:
    return EntryView(
        id=row_id,
        uid=entry.uid,
        title=entry.title,
        keys=list(entry.keys),
        secondary_keys=list(entry.secondary_keys),
        content=entry.content,
        enabled=entry.enabled,
        constant=entry.constant,
        order=entry.order,
        data=entry.raw,
    )


def _world_view(row: WorldRow) -> WorldView:
    return WorldView(id=row.id, title=row.title, blurb=row.blurb, built_in=False, created_at=row.created_at)
