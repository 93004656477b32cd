"""What can be done with character cards."""

import asyncio
from typing import Any

from luna.characters import store
from luna.characters.cards import (
    card_from,
    edited,
    new_card,
    read_card,
    read_card_value,
    write_card_json,
    write_card_png,
    write_card_v2,
)
from luna.characters.cast import to_character
from luna.characters.portraits import keep_portrait, read_portrait
from luna.characters.tables import CharacterCardRow
from luna.characters.types import (
    MAX_CARD_BYTES,
    Card,
    CardChanges,
    CardDetail,
    CardFilter,
    CardImport,
    CardImported,
    CardPage,
    CardSort,
    CardTexts,
    CardView,
    CastMember,
    ExportFormat,
    NewCard,
)
from luna.kernel.errors import BadInput, Diagnostic, NotFound, Severity
from luna.kernel.runtime import Runtime
from luna.kernel.values import now
from luna.worlds.incoming import clean_text, mapping_of, read_json, text_of
from luna.worlds.names import slug

OWN_TEXTS = ("appearance", "background", "skills", "stats")
"""Fields that cards do not have; they are kept among the card's extensions, under "luna"."""


async def import_card(
    runtime: Runtime, owner: str, raw: bytes, *, filename: str = "", save: bool = True
) -> CardImported:
    """Take in a card file (PNG or JSON); with `save` false it is only looked at. Raises BadInput as
    `read_card` does."""
    outcome = await asyncio.to_thread(read_card, raw, clean_text(filename))
    return await _imported(runtime, owner, outcome, save)


async def import_card_value(
    runtime: Runtime, owner: str, value: dict[str, Any], *, save: bool = True
) -> CardImported:
    """The same for a card that came as a part of a JSON request."""
    outcome = await asyncio.to_thread(read_card_value, value)
    return await _imported(runtime, owner, outcome, save)


async def make_card(runtime: Runtime, owner: str, new: NewCard) -> CardDetail:
    """Make a card by hand."""
    fields, extensions = _changes(new, {})
    fields["name"] = _name(new.character_name)
    if extensions:
        fields["extensions"] = extensions
    card = new_card(fields)
    async with runtime.db.begin() as tx:
        return _detail(await store.add_card(tx, owner, card, None), card)


async def list_cards(
    runtime: Runtime, owner: str, wanted: CardFilter, sort: CardSort, name: str, limit: int, offset: int
) -> CardPage:
    """A page of the owner's cards; `name` is a part of the names wanted."""
    async with runtime.db.read() as tx:
        rows, total = await store.list_cards(tx, owner, wanted, sort, clean_text(name), limit, offset)
        items = [CardView.model_validate(_view(row)) for row in rows]
    return CardPage(items=items, total=total, limit=limit, offset=offset)


async def show_card(runtime: Runtime, owner: str, card_id: str) -> CardDetail:
    """A card with its texts. Raises NotFound."""
    async with runtime.db.read() as tx:
        row = _found(await store.find_card(tx, owner, card_id))
        return _detail(row, _card(row))


async def card_of(runtime: Runtime, owner: str, card_id: str) -> Card:
    """A card as a value. Raises NotFound."""
    async with runtime.db.read() as tx:
        return _card(_found(await store.find_card(tx, owner, card_id)))


async def cast_of(runtime: Runtime, owner: str, card_id: str, *, player: str = "you") -> CastMember:
    """What a card means to a story; `player` is what {{user}} stands for. Raises NotFound."""
    card = await card_of(runtime, owner, card_id)
    member = await asyncio.to_thread(to_character, card, player=player)
    return member.model_copy(update={"character": member.character.model_copy(update={"card_id": card_id})})


async def change_card(runtime: Runtime, owner: str, card_id: str, changes: CardChanges) -> CardDetail:
    """Change some fields of a card; everything else in it stays. Raises NotFound and BadInput."""
    async with runtime.db.begin() as tx:
        row = _found(await store.find_card(tx, owner, card_id, lock=True))
        card = _card(row)
        fields, extensions = _changes(changes, _own(card))
        if changes.character_name is not None:
            fields["name"] = _name(changes.character_name)
        if fields or extensions:
            card = edited(card, fields, extensions)
            store.change_card(row, card)
            await tx.flush()
        return _detail(row, card)


async def export_card(
    runtime: Runtime, owner: str, card_id: str, form: ExportFormat
) -> tuple[str, str, bytes]:
    """A file name, a media type and the file of a card. Raises NotFound.

    `tavernai` is V2 JSON; `json` the card in the version it has, untouched where it was never edited; `png`
    the card in its own picture, or in a plain one when it came without.
    """
    async with runtime.db.read() as tx:
        row = _found(await store.find_card(tx, owner, card_id))
        card, portrait = _card(row), row.portrait
    name = slug(card.name, "card")
    if form == "png":
        picture = await read_portrait(runtime, owner, portrait) if portrait else None
        return f"{name}.png", "image/png", await asyncio.to_thread(write_card_png, picture, card)
    content = write_card_v2(card) if form == "tavernai" else write_card_json(card)
    return f"{name}.json", "application/json", content


