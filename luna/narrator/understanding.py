"""What the parser made of a player's line, for tools and tests: intents and what they are aimed at."""

import re
from typing import NamedTuple

from luna.narrator.entities import ids_in
from luna.narrator.grammar import words_of
from luna.narrator.lexicon import STOP
from luna.narrator.parser import Act, parse
from luna.narrator.view import View

SAME = {
    "muse": "think", "silence": "wait", "listen": "wait", "smell": "look", "touch": "examine", "light": "use",
    "stow": "other", "force": "attack", "perform": "other", "magic": "absurd", "insult": "rude",
}  # fmt: skip
FORCE = {"farewell": "say", "insult": "rude"}
TO_SOMEBODY = frozenset(
    (
        "say",
        "ask",
        "tell",
        "greet",
        "thank",
        "apologise",
        "comfort",
        "threaten",
        "persuade",
        "rude",
        "attack",
        "give",
        "show",
    )
)
WAYS = frozenset(
    [
        "up",
        "down",
        "out",
        "back",
        "in",
        "outside",
        "inside",
        "upstairs",
        "downstairs",
        "home",
        "away",
        "north",
        "south",
        "east",
        "west",
    ]
)
KINDS = {"nonsense": "empty", "hint": "meta", "inventory": "meta"}


class Understood(NamedTuple):
    """One act: its intent; the id or the word it is aimed at, or None; and everything else it speaks of."""

    intent: str
    target: str | None
    also: tuple[str, ...] = ()


def understand(view: View, text: str) -> list[Understood]:
    """What each act of a text was taken for, in order. Never empty."""
    return [_understood(view, act) for act in parse(view, text)]


def _understood(view: View, act: Act) -> Understood:
    intent = KINDS.get(act.kind, act.kind) if act.kind != "act" else _intent(act)
    meant = [t for t in (act.target, act.obj, act.feature, act.place, act.missing, act.instrument) if t]
    if intent == "go" and act.target:
        meant += [w for w in (view.where(act.target),) if w]
    if intent == "think" and re.search(r"\b(he|she|him|her|his|they)\b", act.raw.lower()):
        meant += view.company()[:1]
    owned = re.findall(r"\b(?:my|our) ([\w-]+)(?: ([\w-]+))?", act.raw.lower())
    words = words_of(f"{act.topic} {act.missing}")
    about = ids_in(view.index, act.topic or act.raw if act.intent == "muse" else act.topic)
    if act.intent == "muse":
        words = words_of(act.raw)
    here = view.company()
    addressed = [w for w in (view.note("focus", ""), *here) if w in here][:1] if intent in TO_SOMEBODY else []
    if intent in ("give", "show", "throw", "drop") and (act.obj or act.missing):
        meant.insert(0, act.obj or act.missing)
    first = [act.topic] if intent in ("ask", "tell") and act.topic and not act.speech else []
    ways = [w for w in act.phrase if w in WAYS] if intent in ("go", "climb", "sneak", "look") else []
    if intent not in TO_SOMEBODY or intent in ("give", "show"):
        meant.sort(key=lambda t: t in view.index.people)
    spoken = [w for w in (*(w for pair in owned for w in pair), *words) if w and w not in STOP]
    targets = list(dict.fromkeys((*first, *about, *meant, *addressed, *ways, *spoken)))
    return Understood(intent, targets[0] if targets else None, tuple(targets[1:]))


def _intent(act: Act) -> str:
    if act.rude and act.intent in ("say", "ask", "insult", "other"):
        return "rude"
    if act.intent in ("say", "ask") and act.force:
        return FORCE.get(act.force, act.force)
    if act.intent == "go" and act.verb == "climb":
        return "climb"
    if act.intent in ("say", "ask") and act.verb == "tell":
        return "tell"
    if act.intent == "throw" and act.target:
        return "attack"
    if act.intent == "touch" and act.verb in ("tap", "knock"):
        return "use"
    if act.intent == "wait" and act.verb in ("sit", "lie", "sleep", "nap", "relax") and act.phrase[1:]:
        return "other"
    if act.intent == "open" and act.verb in ("close", "shut", "lock"):
        return "use"
    return SAME.get(act.intent, act.intent)
