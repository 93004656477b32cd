"""The values of character cards: a card as it came in, and what the web shows of it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from luna.kernel.errors import Diagnostic
from luna.kernel.values import Frozen
from luna.turns.world import Character, Lore
from luna.worlds.types import Book

Spec = Literal["v1", "v2", "v3"]
CardFilter = Literal["all", "favourite", "with_book", "with_portrait", "deleted"]
CardSort = Literal["created_at", "updated_at", "name"]
ExportFormat = Literal["tavernai", "json", "png"]

MAX_CARD_BYTES = 8 * 1024 * 1024
"""Largest card as JSON."""


class Card(Frozen):
    """A character card. The fields are read from `raw`, the whole card with everything it came with; `text`
    is its JSON word for word. `book` is its own lorebook."""

    name: str
    description: str = ""
    personality: str = ""
    scenario: str = ""
    first_mes: str = ""
    mes_example: str = ""
    creator_notes: str = ""
    system_prompt: str = ""
    post_history_instructions: str = ""
    alternate_greetings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    creator: str = ""
    character_version: str = ""
    nickname: str = ""
    favourite: bool = False
    spec: Spec = "v2"
    book: Book | None = None
    raw: dict[str, Any]
    text: str


class CardImport(Frozen):
    """A card that was read. `kept` are the paths of fields that are not in the card's format: they stay in the
    card and go out again. `picture` is the PNG it came in, if any."""

    card: Card
    kept: tuple[str, ...] = ()
    report: tuple[Diagnostic, ...] = ()
    picture: bytes | None = None


class CastMember(Frozen):
    """What a card means to a story: somebody, a premise, an opening, and lore."""

    character: Character
    premise: str = ""
    opening: str = ""
    lore: tuple[Lore, ...] = ()
    report: tuple[Diagnostic, ...] = ()


LongText = Annotated[str, Field(max_length=200_000)]
ShortText = Annotated[str, Field(max_length=200)]
CardName = Annotated[str, Field(min_length=1, max_length=200)]
Tag = Annotated[str, Field(max_length=100)]
SheetName = Annotated[str, Field(max_length=100)]
SheetValue = Annotated[int, Field(ge=-(10**9), le=10**9)] | Annotated[str, Field(max_length=1000)]
Sheet = Annotated[dict[SheetName, SheetValue], Field(max_length=100)]


class CardTexts(BaseModel):
    """What a person may write into a card. `skills` and `stats` are names with a value."""

    model_config = ConfigDict(extra="forbid")

    description: LongText | None = None
    personality: LongText | None = None
    scenario: LongText | None = None
    first_mes: LongText | None = None
    mes_example: LongText | None = None
    creator_notes: LongText | None = None
    system_prompt: LongText | None = None
    post_history_instructions: LongText | None = None
    alternate_greetings: Annotated[list[LongText] | None, Field(max_length=100)] = None
    tags: Annotated[list[Tag] | None, Field(max_length=200)] = None
    creator: ShortText | None = None
    character_version: ShortText | None = None
    favourite: bool | None = None
    appearance: LongText | None = None
    background: LongText | None = None
    skills: Sheet | None = None
    stats: Sheet | None = None


class CardChanges(CardTexts):
    """What to change in a card; fields that are left out or null stay as they are."""

    character_name: CardName | None = None


class NewCard(CardTexts):
    """A card made by hand. It needs a name; the rest may follow."""

    character_name: CardName


class CardImportRequest(BaseModel):
    """A card as JSON. With `save_to_library` false it is only looked at, and nothing is kept."""

    card_data: dict[str, Any]
    save_to_library: bool = True


class CardView(BaseModel):
    """A card in a list. `portrait` is the id of an asset."""

    id: str
    character_name: str
    spec: Spec
    favourite: bool
    lore_entries: int
    portrait: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


class CardDetail(CardView):
    """A card with its texts; `data` is the whole card as it would go out."""

    description: str
    personality: str
    scenario: str
    first_mes: str
    mes_example: str
    creator_notes: str
    system_prompt: str
    post_history_instructions: str
    alternate_greetings: list[str]
    tags: list[str]
    creator: str
    character_version: str
    appearance: str
    background: str
    skills: dict[str, Any]
    stats: dict[str, Any]
    data: dict[str, Any]


class CardImported(BaseModel):
    """The answer to an import. `card` is None when it was only looked at (`save_to_library` false)."""

    saved: bool
    card: CardDetail | None
    character_name: str
    spec: Spec
    kept: list[str]
    report: list[Diagnostic]


class CardPage(BaseModel):
    """A page of cards; `total` counts all that fit the filter."""

    items: list[CardView]
    total: int
    limit: int
    offset: int
