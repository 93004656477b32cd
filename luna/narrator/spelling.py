"""Slips of the keyboard: a word nobody knows becomes the verb or the name it is nearest to."""

import re
from functools import lru_cache
from importlib import import_module
from typing import Any

from luna.narrator.grammar import parts_of_speech, words_of
from luna.narrator.lexicon import CHATTY, INTENT, STOP
from luna.narrator.view import View

COMMON = [
    "the",
    "and",
    "with",
    "about",
    "where",
    "what",
    "who",
    "why",
    "how",
    "when",
    "this",
    "that",
    "there",
    "here",
    "from",
    "into",
    "hello",
    "goodbye",
    "please",
    "door",
    "window",
    "table",
    "wall",
    "floor",
    "fire",
    "light",
    "stairs",
    "hand",
    "chair",
    "around",
    "again",
    "nothing",
    "something",
    "everything",
    "going",
    "because",
    "their",
]
SHORT = 4


def mended(view: View, text: str) -> str:
    """A text with slips in words outside quotations put right, as far as one candidate is nearest."""
    parts = re.split(r'(["“][^"”]*["”]?)', text)
    return "".join(part if n % 2 else _mended(view, part, n == 0) for n, part in enumerate(parts))


def _mended(view: View, text: str, begins: bool) -> str:
    listed = words_of(text)
    if len(listed) > 60:
        return text
    for number, word in enumerate(dict.fromkeys(listed)):
        if word in CHATTY:
            text = _put(text, word, CHATTY[word])
        elif not known(view, word):
            verbs = VERBS if begins and number == 0 else ()
            better = (
                _nearest(word, verbs) or _nearest(word, names_in(view)) or _nearest(word, (*VERBS, *COMMON))
            )
            if better:
                text = _put(text, word, better)
    return text


VERBS = tuple(sorted({*INTENT, "ask", "tell", "look"}, key=lambda v: (len(v), v)))


def _put(text: str, word: str, better: str) -> str:
    return re.sub(rf"(?<![\w']){re.escape(word)}(?![\w'])", better, text, flags=re.I)


def known(view: View, word: str) -> bool:
    """Whether a word is English, or the world's own."""
    bare = re.sub(r"'\w*$|-.*$", "", word)
    return (
        word in STOP
        or word in INTENT
        or len(bare) < 3
        or view.known_noun(word)
        or view.known_noun(bare)
        or bare.removesuffix("s") in names_in(view)
        or bool(parts_of_speech(bare))
    )


def names_in(view: View) -> tuple[str, ...]:
    """Single words that name somebody, something or some place; those at hand first."""
    near = (*view.spot().features, *(n for w in view.company() for n in view.person(w).names))
    return tuple(dict.fromkeys(w for n in (*near, *_world_names(view)) for w in n.split() if len(w) > 2))


def _world_names(view: View) -> tuple[str, ...]:
    kinds = ("people", "things", "spots")
    known = tuple(n for kind in kinds for names in view.names(kind).values() for n in names)
    return known + tuple(sorted({w for topics in view.index.topics.values() for w in topics}))


@lru_cache(1)
def _distance() -> Any:
    return import_module("rapidfuzz.distance").OSA.distance


@lru_cache(4000)
def _nearest(word: str, candidates: tuple[str, ...]) -> str:
    """The candidate a word is a slip of: one slip in a short word, two in a longer one."""
    best, found = 9, ""
    for candidate in candidates:
        if abs(len(candidate) - len(word)) > 2 or len(candidate) < 3:
            continue
        slips = _distance()(word, candidate)
        allowed = 1 if min(len(word), len(candidate)) <= SHORT else 2
        if len(word) > SHORT and slips == 2 and word[0] != candidate[0]:
            continue
        if slips <= allowed and slips < best:
            best, found = slips, candidate
    return found
