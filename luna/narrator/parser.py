"""What the player typed as a short list of acts, grounded in what is here."""

import re
from dataclasses import dataclass, field

from luna.narrator.entities import ground
from luna.narrator.grammar import capital, parts_of_speech, verb_lemma, words_of
from luna.narrator.lexicon import ABSURD, FOREIGN_WORDS, INTENT, PHRASES, RUDE, STOP
from luna.narrator.view import View

QUOTE = "§"
"""Stands for a lifted quotation while a clause is taken apart."""
LONGEST = 16
"""A clause of more words is not inflected again word for word."""
QUESTION_WORDS = frozenset(
    [
        "what",
        "who",
        "where",
        "when",
        "why",
        "how",
        "which",
        "is",
        "are",
        "do",
        "does",
        "did",
        "can",
        "could",
        "will",
        "would",
        "should",
        "have",
        "has",
        "had",
    ]
)
NOT_MANNER = frozenset(
    [
        "only",
        "reply",
        "family",
        "early",
        "fly",
        "really",
        "holy",
        "ugly",
        "rely",
        "apply",
        "belly",
        "jelly",
        "supply",
        "italy",
        "july",
        "bully",
        "lily",
    ]
)


@dataclass
class Act:
    """One thing the player does. Ids where the world knows the words; `missing` is a noun it does not know.

    `kind` is act, or what the text is instead: empty, foreign, nonsense, meta, hint, inventory, absurd.
    """

    raw: str
    intent: str = "other"
    kind: str = "act"
    verb: str = ""
    phrase: list[str] = field(default_factory=list[str])
    target: str | None = None
    obj: str | None = None
    feature: str | None = None
    place: str | None = None
    instrument: str | None = None
    topic: str = ""
    speech: str = ""
    quoted: str = ""
    clause: str = ""
    manner: str = ""
    missing: str = ""
    rude: bool = False
    question: bool = False
    long: bool = False


def clean(text: str) -> str:
    """Player text without the characters templates are made of, in one line."""
    text = re.sub(r"[{}\[\]|§_*#\ue000\ue001]", " ", text).replace("’", "'").replace("‘", "'")
    return re.sub(r"\s+", " ", text).strip()


def parse(view: View, text: str) -> list[Act]:
    """The acts in a text, in order. Never empty."""
    text = clean(text)
    kind = special(view, text)
    if kind:
        return [Act(text, intent=kind, kind=kind)]
    text, quotes = lift_quotes(text)
    acts = [a for a in (_clause(view, c, quotes) for c in clauses(text)) if a]
    if not acts and quotes:
        acts = [Act(text, "say", speech=quotes[0], topic=quotes[0])]
    for act in acts:
        _note_rudeness(act)
    last = None
    for act in acts:
        ground(view, act, last)
        last = act
        _odd(view, act)
    if acts and acts[0].long:
        acts = [acts[0], *(a for a in acts[1:] if a.intent in ("go", "take", "give", "attack"))]
    useful = [a for a in acts if not _idle(a)] if len(acts) > 2 else acts
    return _fold(useful or acts) or [Act(text)]


def speak(view: View, text: str) -> list[Act]:
    """The act of a text that is speech as a whole."""
    said = clean(text).strip('"“” ')
    if not re.search(r"\w", said):
        return [Act("", "empty", kind="empty")]
    act = Act(said, "say", speech=capital(said), topic=said.lower(), question=said.endswith("?"))
    act.rude = any(w in RUDE for w in words_of(said))
    spoken_to = view.find("people", said.lower())
    act.target = spoken_to if spoken_to and view.present(spoken_to) else None
    return [act]


