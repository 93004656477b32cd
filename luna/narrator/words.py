"""The player's own words, made ready to be told again in another person and tense."""

import re
from typing import Any

from luna.narrator.grammar import noun_lemma, parts_of_speech, verb_lemma, words_of
from luna.narrator.lexicon import STOP
from luna.narrator.parser import Act
from luna.narrator.scene import Scene

FIRST_PERSON = {
    "my": "{your}", "me": "{you.o}", "i": "{you}", "myself": "{yourself}", "mine": "{yours}", "our": "{your}",
    "i'm": "{you} {be|y}", "i'll": "{you} {will|y}", "i've": "{you} {have|y}", "am": "{be|y}",
}  # fmt: skip
FINITE = {
    "will": "{will}", "can": "{can}", "is": "{be}", "are": "{be|p}", "has": "{have|s}", "does": "{do|s}",
    "was": "{be|perf}", "were": "{be|perf}",
}  # fmt: skip


def named(scene: Scene, text: str) -> str:
    """The text with the names of people and places in their own spelling."""
    for kind, single in (("people", scene.view.person), ("spots", scene.view.spot)):
        for entity in scene.view.ordered(kind):
            shown = single(entity)
            for part in {
                w
                for w in re.findall(r"[\w'’-]+", getattr(shown, "full", "") + " " + shown.name)
                if w[:1].isupper()
            }:
                text = re.sub(rf"(?<![\w{{]){re.escape(part.lower())}(?!\w)", part, text)
    return text


def proper_words(scene: Scene, text: str) -> str:
    """Words the world only ever spells with a capital get theirs back."""
    done: list[str] = []
    for word in text.split():
        title = word[:1].upper() + word[1:]
        only = re.search(rf"[a-z,] {re.escape(title)}\b", scene.index.prose) and not re.search(
            rf"\b{re.escape(word)}\b", scene.index.prose
        )
        done.append(title if len(word) > 2 and word.isalpha() and only else word)
    return " ".join(done)


def doing(scene: Scene, act: Act) -> list[str]:
    """The player's verb phrase as [base verb, rest with slots]."""
    first, *rest = act.phrase
    verb = verb_lemma(first) or first
    past_speech = act.intent in ("say", "ask")
    text = named(scene, reported(" ".join(rest), past_speech)).replace(
        "§", f"“{act.quoted}”" if act.quoted else ""
    )
    if act.manner and act.manner not in text and len(text.split()) < 7:
        text = f"{text} {act.manner}".strip()
    return [verb, text.rstrip(",.;: ")]


def reported(text: str, speech: bool) -> str:
    """Words with the player's pronouns as slots; in reported speech the finite verbs shift with the tense."""
    told: list[str] = []
    before = ""
    for word in text.split():
        own = FIRST_PERSON.get(word)
        if own is None and speech:
            own = f"{{{word}|y}}" if before == "i" and verb_lemma(word) == word else FINITE.get(word)
        told.append(own or word)
        before = word
    return " ".join(told)


def tense_words(clause: str) -> str:
    """An asked clause ("why she wanted silence") with slots for person and tense; "you" is the one asked."""
    told: list[str] = []
    for word in clause.split():
        bare = word.strip("?,.!")
        if bare == "you":
            told.append("{he}")
        elif bare == "your":
            told.append("{his}")
        else:
            told.append(
                reported(f"i {bare}", True).removeprefix("{you} ")
                if told[-1:] == ["{you}"]
                else reported(bare, True)
            )
    return " ".join(told)


def topic_name(scene: Scene, topic: str) -> str:
    """A topic as it can stand in a sentence: names spelt, an article where one is due; "" when too long."""
    listed = [w for w in re.sub(r"[?!.,]", "", topic).split() if w]
    if not listed or len(listed) > 8:
        return ""
    text = " ".join(FIRST_PERSON.get(w, w) if w not in ("i'll", "i'm") else "{you}" for w in listed)
    text = proper_words(scene, named(scene, text))
    first = words_of(text)[:1]
    if len(listed) <= 2 and first and first[0] not in STOP and not re.search(r"[A-Z{]", text):
        from luna.narrator.grammar import parts_of_speech

        if "NOUN" in parts_of_speech(listed[-1]):
            text = "the " + text
    return text


def _plainly_a_noun(phrase: str) -> bool:
    kinds = parts_of_speech(phrase.rsplit(" ", 1)[-1])
    return not kinds or ("NOUN" in kinds and not kinds & {"ADJ", "ADV"})


def missing_args(scene: Scene, act: Act) -> dict[str, Any]:
    """The slots of a refusal that names what is here instead."""
    features = [f.phrase for f in scene.view.spot().features.values() if _plainly_a_noun(f.phrase)]
    company = scene.view.company()
    if features:
        instead = "the " + scene.roll("instead").choice(features)
    elif company:
        instead = scene.view.person(company[0]).name
    else:
        instead = scene.view.spot().name
    miss = act.missing
    miss = noun_lemma(miss) if miss else ""
    return {"miss": miss, "instead": instead} if miss else {"instead": instead}
