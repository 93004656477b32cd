"""Putting a world together: a premise, a cast from cards, and lore become one `World`.

Pure: the same parts give the same world. What it lacks to be tellable (places above all) the narrator's own
compiling adds.
"""

from collections.abc import Iterable

from luna.turns.world import Character, Lore, Player, Style, World
from luna.worlds.names import slug, unique

PREMISE_LIMIT = 20_000


def build_world(
    title: str,
    premise: str,
    characters: Iterable[Character] = (),
    lore: Iterable[Lore] = (),
    style: Style | None = None,
    *,
    opening: str = "",
    player: Player | None = None,
) -> World:
    """One world of many parts. Ids that clash get a number; two lore entries with the same text and keys
    become one, since a card often brings the book that was also given on its own."""
    told = style or Style()
    return World(
        title=title.strip() or "Untitled",
        premise=premise.strip()[:PREMISE_LIMIT],
        opening=opening.strip()[:PREMISE_LIMIT],
        language=told.language,
        tone=told.tone,
        player=player or Player(),
        characters=_cast(characters),
        lore=_lore(lore),
    )


def _cast(characters: Iterable[Character]) -> tuple[Character, ...]:
    taken: set[str] = set()
    cast: list[Character] = []
    for person in characters:
        wanted = person.id or slug(person.name, "character")
        name = unique(wanted, taken)
        taken.add(name)
        cast.append(person if name == person.id else person.model_copy(update={"id": name}))
    return tuple(cast)


def _lore(entries: Iterable[Lore]) -> tuple[Lore, ...]:
    taken: set[str] = set()
    said: set[tuple[str, tuple[str, ...], tuple[str, ...]]] = set()
    kept: list[Lore] = []
    for entry in entries:
        same = (entry.text, entry.keys, entry.secondary_keys)
        if same in said:
            continue
        said.add(same)
        name = unique(entry.id or "lore", taken)
        taken.add(name)
        kept.append(entry if name == entry.id else entry.model_copy(update={"id": name}))
    return tuple(kept)
