"""Plain present-tense prose in the past, without a parser: good enough for the sentences of cards."""

import re

from luna.narrator.grammar import inflect, parts_of_speech, verb_lemma

AUXILIARIES = {
    "is": "was", "are": "were", "am": "was", "has": "had", "does": "did", "isn’t": "wasn’t", "isn't": "wasn't",
    "aren't": "weren't", "doesn't": "didn't", "doesn’t": "didn’t", "can": "could", "will": "would", "may": "might",
    "cannot": "could not", "can't": "couldn't", "don't": "didn't", "don’t": "didn’t", "hasn't": "hadn't",
}  # fmt: skip
CLAUSE_STARTS = frozenset(
    [
        "and",
        "but",
        "that",
        "which",
        "who",
        "where",
        "when",
        "because",
        "as",
        "if",
        "while",
        "what",
        "before",
        "after",
        "until",
        "though",
        "than",
        "like",
    ]
)
DETERMINERS = frozenset(
    [
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "its",
        "his",
        "her",
        "their",
        "your",
        "my",
        "our",
        "each",
        "every",
        "some",
        "any",
        "no",
        "one",
        "two",
        "three",
        "four",
        "of",
        "in",
        "on",
        "at",
        "by",
        "with",
        "from",
        "to",
        "for",
        "into",
        "over",
        "under",
        "between",
        "through",
        "behind",
        "beside",
        "along",
        "across",
        "against",
    ]
)
CLEAR_SUBJECTS = frozenset(["he", "she", "it", "who", "that", "which", "someone", "nobody"])
PLURAL_SUBJECTS = frozenset(["they", "who", "people", "i", "we", "you"])
AFTER_VERBS = frozenset(
    [
        "and",
        "like",
        "nothing",
        "anything",
        "it",
        "them",
        "out",
        "up",
        "down",
        "off",
        "one",
        "two",
        "three",
        "four",
        "five",
        "nine",
        "six",
        "without",
        "over",
        "upward",
        "back",
        "him",
        "her",
        "you",
        "me",
        "us",
    ]
)


def to_past(text: str) -> str:
    """Shift the finite verbs of present-tense narration to the past; at most one verb per clause."""
    return _Shift(text).run()


class _Shift:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = re.findall(r"[A-Za-z’'\-]+|[^A-Za-z’'\-]+", text)
        self.base = False
        self.at = [i for i, token in enumerate(self.tokens) if token[0].isalpha()]

    def run(self) -> str:
        """The shifted text."""
        done = self.base = False
        for n, i in enumerate(self.at):
            word = self.tokens[i].lower()
            gap = "".join(self.tokens[self.at[n - 1] + 1 : i]) if n else ""
            if re.search(r"[.;:,!?—]", gap) or word in CLAUSE_STARTS:
                done = False
            past = self._auxiliary(n, word)
            if past is None and not done and n:
                past = self._full_verb(n, word)
            if past is not None:
                self.base = verb_lemma(word) == word
                self.tokens[i] = past if self.tokens[i][0].islower() else past[:1].upper() + past[1:]
                done = True
        return "".join(self.tokens)

    def _neighbour(self, n: int) -> str:
        return self.tokens[self.at[n]].lower() if 0 <= n < len(self.at) else ""

    def _auxiliary(self, n: int, word: str) -> str | None:
        if word in AUXILIARIES:
            return AUXILIARIES[word]
        if word == "have" and self._neighbour(n - 1) not in (
            "to",
            "can",
            "could",
            "would",
            "will",
            "not",
            "may",
        ):
            return "had"
        if word == "do" and self._neighbour(n + 1) == "not":
            return "did"
        return None

    def _full_verb(self, n: int, word: str) -> str | None:
        before, after = self._neighbour(n - 1), self._neighbour(n + 1)
        lemma = verb_lemma(word)
        if (
            not lemma
            or word in DETERMINERS
            or before in DETERMINERS
            or before == "to"
            or before.endswith("ing")
        ):
            return None
        follows = self._verb_follows(n, after)
        if word == inflect(lemma, "VBZ") and word != lemma:
            clear = before in CLEAR_SUBJECTS
            kinds = parts_of_speech(before)
            if not clear and "ADJ" in kinds and not kinds & {"NOUN", "ADV"}:
                return None
            if not clear and not follows and "NOUN" in parts_of_speech(word):
                return None
            return inflect(lemma, "VBD")
        kinds = parts_of_speech(before)
        ending = before.endswith("s") and not before.endswith(("'s", "’s"))
        plural = before in PLURAL_SUBJECTS or (ending and ("NOUN" in kinds or not kinds))
        if before == "and" and self.base and "NOUN" not in parts_of_speech(word) - {"VERB"}:
            return inflect(lemma, "VBD") if word == lemma else None
        if before == "and" and self.base and word == lemma and follows:
            return inflect(lemma, "VBD")
        return inflect(lemma, "VBD") if word == lemma and plural and follows else None

    def _verb_follows(self, n: int, after: str) -> bool:
        end = self.at[n + 1] if n + 1 < len(self.at) else len(self.tokens)
        gap = "".join(self.tokens[self.at[n] + 1 : end])
        return (
            not after
            or after in DETERMINERS
            or after in AFTER_VERBS
            or after.endswith("ly")
            or bool(re.search(r"[,.;:]", gap))
            or "ADV" in parts_of_speech(after)
        )