def special(view: View, text: str) -> str:
    """What kind of text this is when it is no act at all, else ""."""
    low = text.lower()
    if not re.search(r"\w", text):
        return "empty"
    letters = [c for c in text if c.isalpha()]
    if letters and sum(ord(c) > 0x24F for c in letters) > 0.3 * len(letters):
        return "foreign"
    listed = words_of(text)
    if len(listed) >= 3 and _foreign(listed):
        return "foreign"
    known = sum(w in STOP or w in INTENT or view.known_noun(w) or _word(w) for w in listed[:80])
    if not listed or known < 0.4 * min(len(listed), 80):
        return "nonsense"
    if re.search(
        r"(ignore (all|previous|your)|system prompt|language model|are you (an )?ai\b|you are an ai|debug mode)",
        low,
    ):
        return "meta"
    if re.search(r"^(help|what (can|should|do) i do|what now|hint|i'?m (stuck|lost)|options)\W*$", low):
        return "hint"
    if re.search(r"^(inventory|i|what (am i carrying|do i have).*|check my (pockets|bag|things).*)\W*$", low):
        return "inventory"
    return ""


def _word(word: str) -> bool:
    return bool(parts_of_speech(re.sub(r"'s$|-.*$", "", word)))


def _foreign(listed: list[str]) -> bool:
    english = sum(w in STOP for w in listed)
    best = max(
        sum(w in known and (w not in STOP or w in ("no", "me")) for w in listed)
        for known in FOREIGN_WORDS.values()
    )
    return best >= 2 and best > english


def lift_quotes(text: str) -> tuple[str, list[str]]:
    """The text with quotations replaced by a sign, and the quotations. A split quotation is joined."""
    split = r'["“]([^"”]+)["”],?\s*((?:I|he|she|they)\s+(?:say|ask|whisper|shout|reply|tell \w+|add|murmur)[^"“,.]*)[,.]\s*["“]([^"”]+)["”]'
    text = re.sub(split, r'"\1 \3" \2', text, flags=re.I)
    quotes = [q.strip() for q in re.findall(r'["“]([^"”]+)["”]', text) if re.search(r"\w", q)]
    return re.sub(r'["“][^"”]*["”]?', f" {QUOTE} ", text), quotes


def clauses(text: str) -> list[str]:
    """The text cut at sentence ends, "then", and "and" before a verb that is known."""
    found: list[str] = []
    for part in re.split(r"(?<=[.!?;])\s+|\bthen\b|,\s*(?=and\b)", text):
        last = 0
        for cut in re.finditer(
            r"(?:,| and|, and) (?=(?:i |quickly |quietly |carefully )?([a-z]+))", part, re.I
        ):
            if cut[1].lower() in INTENT:
                found.append(part[last : cut.start()])
                last = cut.end()
        found.append(part[last:])
    trimmed = (re.sub(r"^(and|then|but)\b", "", p.strip(" ,.")).strip(" ,.") for p in found)
    return [p for p in trimmed if re.search(rf"\w|{QUOTE}", p)][:12]


def _clause(view: View, clause: str, quotes: list[str]) -> Act | None:
    act = Act(clause, question=clause.endswith("?"))
    low = clause.lower().strip(" .!")
    if QUOTE in clause and quotes:
        act.speech = act.quoted = quotes.pop(0)
        if not re.match(r"\s*(i )?(write|sign|carve|scribble|sing|recite|draw)", low):
            low = low.replace(QUOTE, "").strip()
    if not act.speech and _direct_question(act, low):
        act.intent, act.speech = "say", capital(clause.strip().rstrip(".!?")) + "?"
        return act
    if re.search(r"\b(say nothing|stay silent|keep (quiet|silent)|remain silent)\b", low):
        act.intent = "silence"
        return act
    if _thought(act, low):
        act.intent = "muse"
        return act
    return _deed(act, low)


def _direct_question(act: Act, low: str) -> bool:
    if re.match(r"(i |we )?(ask|say|tell|wonder)\b", low):
        return False
    asks = r"(what|who|where|why|how|when)(['’]s| (is|are|was|were|do|does|did|happened|can|could))\b"
    return act.question or bool(re.match(asks, low))


def _thought(act: Act, low: str) -> bool:
    feels = r"i (don'?t|do not|hate|love|trust|think(?! (about|back|over))|am|feel (?!the|for)|believe|hope|wish|fear|miss)\b"
    return bool(re.match(feels, low)) and not act.speech and not re.match(r"i (am|'m) (going|sorry)", low)