async def delete_card(runtime: Runtime, owner: str, card_id: str) -> None:
    """Put a card into the bin. Raises NotFound."""
    async with runtime.db.begin() as tx:
        row = _found(await store.find_card(tx, owner, card_id, lock=True))
        row.deleted_at = now()


async def restore_card(runtime: Runtime, owner: str, card_id: str) -> CardDetail:
    """Take a card out of the bin again. Raises NotFound; one that is not in the bin stays as it is."""
    async with runtime.db.begin() as tx:
        row = _found(await store.find_card(tx, owner, card_id, deleted=True, lock=True))
        row.deleted_at = None
        await tx.flush()
        return _detail(row, _card(row))


async def _imported(runtime: Runtime, owner: str, outcome: CardImport, save: bool) -> CardImported:
    card, report = outcome.card, list(outcome.report)
    detail: CardDetail | None = None
    if save:
        portrait = await _kept_picture(runtime, owner, outcome, report)
        async with runtime.db.begin() as tx:
            detail = _detail(await store.add_card(tx, owner, card, portrait), card)
    return CardImported(
        saved=save,
        card=detail,
        character_name=card.name,
        spec=card.spec,
        kept=list(outcome.kept),
        report=report,
    )


async def _kept_picture(
    runtime: Runtime, owner: str, outcome: CardImport, report: list[Diagnostic]
) -> str | None:
    """Keep the picture of a card. One that no program can show is left out, with a note: the card counts."""
    if outcome.picture is None:
        return None
    try:
        return await keep_portrait(runtime, owner, outcome.picture)
    except BadInput as error:
        report.append(
            Diagnostic(
                code="card-picture-unreadable",
                severity=Severity.warning,
                where="picture",
                message=f"The card was read, but its picture was not kept: {error.message}",
                fix="Give the card another portrait.",
            )
        )
        return None


def _changes(given: CardTexts, own: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a request changes: fields of the card's body, and extensions.

    Appearance and background also make the description, as long as nobody wrote one: other programs know
    only that.
    """
    said = given.model_dump(exclude_none=True, exclude={"character_name", "favourite", *OWN_TEXTS})
    mine = given.model_dump(exclude_none=True, include=set(OWN_TEXTS))
    extensions: dict[str, Any] = {}
    if given.favourite is not None:
        extensions["fav"] = given.favourite
    if mine:
        merged = {**own, **mine}
        extensions["luna"] = merged
        written = text_of(own.get("description"))
        if "description" not in said and written in ("", _composed(own)):
            said["description"] = _composed(merged)
        merged.pop("description", None)
    return said, extensions


def _composed(own: dict[str, Any]) -> str:
    return "\n\n".join(filter(None, (text_of(own.get("appearance")), text_of(own.get("background")))))


def _own(card: Card) -> dict[str, Any]:
    """Our own fields in a card, with its description beside them."""
    extensions = mapping_of(mapping_of(card.raw.get("data")).get("extensions"))
    return {**mapping_of(extensions.get("luna")), "description": card.description}


def _name(given: str) -> str:
    name = " ".join(clean_text(given).split())
    if not name:
        raise BadInput("A character needs a name.", "Send character_name with at least one letter.")
    return name


def _found(row: CharacterCardRow | None) -> CharacterCardRow:
    if row is None:
        raise NotFound("character card")
    return row


def _card(row: CharacterCardRow) -> Card:
    """The card of a row. It was read once when it came in, so it can be read again."""
    card = card_from(read_json(row.data.encode(), "card", limit=4 * MAX_CARD_BYTES)).card
    # A card without a name of its own was named when it came in.
    return card.model_copy(update={"name": row.name})


def _view(row: CharacterCardRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "character_name": row.name,
        "spec": row.spec,
        "favourite": row.favourite,
        "lore_entries": row.lore_entries,
        "portrait": row.portrait,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "deleted_at": row.deleted_at,
    }


def _detail(row: CharacterCardRow, card: Card) -> CardDetail:
    own = _own(card)
    return CardDetail.model_validate(
        {
            **_view(row),
            "creator": card.creator,
            "tags": list(card.tags),
            "description": card.description,
            "personality": card.personality,
            "scenario": card.scenario,
            "first_mes": card.first_mes,
            "mes_example": card.mes_example,
            "creator_notes": card.creator_notes,
            "system_prompt": card.system_prompt,
            "post_history_instructions": card.post_history_instructions,
            "alternate_greetings": list(card.alternate_greetings),
            "character_version": card.character_version,
            "appearance": text_of(own.get("appearance")),
            "background": text_of(own.get("background")),
            "skills": mapping_of(own.get("skills")),
            "stats": mapping_of(own.get("stats")),
            "data": card.raw,
        }
    )
