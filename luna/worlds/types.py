"""The values of worlds and lorebooks: a book as it came in, and what the web shows of it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from luna.kernel.errors import Diagnostic
from luna.kernel.values import Frozen
from luna.turns.world import World

Tier = Literal["hot", "warm", "cold"]
Logic = Literal["and_any", "not_all", "not_any", "and_all"]
BookKind = Literal["world_info", "character_book", "lorebook_v3"]
LorebookSort = Literal["entry_count", "created_at", "updated_at", "name"]

MAX_BOOK_BYTES = 32 * 1024 * 1024
MAX_ENTRIES = 50_000
MAX_WORLD_BYTES = 2 * 1024 * 1024


class BookEntry(Frozen):
    """One entry of a lorebook. The fields are what tellers need; `raw` is the entry as it came in.

    `case_sensitive` and `whole_words` None mean: as the reader of the book has it set.
    """

    uid: str
    title: str = ""
    keys: tuple[str, ...] = ()
    secondary_keys: tuple[str, ...] = ()
    logic: Logic = "and_any"
    content: str = ""
    enabled: bool = True
    constant: bool = False
    order: int = 100
    case_sensitive: bool | None = None
    whole_words: bool | None = None
    probability: int = 100
    raw: dict[str, Any] = {}


class Book(Frozen):
    """A lorebook. `meta` is the file without its entries, `listed` says whether the entries were a list;
    `kind` is the format it came in and goes out as."""

    name: str = ""
    description: str = ""
    kind: BookKind = "world_info"
    listed: bool = False
    entries: tuple[BookEntry, ...] = ()
    meta: dict[str, Any] = {}


class BookImport(Frozen):
    """A book that was read, with what was found on the way."""

    book: Book
    report: tuple[Diagnostic, ...] = ()


class EntryView(BaseModel):
    """An entry as the web shows it."""

    id: str
    uid: str
    title: str
    keys: list[str]
    secondary_keys: list[str]
    content: str
    enabled: bool
    constant: bool
    order: int
    data: dict[str, Any]


class LorebookView(BaseModel):
    """A lorebook in a list."""

    id: str
    universe_name: str
    description: str
    storage_tier: Tier
    kind: BookKind
    entry_count: int
    created_at: datetime
    updated_at: datetime


class LorebookDetail(LorebookView):
    """A lorebook with a page of its entries, in the order of the file."""

    entries: list[EntryView]
    limit: int
    offset: int


class LorebookImported(LorebookView):
    """A lorebook that was just taken in, with what was found on the way."""

    report: list[Diagnostic]


class LorebookPage(BaseModel):
    """A page of lorebooks; `total` counts all that fit the filter."""

    items: list[LorebookView]
    total: int
    limit: int
    offset: int


class NewLorebook(BaseModel):
    """A universe made by hand, empty at first."""

    universe_name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=20_000)] = ""
    storage_tier: Tier = "hot"


class WorldView(BaseModel):
    """A world in a list. Built-in ones belong to nobody and cannot be deleted."""

    id: str
    title: str
    blurb: str = ""
    built_in: bool
    created_at: datetime | None = None


class WorldDetail(WorldView):
    """A world with everything in it."""

    world: World


class NewWorld(BaseModel):
    """A world file: YAML in the narrator's format, or a world as this product exports it (JSON)."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_WORLD_BYTES)]
