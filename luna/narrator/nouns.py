"""Finding the things in a sentence that one could look at ("the stag's head")."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from luna.narrator.grammar import inflect, noun_lemma, parts_of_speech, verb_lemma
from luna.narrator.lexicon import NO_FEATURE, PERSON_NOUNS, STOP

STARTERS = frozenset(("the", "a", "an", "one", "its", "every"))
ORDINALS = frozenset(("first", "second", "third", "fourth", "last", "next"))
VERB_SIGNS = frozenset(("up", "the", "a", "no", "on", "from", "like"))


@dataclass(frozen=True)
class Feature:
    """A thing named in passing: its noun phrase without article, and the number of the fact that names it."""

    phrase: str
    fact: int


def features_of(facts: Iterable[str]) -> dict[str, Feature]:
    """Head noun → feature, in the order of the text. The first mention of a noun counts."""
    found: dict[str, Feature] = {}
    for number, sentence in enumerate(facts):
        tokens = re.findall(r"[^\W\d_][\w’'\-]*|[,.;:“”]|\{[^}]*\}", sentence)
        for i, token in enumerate(tokens):
            if token.lower() not in STARTERS or (i and tokens[i - 1].lower() == "like"):
                continue
            phrase = noun_phrase(tokens, i + 1)
            if phrase and _noun(phrase[-1]) and _worth_a_look(phrase):
                found.setdefault(phrase[-1].lower(), Feature(" ".join(phrase).lower(), number))
    return found


def _noun(word: str) -> bool:
    """Whether a word can be a noun; an unknown word in small letters is taken for one."""
    kinds = parts_of_speech(word)
    return "NOUN" in kinds or not kinds


def _worth_a_look(phrase: list[str]) -> bool:
    head = phrase[-1].lower()
    proper = any(word[:1].isupper() for word in phrase)
    return (
        head not in NO_FEATURE
        and noun_lemma(head) not in PERSON_NOUNS
        and not (head.endswith("est") and "ADJ" in parts_of_speech(head))
        and not proper
        and len(head) > 2
    )


def noun_phrase(tokens: list[str], start: int, longest: int = 3) -> list[str]:
    """The words of a noun phrase from `start`, adjectives first; empty when there is none."""
    phrase: list[str] = []
    for i in range(start, min(start + longest, len(tokens))):
        word = tokens[i]
        following = tokens[i + 1] if i + 1 < len(tokens) else ""
        if (
            not word[0].isalpha()
            or word.lower() in STOP
            or "'" in word.removesuffix("'s")
            or word.endswith("ly")
        ):
            break
        kinds = parts_of_speech(re.sub(r"[’']s$", "", word)) | parts_of_speech(word)
        if word.lower() in ORDINALS:
            kinds |= {"ADJ"}
        if phrase and _is_verb_here(word, following.lower()):
            break
        if kinds and not kinds & {"NOUN", "ADJ"} and "-" not in word:
            break
        phrase.append(word)
        closes = _noun(word) and "ADJ" not in parts_of_speech(word)
        if (
            len(phrase) > 1
            and closes
            and not _compound(following, tokens[i + 2] if i + 2 < len(tokens) else ".")
        ):
            break
    return phrase


def _compound(word: str, after: str) -> bool:
    """Whether a noun goes on after a noun ("brass lock", "dock plates")."""
    noun = (
        word[:1].islower()
        and word not in STOP
        and "NOUN" in parts_of_speech(word)
        and not word.endswith(("s", "ly"))
    )
    return noun and (not after[0].isalpha() or after in STOP) and "ADV" not in parts_of_speech(word)


def _is_verb_here(word: str, following: str) -> bool:
    """Whether a word after a noun is its verb ("the lamp burns without …")."""
    lemma = verb_lemma(word)
    if not lemma or lemma == word.lower() or inflect(lemma, "VBZ") != word.lower() or following == "of":
        return False
    return following in VERB_SIGNS or following in STOP or "ADV" in parts_of_speech(following)
