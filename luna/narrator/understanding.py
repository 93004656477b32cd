"""What the parser made of a player's line, for tools and tests: intents and what they are aimed at."""

from typing import NamedTuple

from luna.narrator.parser import Act, parse
from luna.narrator.view import View

SAME = {
    "muse": "think", "silence": "wait", "listen": "wait", "smell": "look", "touch": "examine", "light": "use",
    "stow": "other", "force": "attack", "perform": "other", "magic": "absurd", "insult": "rude",
}  # fmt: skip
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
    if act.kind != "act":
        intent = KINDS.get(act.kind, act.kind)
    else:
        intent = SAME.get(act.intent, act.intent)
        if act.intent == "say" and act.question:
            intent = "ask"
        elif act.intent == "go" and act.verb == "climb":
            intent = "climb"
        elif act.intent in ("say", "ask") and act.verb == "tell":
            intent = "tell"
        elif act.intent == "throw" and act.target:
            intent = "attack"
        elif act.intent == "rude":
            intent = "rude"
    meant = (act.target, act.obj, act.feature, act.place)
    words = [w for part in (act.topic, act.missing) for w in part.lower().split()]
    first = act.topic if intent in ("ask", "tell") and act.topic and not act.speech else ""
    targets = [t for t in (first, *meant, act.instrument, *words) if t]
    return Understood(intent, targets[0] if targets else None, tuple(dict.fromkeys(targets[1:])))
