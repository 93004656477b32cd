"""Choosing what goes into a briefing: candidates with a score, packed into a token budget. Pure."""

import math
import re
from collections.abc import Callable, Iterable, Sequence

from luna.memory.types import Hit
from luna.turns.events import PLAYER, WorldState
from luna.turns.types import Briefing, BriefingItem, ItemKind, RecentTurn
from luna.turns.world import World

Count = Callable[[str], int]
SENTENCE = re.compile(r"(?<=[.!?…”\"])\s+")
WORD = re.compile(r"[a-zà-öø-ÿ0-9]+", re.IGNORECASE)
COMMON = frozenset(
    WORD.findall(
        """
        a about after again all also am an and any are as at be been before being but by can could did
        do does doing down for from had has have he her here him his how i if in into is it its just
        let like look me my no not now of off on once one or our out over say said see she should so
        some than that the their them then there they this to too up us very was we were what when
        where which while who why will with would you your
        """
    )
)
MOST_DROPPED = 20
RECENT_TURNS = 2
RECENT_TOKENS = 320


def words_of(text: str, most: int = 24) -> list[str]:
    """The telling words of a text, in order, without the commonest ones; at most `most` different ones."""
    found = dict.fromkeys(w.lower() for w in WORD.findall(text) if len(w) > 2 and w.lower() not in COMMON)
    return list(found)[:most]


def pack(
    candidates: Iterable[BriefingItem], recent: Sequence[RecentTurn], budget: int, count: Count
) -> Briefing:
    """The best candidates that fit into the budget, best first. Equal scores: the shorter one first."""
    sized = [c.model_copy(update={"tokens": count(c.text)}) for c in candidates if c.text.strip()]
    sized.sort(key=lambda c: (-c.score, c.tokens, c.source))
    kept: list[BriefingItem] = []
    dropped: list[BriefingItem] = []
    said: set[str] = set()
    spent = 0
    for item in sized:
        if item.text in said:
            continue
        if spent + item.tokens <= budget:
            said.add(item.text)
            spent += item.tokens
            kept.append(item)
        elif len(dropped) < MOST_DROPPED:
            dropped.append(item)
    return Briefing(
        items=tuple(kept),
        dropped=tuple(dropped),
        recent=shortened(recent, RECENT_TOKENS, count),
        tokens=spent,
        budget=budget,
    )


def shortened(recent: Sequence[RecentTurn], budget: int, count: Count) -> tuple[RecentTurn, ...]:
    """The last turns, cut to a budget from their beginnings: their ends matter most for what follows."""
    kept: list[RecentTurn] = []
    for turn in reversed(recent[-RECENT_TURNS:]):
        share = budget * 2 // 3 if not kept else budget // 3
        sentences = SENTENCE.split(turn.prose.strip())
        while len(sentences) > 1 and count(" ".join(sentences)) > share:
            sentences.pop(0)
        kept.append(turn.model_copy(update={"prose": " ".join(sentences)[-4000:]}))
    return tuple(reversed(kept))


def from_cast(world: World, state: WorldState, named: Sequence[str]) -> list[BriefingItem]:
    """Who is here, and who or what the action names."""
    found: list[BriefingItem] = []
    here = set(state.present(state.where(PLAYER)))
    for who in dict.fromkeys([*sorted(here), *named]):
        person = world.character(who)
        if person is None:
            continue
        text = f"{person.name}{', ' + person.role if person.role else ''}: {person.description} {person.personality}"
        if not state.characters[who].alive if who in state.characters else False:
            text = f"{person.name} is dead. " + text
        bond = state.bonds.get(f"{who}>{PLAYER}")
        if bond and (bond.affinity or bond.trust):
            text += f" Towards the player: affinity {bond.affinity:+d}, trust {bond.trust:+d}."
        score = 6.0 if who in named and who in here else 5.0 if who in here else 4.0
        reason = (
            "is here and is named"
            if score == 6.0
            else "is here"
            if score == 5.0
            else "is named in the action"
        )
        found.append(_item("character", who, _clip(text), reason, score))
    for what in named:
        item, place = world.item(what), world.place(what)
        if item is not None and item.description:
            found.append(
                _item("thing", what, _clip(f"{item.name}: {item.description}"), "is named in the action", 4.0)
            )
        if place is not None and place.description:
            found.append(
                _item(
                    "place", what, _clip(f"{place.name}: {place.description}"), "is named in the action", 3.5
                )
            )
    here_place = world.place(state.where(PLAYER))
    if here_place is not None and here_place.description and here_place.id not in named:
        text = _clip(f"{here_place.name}: {here_place.description}")
        found.append(_item("place", here_place.id, text, "is where the player is", 4.5))
    return found


def from_knowledge(state: WorldState, words: Sequence[str]) -> list[BriefingItem]:
    """What the player's character has learned, as far as the action touches it."""
    found: list[BriefingItem] = []
    for fact in state.known.get(PLAYER, ())[-60:]:
        shared = len(set(words) & set(words_of(fact)))
        if shared and " " in fact:
            found.append(
                _item(
                    "fact",
                    f"known:{fact[:40]}",
                    f"The player knows: {fact}",
                    "was learned before",
                    2.0 + shared,
                )
            )
    return found


def ranked(hits: Sequence[Sequence[Hit]], before: int) -> list[Hit]:
    """The turns that have some of the words, best first; `hits` are those of each word, newest ones first.

    A word counts the more, the rarer it is in the stretch of the story that its hits cover. Equal turns: the
    later one first.
    """
    scores: dict[Hit, float] = {}
    for found in hits:
        if not found:
            continue
        stretch = max(before - min(hit.depth for hit in found), len(found))
        for hit in found:
            scores[hit] = scores.get(hit, 0.0) + math.log1p(stretch / len(found))
    return sorted(scores, key=lambda hit: (-scores[hit], -hit.depth, -hit.number))


def best_passage(body: str, words: Sequence[str], longest: int = 2) -> tuple[str, int]:
    """The sentences of a turn that share most words with the query, and how many they share."""
    sentences = SENTENCE.split(body.strip())
    wanted = {w[:6] for w in words}
    best, most = "", 0
    for start in range(len(sentences)):
        if not wanted & {w[:6] for w in words_of(sentences[start], 400)}:
            continue  # a passage begins where it has something to say
        passage = " ".join(sentences[start : start + longest])
        shared = len(wanted & {w[:6] for w in words_of(passage, 400)})
        if shared > most:
            best, most = passage, shared
    return best, most


def _item(kind: ItemKind, source: str, text: str, reason: str, score: float) -> BriefingItem:
    return BriefingItem(kind=kind, source=f"{kind}:{source}", text=text, reason=reason, score=score)


def _clip(text: str, most: int = 320) -> str:
    """A description cut at a sentence, so that nobody takes the whole budget."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    kept = ""
    for sentence in SENTENCE.split(text):
        if kept and len(kept) + len(sentence) > most:
            break
        kept = f"{kept} {sentence}".strip()
    return kept[: most * 2]
