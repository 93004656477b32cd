"""What kind of text a line is when it is no act at all: another language, a slip of the hand, a word to the machine."""

import re

from luna.narrator.grammar import parts_of_speech, words_of
from luna.narrator.lexicon import FOREIGN_WORDS, HINTS, INTENT, META, STOP
from luna.narrator.spelling import known
from luna.narrator.view import View

FOREIGN_LETTERS = re.compile(r"[äöüßéèêàçñłśćżźąęóíúãõåøæœğşôîûëïì¿¡ÄÖÜÉÈÀÇÑŚĆŻŹÓÚÕÅØÆŒ]")


def is_short_answer(text: str) -> bool:
    """Whether a text is a "yes", a "no" or a hesitation."""
    return bool(
        re.fullmatch(
            r"\W*(yes|no|yeah|yep|nope|nah|ok|okay|sure|fine|um+|uh+|hm+|eh|so|well|right|maybe|perhaps|never|of course|aye)\W*",
            text,
            re.I,
        )
    )


def special(view: View, text: str) -> str:
    """What kind of text this is when it is no act at all, else ""."""
    low = text.lower()
    if not re.search(r"\w", text):
        return "empty"
    if is_foreign(text):
        return "foreign"
    spoken = '"' in text or "“" in text
    if not spoken and any(re.search(p, low) for p in HINTS):
        return "hint"
    if re.search(
        r"(ignore (all|previous|your)|system prompt|language model|are you (an )?ai\b|you are an ai|debug mode)",
        low,
    ) or (not spoken and any(re.search(p, low) for p in META)):
        return "meta"
    listed = words_of(text)
    understood = sum(
        w in STOP or w in INTENT or view.known_noun(w) or _word(w) or known(view, w) for w in listed[:80]
    )
    if not listed or understood < 0.4 * min(len(listed), 80):
        return "nonsense"
    if re.search(
        r"^(inventory|inv|i|what (am i carrying|do i have).*|check my (pockets|bag|things).*)\W*$", low
    ):
        return "inventory"
    return ""


def is_foreign(text: str) -> bool:
    """Whether a text is in a language other than English."""
    letters = [c for c in text if c.isalpha()]
    if letters and sum(ord(c) > 0x24F for c in letters) > 0.3 * len(letters):
        return True
    listed = words_of(text)
    if not listed:
        return False
    if FOREIGN_LETTERS.search(text):
        strange = sum(not _word(w) and w not in STOP and w not in INTENT for w in listed)
        if strange >= len(listed) / 2:
            return True
    return _foreign(listed)


def _word(word: str) -> bool:
    return bool(parts_of_speech(re.sub(r"'s$|-.*$", "", word)))


def _foreign(listed: list[str]) -> bool:
    english = sum(w in STOP or w in INTENT for w in listed)
    found = [[w for w in listed if w in known_words] for known_words in FOREIGN_WORDS.values()]
    best = max(found, key=len)
    certain = [w for w in best if w not in STOP and w not in INTENT and not _word(w)]
    least = 1 if len(listed) < 4 else 2
    return bool(certain) and len(best) >= least and len(best) > english - sum(w in STOP for w in best)
