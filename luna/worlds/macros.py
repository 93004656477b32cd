"""Macros in cards and lorebooks: {{char}} and {{user}} become names, the others vanish without harm."""

import re

from luna.kernel.values import Frozen

CHAR_MARKS = re.compile(r"<(?:bot|char)>", re.IGNORECASE)
USER_MARKS = re.compile(r"<user>", re.IGNORECASE)
MACRO = re.compile(r"\{\{([^{}]*)\}\}")
DEEPEST = 8
"""How many macros inside macros are followed."""

YOU = "\ue000"
"""Stands for the player while a text is worked on, until it is known which form of "you" is due."""

IRREGULAR = {
    "is": "are",
    "was": "were",
    "has": "have",
    "does": "do",
    "isn't": "aren't",
    "wasn't": "weren't",
    "hasn't": "haven't",
    "doesn't": "don't",
}
NOT_VERBS = re.compile(r"always|perhaps|sometimes|\w+wards|besides|its|his|this|thus|yes")


class Resolved(Frozen):
    """A text with its macros resolved; `removed` names those that could not be honoured."""

    text: str
    removed: tuple[str, ...] = ()


def resolve(text: str, *, char: str = "", user: str = "you") -> Resolved:
    """Put names in for the macros of a text.

    With `user` "you" the sentence is bent to fit: "{{user}}'s hat is wet" becomes "Your hat is wet". A
    choice ({{random:a,b}}) takes its first; a comment, a roll or an unknown macro leaves nothing behind.
    """
    if "{{" not in text and "<" not in text:
        return Resolved(text=text)
    removed: list[str] = []
    player = YOU if user.lower() == "you" else user
    name = char or "someone"
    out = USER_MARKS.sub(player, CHAR_MARKS.sub(name, text))
    for _ in range(DEEPEST):
        out, count = MACRO.subn(lambda m: _meaning(m[1].strip(), name, player, removed), out)
        if not count:
            break
    if YOU in out:
        out = _address(out)
    if removed:
        out = re.sub(r"(?<=\S)[ \t]{2,}", " ", out)
    return Resolved(text=out, removed=tuple(dict.fromkeys(removed)))


def _meaning(inside: str, char: str, player: str, removed: list[str]) -> str:
    name, _, rest = inside.partition(":")
    name = name.strip().lower()
    match name:
        case "char":
            return char
        case "user" | "persona":
            return player
        case "newline":
            return "\n"
        case "original" | "trim" | "noop" | "":
            return ""
        case "random" | "pick":
            options = rest.lstrip(":")
            return re.split(r"::" if "::" in options else r"(?<!\\),", options)[0].strip()
        case _:
            if not name.startswith("//") and name not in ("comment", "hidden_key"):
                removed.append(name[:40])
            return ""


def _address(text: str) -> str:
    """Replace the mark of the player by "you" in the form that the sentence needs."""
    text = re.sub(rf"{YOU}(?:'s|’s)\b", f"{YOU}r", text)
    text = re.sub(rf"{YOU} ([a-z]+(?:n't)?)\b(?!')", lambda m: f"{YOU} {_second_person(m[1])}", text)
    starts = rf"(?:(?<=\A)|(?<=\n)|(?<=[.!?] )|(?<=[.!?][\"*”’] )|(?<=[\"*“‘])){YOU}"
    return re.sub(starts, "You", text).replace(YOU, "you")


def _second_person(verb: str) -> str:
    """The form of a verb that goes with "you"."""
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if len(verb) < 4 or not verb.endswith("s") or verb.endswith(("ss", "us")) or NOT_VERBS.fullmatch(verb):
        return verb
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    if verb.endswith(("shes", "ches", "sses", "xes", "zzes", "oes")):
        return verb[:-2]
    return verb[:-1]