def bare_deed(low: str) -> str:
    """A clause without "I try to", "let's", "okay" and the like."""
    low = re.sub(r"^(okay|ok|well|so|and|please|now|finally|next|first|suddenly),? ", "", low)
    lead = r"^(let'?s|let me|i(?:'d like| want| try| decide| attempt| need| start| begin| go)? to(?= [a-z])|i'?ll|i am going to|i'm going to|i would|we|i|my character|you)\s+"
    return re.sub(lead, "", low + " ").strip()


def _deed(act: Act, low: str) -> Act | None:
    deed = bare_deed(low)
    act.manner, deed = manner_of(deed)
    listed = words_of(deed)
    if not listed:
        if act.speech:
            act.intent = "say"
            return act
        return None
    act.verb = verb_lemma(listed[0]) or listed[0]
    act.intent = intent_of(deed, listed[0], act.verb)
    if listed[0] in QUESTION_WORDS and (act.question or listed[0] in ("what", "who", "where", "why", "how")):
        act.intent, act.verb = ("ask", "") if not act.speech else ("say", "")
    deed = re.sub(r"[\s,]+(and|then|but|or)$", "", deed)
    asked = re.match(r"ask (?:[\w'-]+ ){0,3}?((?:what|who|why|where|how|when|if|whether|which)\b.+)", deed)
    if asked:
        act.intent, act.clause = "ask", asked[1]
    act.long = act.intent == "say" and len(listed) > LONGEST
    if act.verb and len(listed) <= LONGEST and (verb_lemma(listed[0]) or act.intent != "other"):
        act.phrase = deed.split()
    if act.speech and act.intent not in ("write", "ask", "insult", "threaten", "apologise", "thank", "greet"):
        act.intent = "say"
    return act


def manner_of(deed: str) -> tuple[str, str]:
    """An adverb of manner and the deed; an adverb at the start is taken off."""
    first = re.match(r"((?:[a-z]+ly|softly|fast|slowly)(?: and [a-z]+ly)?)\s+(?=[a-z])", deed)
    if first and first[1] not in NOT_MANNER:
        return first[1], deed[first.end() :]
    later = re.search(r"\b([a-z]{3,}ly)\b", deed)
    if later and later[1] not in NOT_MANNER and "ADV" in parts_of_speech(later[1]):
        return later[1], deed
    return "", deed


def intent_of(deed: str, first: str, verb: str) -> str:
    """The intent of a deed: patterns first, then its verb."""
    for pattern, intent in PHRASES:
        if re.match(pattern, deed):
            return intent
    return INTENT.get(first) or INTENT.get(verb) or "other"


def _note_rudeness(act: Act) -> None:
    listed = words_of(act.raw)
    told_off = re.match(r"\s*(shut up|fuck off|get lost|go to hell)", act.raw.lower())
    if act.intent == "muse":
        return
    aimed = any(w in RUDE for w in listed) and ("you" in listed or len(listed) < 4) and not act.speech
    if told_off or aimed:
        act.intent = "insult"
    act.rude = act.intent == "insult" or any(w in RUDE for w in words_of(f"{act.raw} {act.speech}"))


def _odd(view: View, act: Act) -> None:
    """Dragons and wishes are not granted, unless the world knows them."""
    if act.intent in ("ask", "muse", "silence", "insult", "think") or (
        act.intent == "say" and act.verb != "call"
    ):
        return
    strange = [w for w in words_of(act.raw) if w in ABSURD and not view.known_noun(w)]
    if strange or act.intent == "magic":
        act.kind = "absurd"
        nouns = [w for w in act.phrase[1:] if w.isalpha() and w not in STOP and "NOUN" in parts_of_speech(w)]
        act.missing = strange[0] if strange else (nouns[-1] if nouns else "")


def _idle(act: Act) -> bool:
    known = act.feature or act.obj or act.target
    return act.intent == "other" and act.kind == "act" and not known


def _fold(acts: list[Act]) -> list[Act]:
    """A bare quotation after a speech verb belongs to it."""
    folded: list[Act] = []
    for act in acts:
        before = folded[-1] if folded else None
        joins = before and act.intent == "say" and act.speech and before.intent in ("say", "ask")
        if before and joins and not act.verb and before.speech in ("", act.speech):
            before.speech, before.topic = act.speech, act.speech.lower()
            continue
        folded.append(act)
    return folded
