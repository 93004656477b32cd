"""From a string with slots to a sentence: person, tense, agreement, pronouns, alternatives.

`{you} {kneel} by {obj}, and {n} {wipe} {his} hands`: a braced verb agrees with the nearest subject before it,
be it a slot or the literal noun right before the verb. `{verb|p}`, `|s`, `|y` force plural, singular or the
player; `|perf` steps back in time, `|g` is the -ing form, `|pp` the participle. `[a|b]` picks one.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from luna.narrator.grammar import (
    BE,
    capital,
    conjugate,
    inflect,
    noun_lemma,
    parts_of_speech,
    tidy,
)
from luna.narrator.tense import to_past

PRONOUNS = {
    "she": ("she", "her", "her", "hers", "herself", "3s"),
    "he": ("he", "him", "his", "his", "himself", "3s"),
    "they": ("they", "them", "their", "theirs", "themselves", "3p"),
    "it": ("it", "it", "its", "its", "itself", "3s"),
}
YOU_FORMS = {"you": 0, "you.o": 1, "your": 2, "yours": 3, "yourself": 4}
SINGULAR_WORDS = frozenset(
    [
        "it",
        "there",
        "he",
        "she",
        "nobody",
        "someone",
        "somebody",
        "something",
        "nothing",
        "everything",
        "everyone",
        "this",
        "that",
        "each",
        "what",
    ]
)
NEUTRAL_WORDS = frozenset(
    [
        "and",
        "but",
        "or",
        "not",
        "then",
        "to",
        "who",
        "which",
        "never",
        "always",
        "already",
        "still",
        "only",
        "also",
        "both",
        "simply",
    ]
)
IRREGULAR_PLURALS = frozenset(
    ["people", "children", "men", "women", "feet", "teeth", "mice", "geese", "police"]
)
TRAILING_ADVERBS = frozenset(["already", "still", "only", "never", "always", "also", "all", "both"])
HIS_FORMS = {"he": 0, "him": 1, "his": 2, "hers": 3, "himself": 4}


_AFTER_KEPT = re.compile(r"\ue000(\d+)\ue001\s+[a-z]")


@dataclass(frozen=True)
class Noun:
    """Something that can be named: a person (with pronouns), a thing or a place."""

    name: str
    full: str = ""
    pronouns: str | None = None
    plural: bool = False
    proper: bool = False


@dataclass(frozen=True)
class Doing:
    """The player's own verb phrase, to be inflected again: base verb, and the rest with slots."""

    verb: str
    rest: str = ""


@dataclass(frozen=True)
class Verbatim:
    """Somebody's exact words: put in as they stand, out of reach of every correction."""

    text: str


Value = str | Noun | Doing | Verbatim
Values = Mapping[str, Value]


class Realiser:
    """Fills templates for one turn. Remembers who was named last, for pronouns; `paragraph()` forgets it."""

    def __init__(self, person: Literal[1, 2, 3], past: bool, name: str, pronouns: str) -> None:
        self.person = person
        self.past = past
        self.name = name
        self.pronouns = pronouns
        self.last: str | None = None
        self.named = False
        self.player_subject = {1: "1s", 2: "2", 3: "3s"}[person]

    def paragraph(self) -> None:
        """Begin a paragraph: names are said again."""
        self.last, self.named = None, False

    def you(self, form: str) -> tuple[str, str]:
        """The player as subject, object, possessive …: the words, and what a verb agrees with."""
        index = YOU_FORMS[form]
        if self.person == 1:
            return ("I", "me", "my", "mine", "myself")[index], "1s"
        if self.person == 2:
            return ("you", "you", "your", "yours", "yourself")[index], "2"
        own = PRONOUNS[self.pronouns]
        clash = self.last is not None and self.last == own[0]
        if index <= 2 and (not self.named or clash):
            self.named, self.last = True, None
            return self.name + ("’s" if index == 2 else ""), "3s"
        return own[index], own[5]

    def render(self, template: str, values: Values, rng: random.Random) -> str:
        """One template as finished text."""
        return _Rendering(self, values, rng).run(template)

    def plain(self, text: str) -> str:
        """Plain present-tense prose (from a card) in the narration's tense; quotations stay as they are."""
        if not self.past:
            return text
        parts = re.split(r"([“\"][^”\"]*[”\"])", text)
        return "".join(part if i % 2 else to_past(part) for i, part in enumerate(parts))


