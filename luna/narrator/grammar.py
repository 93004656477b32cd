"""English words: inflection, parts of speech, sentence splitting, tidying. Pure functions.

lemminflect (with numpy) takes about half a second to load, so it is loaded at the first word, not at import.
"""

import re
from functools import lru_cache
from importlib import import_module
from types import ModuleType

IRREGULAR_PAST = {
    "travel": "travelled", "signal": "signalled", "lean": "leaned", "light": "lit", "hang": "hung", "shine": "shone",
    "dive": "dived", "dream": "dreamed", "spring": "sprang", "sink": "sank", "get": "got", "bid": "bade",
    "wake": "woke", "lie": "lay", "wind": "wound", "leave": "left", "find": "found", "saw": "sawed", "spit": "spat",
    "fit": "fitted", "bear": "bore", "tread": "trod", "fell": "felled", "wear": "wore", "grind": "ground",
}  # fmt: skip
"""Where British usage or the common meaning differs from the first form of the inflection tables."""

BE = {
    ("1s", False): "am", ("2", False): "are", ("3s", False): "is", ("3p", False): "are",
    ("1s", True): "was", ("2", True): "were", ("3s", True): "was", ("3p", True): "were",
}  # fmt: skip
MODALS = {
    "can": "could", "will": "would", "may": "might", "must": "had to", "shall": "should", "would": "would",
    "should": "should", "could": "could", "might": "might",
}  # fmt: skip
REGULAR_ENDINGS = {"VBD": "ed", "VBZ": "s", "VBG": "ing", "VBN": "ed"}
CALLED = ("you", "he", "she", "they")


@lru_cache(1)
def _tables() -> ModuleType:
    return import_module("lemminflect")


@lru_cache(8000)
def inflect(lemma: str, tag: str) -> str:
    """A form of a verb by its Penn tag (VBZ, VBD, VBG, VBN)."""
    if tag == "VBD" and lemma in IRREGULAR_PAST:
        return IRREGULAR_PAST[lemma]
    forms: tuple[str, ...] = _tables().getInflection(lemma, tag)
    return forms[0] if forms else lemma + REGULAR_ENDINGS.get(tag, "")


@lru_cache(20000)
def verb_lemma(word: str) -> str | None:
    """The base form of a verb, or None when the word is no known verb."""
    forms: tuple[str, ...] = _tables().getLemma(word.lower(), "VERB", lemmatize_oov=False)
    return forms[0] if forms else None


@lru_cache(20000)
def noun_lemma(word: str) -> str:
    """The singular of a noun; an unknown word is returned as it is."""
    forms: tuple[str, ...] = _tables().getLemma(word.lower(), "NOUN", lemmatize_oov=False)
    return forms[0] if forms else word


@lru_cache(20000)
def parts_of_speech(word: str) -> frozenset[str]:
    """What a word can be: a set of NOUN, VERB, ADJ, ADV, PROPN; empty when unknown."""
    lemmas: dict[str, tuple[str, ...]] = _tables().getAllLemmas(word.lower())
    return frozenset(lemmas)


def conjugate(lemma: str, subject: str, past: bool) -> str:
    """A verb for a subject ("1s", "2", "3s", "3p"); what follows the first word of `lemma` is kept."""
    head, _, tail = lemma.partition(" ")
    if head == "be":
        form = BE[(subject, past)]
    elif head in MODALS:
        form = MODALS[head] if past else head
    elif past:
        form = inflect(head, "VBD")
    elif subject == "3s":
        form = {"have": "has", "do": "does"}.get(head) or inflect(head, "VBZ")
    else:
        form = head
    return f"{form} {tail}" if tail else form


def capital(text: str) -> str:
    """The text with its first letter (or digit) in upper case."""
    for position, character in enumerate(text):
        if character.isalnum():
            return text[:position] + character.upper() + text[position + 1 :]
    return text


def lower_first(text: str) -> str:
    """The text with a small first letter, unless it begins with "I" or a quotation."""
    if not text or text.startswith(("I ", "I'", "I’", "“")):
        return text
    return text[:1].lower() + text[1:]


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, apostrophes and hyphens kept inside."""
    return re.findall(r"[^\W\d_][\w’'\-]*", text.lower())


def sentences(text: str) -> list[str]:
    """The sentences of a text. An initial ("A. Reyes") does not end one."""
    parts = re.split(
        r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)\s+(?=[“\"A-Z{])", text.strip()
    )
    return [part.strip() for part in parts if part.strip()]


def comma(line: str) -> str:
    """A sentence that goes on into "she says": its full stop becomes a comma."""
    return line[:-1] + "," if line.endswith(".") and not line.endswith("..") else line


def article(noun: str) -> str:
    """The noun with "a" or "an" instead of "the"."""
    bare = re.sub(r"^(the|a|an) ", "", noun, flags=re.I)
    return ("an " if bare[:1].lower() in "aeiou" else "a ") + bare


def listing(names: list[str]) -> str:
    """Names in a row: "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def _small_speaker(match: re.Match[str]) -> str:
    return f"{match[1]} {match[2].lower()} {match[3]}"


def _upper_start(match: re.Match[str]) -> str:
    return match[1] + match[2] + match[3].upper()


_SPACES = re.compile(r"\s+")
_BEFORE_STOP = re.compile(r"\s+([,.;:!?])")
_DOUBLE_STOP = re.compile(r"([.!?])\.(?!\.)")
_COMMA_STOP = re.compile(r",([.!?])")
_SMALL_START = re.compile(r"(?<!\.\.)(?<!\.[A-Z])(?<!\b[A-Z])([.!?][\"”]?\s+)([“\"‘]?)([a-z])")
_SPEAKER = re.compile(
    r"([!?]”) (You|He|She|They) (say|says|said|tell|tells|told|ask|asks|asked|whisper|whispers)\b"
)
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou](?!ne\b|ni|se|u)[a-z])")


def tidy(text: str) -> str:
    """Mend spacing, doubled stops, sentence starts and a/an after slots were filled."""
    text = _SPACES.sub(" ", text).strip()
    text = _BEFORE_STOP.sub(r"\1", text)
    text = _DOUBLE_STOP.sub(r"\1", text).replace("can not", "cannot").replace(",,", ",")
    text = _COMMA_STOP.sub(r"\1", text)
    text = _SMALL_START.sub(_upper_start, text)
    text = _SPEAKER.sub(_small_speaker, text)
    text = _ARTICLE.sub(r"\1n ", text)
    return capital(text) if text[:1].isalpha() or text[:1] in '“"' else text
