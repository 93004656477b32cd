"""Plain text about the player ("the player enters", "you enter") with slots for person and tense."""

import re
from collections.abc import Iterable

from luna.narrator.grammar import inflect, verb_lemma

AUXILIARY = {"is": "be", "are": "be", "has": "have", "have": "have", "does": "do", "do": "do"}
PAST_BE = frozenset(("was", "were"))
PLAIN = "\ue002"
"""Begins a text whose verbs outside the slots are plain present-tense prose, to be shifted with the tense."""
ADVERBS = "then|quickly|slowly|quietly|carefully|also|now|never|always|still"
OBJECT_BEFORE = re.compile(
    r"\b(?:to|at|for|with|from|of|on|in|by|into|before|behind|beside|around|toward|towards|near|after|upon|over|about|"
    r"tells|gives|shows|sees|meets|lets|watches|asks|hands|leads|takes|offers|finds|between|and)\s$"
)


def mark_player(text: str, names: Iterable[str] = ()) -> str:
    """Every mention of the player as {you}, {you.o} or {your}, the verbs after it in braces. Text that has
    braces already is left alone, and so are quotations."""
    if "{" in text or "[" in text:
        return text
    parts = re.split(r"([“\"][^”\"]*[”\"])", text)
    listed = "|".join(["[Tt]he player", "[Yy]ou", *(re.escape(n) for n in names if n and n.lower() != "you")])
    return "".join(part if n % 2 else _mark(part, listed) for n, part in enumerate(parts))


def marked(text: str, names: Iterable[str] = ()) -> str:
    """Text as `mark_player` gives it, with the sign of plain prose before it where that changed anything."""
    changed = mark_player(text, names)
    return text if changed == text else PLAIN + changed


def _mark(text: str, names: str) -> str:
    text = re.sub(rf"\b(?:{names})(?:'s|’s)(?= \w)", "{your}", text)
    text = re.sub(r"\b[Yy]our\b", "{your}", text)
    text = re.sub(r"\b[Yy]ourself\b", "{yourself}", text)
    text = re.sub(r"\b[Yy]ou(?:'re|’re)\b", "{you} {be|y}", text)
    text = re.sub(r"\b[Yy]ou(?:'ve|’ve)\b", "{you} {have|y}", text)
    out: list[str] = []
    last = 0
    for match in re.finditer(rf"\b(?:{names})(?P<verb> (?:(?:{ADVERBS}) )?[a-z]+)?(?![\w'’])", text):
        out.append(text[last : match.start()])
        out.append(_one(text[: match.start()], match["verb"] or ""))
        last = match.end()
    out.append(text[last:])
    return "".join(out)


def _one(before: str, following: str) -> str:
    if OBJECT_BEFORE.search(before.lower()):
        return "{you.o}" + following
    *adverb, verb = following.strip().split(" ") if following.strip() else [""]
    lead = "{you} " + "".join(f"{a} " for a in adverb)
    if verb in PAST_BE:
        return lead + "{be|perf}"
    lemma = AUXILIARY.get(verb) or verb_lemma(verb) or ""
    if lemma and (verb in AUXILIARY or verb in (lemma, inflect(lemma, "VBZ"))):
        return f"{lead}{{{lemma}|y}}"
    if lemma or verb in ("can", "will", "must", "may", "should", "could", "would", "might"):
        return lead + verb
    return (
        "{you.o}" if not verb or not before.rstrip().endswith((".", "!", "?", "")) else "{you}"
    ) + following