class _Rendering:
    """One filling of one template."""

    def __init__(self, realiser: Realiser, values: Values, rng: random.Random) -> None:
        self.r = realiser
        self.values = values
        self.rng = rng
        self.out: list[str] = []
        self.kept: list[str] = []
        self.subject = "3s"

    def run(self, template: str) -> str:
        """The finished text."""
        template = alternatives(template, self.rng)
        position = 0
        for match in re.finditer(r"\{([^{}]+)\}", template):
            before = template[position : match.start()]
            self.out.append(before)
            position = match.end()
            if re.search(r"[.!?;:][”\"]?\s", before):
                self.subject = "3s"
            self.slot(match[1], before, template[position:])
        self.out.append(template[position:])
        text = _AFTER_KEPT.sub(self.start_after, tidy("".join(self.out)))
        for number, words in enumerate(self.kept):
            text = text.replace(f"\ue000{number}\ue001", words)
        return text

    def start_after(self, match: re.Match[str]) -> str:
        """A capital after words put in as they stand, where those end a sentence."""
        ends = self.kept[int(match[1])].endswith((".", "!", "?", "”"))
        return match[0][:-1] + match[0][-1].upper() if ends else match[0]

    def slot(self, tag: str, before: str, after: str) -> None:
        """One pair of braces; `before` and `after` are the literal text around it."""
        key, _, mod = tag.partition("|")
        base, _, attribute = key.partition(".")
        if tag == "you.two":
            self.out.append({1: "us", 2: "you", 3: "them"}[self.r.person])
            self.subject = "3p"
        elif tag in YOU_FORMS:
            words, subject = self.r.you(tag)
            self.out.append(words)
            if tag == "you":
                self.subject = self.r.player_subject = subject
        elif base in HIS_FORMS and isinstance(self.values.get("n"), Noun):
            self.third(base)
        elif base in self.values:
            self.value(self.values[base], attribute, mod)
        else:
            self.verb(key, mod, before, after)

    def third(self, form: str) -> None:
        """A pronoun of the person in question."""
        noun = self.values["n"]
        pronouns = PRONOUNS[(noun.pronouns if isinstance(noun, Noun) else None) or "they"]
        self.r.last = pronouns[0]
        self.out.append(pronouns[HIS_FORMS[form]])
        if form == "he":
            self.subject = pronouns[5]

    def value(self, value: Value, attribute: str, mod: str) -> None:
        """A slot that has a value."""
        match value:
            case Noun():
                self.noun(value, attribute)
            case Doing():
                self.doing(value, mod)
            case Verbatim():
                self.out.append(f"\ue000{len(self.kept)}\ue001")
                self.kept.append(value.text)
            case str():
                self.out.append(value)

    def noun(self, noun: Noun, attribute: str) -> None:
        """A name, with or without article."""
        if noun.pronouns is not None:
            self.out.append((noun.full or noun.name) if attribute == "full" else noun.name)
            self.r.last = PRONOUNS[noun.pronouns][0]
            self.subject = "3s"
            return
        bare = re.sub(r"^(the|a|an) ", "", noun.name)
        if attribute == "a":
            self.out.append(("an " if bare[:1].lower() in "aeiou" else "a ") + bare)
        elif attribute == "bare":
            self.out.append(bare)
        else:
            whole = noun.proper or noun.name.lower().startswith(("the ", "a ", "an "))
            self.out.append(noun.name if whole else "the " + bare)
        self.subject = "3p" if noun.plural else "3s"

    def doing(self, doing: Doing, mod: str) -> None:
        """The player's own verb phrase, inflected."""
        rest = self.r.render(doing.rest, {}, self.rng) if "{" in doing.rest else doing.rest
        named = rest.startswith(self.r.name) or rest[:2] in ("I ", "I'")
        if rest and not doing.rest[:1].isupper() and not named:
            rest = rest[:1].lower() + rest[1:]
        if mod in ("G", "G2"):
            form = capital(inflect(doing.verb, "VBG"))
        elif mod == "i":
            form = doing.verb
        else:
            form = conjugate(doing.verb, self.r.player_subject, self.r.past)
        self.out.append(f"{form} {rest}".strip())

    def verb(self, key: str, mod: str, before: str, after: str) -> None:
        """A verb, agreeing with its subject."""
        if not mod:
            self.literal_subject(before, after)
        if mod == "perf":
            if self.r.past:
                self.out.append("had " + ("been" if key == "be" else inflect(key, "VBN")))
            else:
                self.out.append(BE[(self.subject, True)] if key == "be" else inflect(key, "VBD"))
        elif mod == "pp":
            self.out.append("been" if key == "be" else inflect(key, "VBN"))
        elif mod == "g":
            self.out.append(inflect(key, "VBG"))
        else:
            subject = {"p": "3p", "s": "3s", "y": self.r.player_subject}.get(mod, self.subject)
            self.out.append(conjugate(key, subject, self.r.past))

    def literal_subject(self, before: str, after: str) -> None:
        """A literal noun or pronoun right before the verb is its subject ("hands {be}")."""
        found = re.findall(r"[\w’'\-]+", before)
        while found and found[-1].lower() in TRAILING_ADVERBS:
            found.pop()
        if not found or not re.search(r"\w\s*$", before):
            return
        word = found[-1].lower()
        if word in SINGULAR_WORDS:
            many = word == "there" and re.match(r" (?:eleven|two|three|no \w+s\b|many|more people)", after)
            self.subject = "3p" if many else "3s"
        elif word in ("they", "these", "those"):
            self.subject = "3p"
        elif word not in NEUTRAL_WORDS:
            self.subject = "3p" if is_plural(word) else "3s"


def is_plural(word: str) -> bool:
    """Whether a noun is a plural, as far as its form tells. Unknown words in -s count as plurals."""
    if word in IRREGULAR_PLURALS:
        return True
    if not word.endswith("s") or word.endswith("ss"):
        return False
    kinds = parts_of_speech(word)
    if not kinds:
        return not word.endswith(("us", "is", "'s", "’s"))
    return "NOUN" in kinds and noun_lemma(word) != word


def alternatives(template: str, rng: random.Random) -> str:
    """The template with every `[a|b|c]` decided, innermost first; a bar inside braces is no separator."""
    while match := re.search(r"\[([^\[\]]*)\]", template):
        choice = rng.choice(re.split(r"\|(?![^{]*\})", match[1]))
        template = template[: match.start()] + choice + template[match.end() :]
    return template
