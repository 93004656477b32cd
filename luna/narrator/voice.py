"""A plain sentence about somebody, put into their own mouth."""

import re

from luna.narrator.grammar import capital, inflect, verb_lemma, words_of
from luna.narrator.index import Person
from luna.narrator.realiser import PRONOUNS

LONGEST = 40


def in_own_words(text: str, person: Person) -> str:
    """ "The doctor signed it for his sake" said by the doctor: "I signed it for my sake"."""
    subject, object_, possessive, _, reflexive, _ = PRONOUNS[person.pronouns]
    aliases = [person.full, person.name]
    aliases += [f"the {name}" for name in person.names if name in words_of(person.role)]
    changed = text
    for name in dict.fromkeys(aliases):
        if name:
            changed = re.sub(rf"(?<!\w){re.escape(name)}['’]s(?!\w)", "my", changed, flags=re.I)
            changed = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "I", changed, flags=re.I)
    named = changed != text
    if named and re.search(r"\b(child|girl|boy|woman|man)\b", changed):
        return capital(_agree(changed))
    if person.pronouns != "it":
        changed = re.sub(rf"\b{reflexive}\b", "myself", changed, flags=re.I)
        changed = re.sub(rf"\b{subject}\b", "I", changed, flags=re.I)
        if possessive == object_:
            changed = re.sub(
                rf"\b{possessive}(?= [a-z])(?! (?:to|and|in|on|at|by|with|from|for|as|when|if)\b)",
                "my",
                changed,
                flags=re.I,
            )
        else:
            changed = re.sub(rf"\b{possessive}\b", "my", changed, flags=re.I)
        changed = re.sub(rf"\b{object_}\b", "me", changed, flags=re.I)
    return capital(_agree(changed))


def _agree(text: str) -> str:
    """Verbs after "I"."""

    def mend(match: re.Match[str]) -> str:
        adverb, verb = match[1] or "", match[2]
        special = {
            "is": "am",
            "has": "have",
            "does": "do",
            "isn't": "am not",
            "doesn't": "don't",
            "are": "am",
            "were": "was",
        }
        if verb in special:
            return f"I {adverb}{special[verb]}"
        lemma = verb_lemma(verb)
        if lemma and lemma != verb and inflect(lemma, "VBZ") == verb:
            return f"I {adverb}{lemma}"
        return match[0]

    return re.sub(
        r"\bI ((?:always|never|often|also|still|only|usually|rarely|seldom|now) )?([a-z']+)", mend, text
    )


def worth_saying(line: str) -> bool:
    """Whether a line made from card text can be said by somebody without sounding like a card."""
    count = len(words_of(line))
    return (
        3 <= count <= LONGEST
        and line.rstrip('”"').endswith((".", "!", "?"))
        and not re.search(r"[\[\]{}<>|*:=]", line)
    )
