"""Files of other programs: telling what one is, and handing it to the server that takes it in."""

import json
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from luna.app.client import Client
from luna.kernel.errors import BadInput, Diagnostic

Kind = Literal["card", "lorebook", "world"]
FILE_ENDINGS = (".png", ".json", ".yaml", ".yml")
LARGEST = 64_000_000


class Imported(NamedTuple):
    """What a file became: its kind, its id on the server, its name, and what to say about it."""

    kind: Kind
    id: str
    name: str
    rows: tuple[str, ...]


def bring_in(client: Client, path: Path) -> Imported:
    """Take a file in: a card (PNG, JSON), World Info (JSON) or a world (YAML, JSON). Raises BadInput."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path.name} is too large.", "Cards and lorebooks are smaller than 64 MB.")
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path.", code="file-unreadable"
        ) from error
    kind = kind_of(path.name, raw)
    if kind == "world":
        world = client.import_world(raw.decode("utf-8-sig", "replace"))
        return Imported("world", world.id, world.title, (f"World “{world.title}” is kept.",))
    if kind == "lorebook":
        book = client.import_lorebook(path.name, raw)
        head = f"Lorebook “{book.universe_name}”: {book.entry_count} entries."
        return Imported("lorebook", book.id, book.universe_name, (head, *_found(book.report)))
    card = client.import_card(path.name, raw)
    rows = [f"Character card “{card.character_name}” ({card.spec.upper()})."]
    if card.card is not None and card.card.lore_entries:
        rows.append(f"It brings a lorebook of {card.card.lore_entries} entries.")
    if card.kept:
        rows.append(f"Kept as they are: {', '.join(card.kept[:8])}{' …' if len(card.kept) > 8 else ''}.")
    rows += _found(card.report)
    return Imported("card", card.card.id if card.card else "", card.character_name, tuple(rows))


def kind_of(name: str, raw: bytes) -> Kind:
    """What a file seems to be, by its content. What is nothing else is tried as a card."""
    if raw.startswith(b"\x89PNG"):
        return "card"
    if name.lower().endswith((".yaml", ".yml")):
        return "world"
    try:
        value: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return "card"  # the card reader says best what is wrong with it
    if not isinstance(value, dict):
        return "card"
    fields = cast("dict[str, Any]", value)
    if str(fields.get("spec", "")).startswith("lorebook") or "entries" in fields:
        return "lorebook"
    is_world = "title" in fields and not fields.keys() & {"spec", "data", "first_mes", "name"}
    return "world" if is_world else "card"


def _found(report: "list[Diagnostic]") -> list[str]:
    return [f"{d.severity.value}: {d.message}{f' {d.fix}' if d.fix else ''}" for d in report]
