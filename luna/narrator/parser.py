"""What the player typed as a short list of acts, grounded in what is here."""

import re
from dataclasses import dataclass, field

from luna.narrator.entities import ground
from luna.narrator.grammar import capital, parts_of_speech, verb_lemma, words_of
from luna.narrator.kinds import is_foreign, is_short_answer, special
from luna.narrator.lexicon import ABSURD, IMPOSSIBLE, INTENT, PHRASES, RUDE, STOP
from luna.narrator.speech import SAID_AS, force_of, is_question
from luna.narrator.spelling import mended
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
NAMES_FIRST = frozenset(
    [
        "a",
        "an",
        "the",
        "no",
        "another",
        "one",
        "two",
        "three",
        "four",
        "five",
        "ten",
        "eleven",
        "every",
        "all",
        "some",
        "many",
        "more",
    ]
)
"""Words a clause without a verb begins with: a remark to oneself."""
THOUGHT = re.compile(
    r"(?:i (?:don'?t|do not|hate|love|trust|think(?! (?:about|back|over))|am|feel (?!the|for|in|under|my|around|along)|believe|hope|wish|fear|miss|wonder"
    r"|suspect|guess|reckon|doubt|get the feeling|have a feeling|can'?t (?:help|shake|stop|believe)|must|should|need to think|know|knew|remember|realise"
    r"|realize|could (?:have|just)|ought|might)\b"
    r"|i'?m (?!going|sorry|\w+ing)|i(?:'ve| have) (?:never|a feeling|always|seen|been|had|got)|i'd (?:rather|never|have|better)|if i\b|what a\b"
    r"|how (?:strange|odd|curious|sad|sweet|weird)|oh\b|h+m+\b|my (?:head|heart|feet|hands|back|stomach) (?:is|are|hurts?|aches?)|(?:must|has to|could) be\b"
    r"|wish\b|not (?:my|sure|that)\b|note to self|suppose\b|why me|looks like\b|seems\b|feels like\b|typical\b|god,|damn,|well,? that"
    r"|(?:he|she|they|it|that|this|these|those|there|something|somebody|someone|nobody|nothing|everything|everyone|maybe|perhaps|surely|clearly"
    r"|obviously|poor|strange|odd|funny|weird|no wonder|what if|if only|so (?:he|she|it|that|this|they|the)|such a|he's|she's|it's|that's|they're|there's)\b)"
)
"""How a clause begins that is a thought and no act."""


@dataclass
class Act:
    """One thing the player does. Ids where the world knows the words; `missing` is a noun it does not know.
    `force` is what spoken words are meant to do, where that is not only to be heard.

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
    force: str = ""
    question: bool = False
    long: bool = False


def clean(text: str) -> str:
    """Player text without the characters templates are made of, in one line."""
    text = re.sub(r"[{}\[\]|§_*#\ue000\ue001]", " ", text).replace("’", "'").replace("‘", "'")
    return re.sub(r"\s+", " ", text).strip()


def parse(view: View, text: str) -> list[Act]:
    """The acts in a text, in order. Never empty."""
    text = clean(text)
    if not is_foreign(text):
        text = mended(view, text)
    if is_short_answer(text):
        return [Act(text, "say", speech=capital(text.strip(" .")), topic=text.lower().strip(" .!?"))]
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
    front = acts[0].raw.lower() if len(acts) > 1 else ""
    beside = re.match(r"\w{2,}ing\b", front) or re.match(r"(?:\w+ly|with|without|still)\b", front)
    if front and beside and (front.split(" ")[0].endswith("ing") or _idle(acts[0])):
        acts = acts[1:]
    useful = [a for a in acts if not _idle(a)] if len(acts) > 2 else acts
    return _fold(useful or acts) or [Act(text)]


def speak(view: View, text: str) -> list[Act]:
    """The act of a text that is speech as a whole."""
    said = clean(text).strip('"“” ')
    if not re.search(r"\w", said):
        return [Act("", "empty", kind="empty")]
    act = Act(said, "say", speech=capital(said), topic=said.lower(), question=said.endswith("?"))
    act.rude = any(w in RUDE for w in words_of(said))
    act.force = force_of(said)
    spoken_to = view.find("people", said.lower())
    act.target = spoken_to if spoken_to and view.present(spoken_to) else None
    return [act]


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
        act.force = force_of(act.speech)
        if not re.match(r"\s*(i )?(write|sign|carve|scribble|sing|recite|draw)", low):
            low = low.replace(QUOTE, "").strip(" ,:")
    if not act.speech and _direct_question(act, low):
        return _asked_aloud(act, low, clause)
    if re.search(r"\b(say nothing|stay silent|keep (quiet|silent)|remain silent)\b", low):
        act.intent = "silence"
        return act
    if _thought(act, low):
        act.intent = "muse"
        return act
    return _deed(act, low)


def _asked_aloud(act: Act, low: str, clause: str) -> Act:
    """A question without quotation marks: put into the room, unless the eyes can answer it."""
    act.question = True
    if re.match(
        r"(where am i|what(?:'s| is) (?:here|around|this place|in here|the weather)|what (?:do|can) i see|who(?:'s| is) here|which way)",
        low,
    ):
        act.intent, act.verb = "look", "look"
    elif re.match(r"what (?:do|does) (?:the|this|that|these|my|it)\b.* (?:say|read)\W*$", low):
        act.intent, act.verb = "read", "read"
    elif re.match(
        r"(?:what do i |what have i |who do i |is (?:it|this|that) (?:really )?my |why (?:do|did|am) i |am i )",
        low,
    ):
        act.intent = "muse"
    elif re.match(r"(?:what happened so far|where was i|what do (?:i|we) know)", low):
        act.intent, act.verb = "think", "think"
    else:
        act.intent, act.speech = "say", capital(clause.strip().rstrip(".!?")) + "?"
        act.force = "insult" if force_of(act.speech) == "insult" else "ask"
    return act


def _direct_question(act: Act, low: str) -> bool:
    if re.match(r"(i |we )?(ask|say|tell|wonder)\b", low) or re.search(r"\bi (ask|wonder|asked)\b", low):
        return False
    return act.question or is_question(low)


def _thought(act: Act, low: str) -> bool:
    if act.speech:
        return False
    inner = low.startswith("(") or re.search(
        r"\b(?:i ask myself|i wonder|i think to myself|says? to myself)\b", low
    )
    if inner or re.match(r"i wonder\b", low):
        return True
    if re.match(r"i (?:am|'m) (?:going|sorry)|i(?:'d| would) like|that(?:'s| is) (?:all|enough)\b", low):
        return False
    return bool(THOUGHT.match(low)) and not any(re.match(p, bare_deed(low)) for p, _ in PHRASES[:8])


def bare_deed(low: str) -> str:
    """A clause without "I try to", "let's", "okay", a look on the face before it, and the like."""
    late = re.match(r"(?P<front>[^,]{2,70}?(?:,|\b)) ?i (?P<deed>[a-z]+\b.*)$", low)
    if late and not low.startswith(("i ", "i'")) and late["front"].split()[0] not in INTENT:
        low = "i " + late["deed"]
    low = re.sub(r"^(?:i )?x (?=\w)", "examine ", low)
    low = re.sub(r"^(?:when|while|as|once|after|before) [^,]{3,50}, ", "", low)
    low = re.sub(
        r"^(?:without (?:a|another) (?:word|sound)|with (?:a|an|my|some) \w+|very|all \w+:|still \w+ \w+),? ",
        "",
        low,
    )
    low = re.sub(r"^(okay|ok|well|so|and|please|now|finally|next|first|suddenly|just|also|maybe),? ", "", low)
    lead = (
        r"^(let'?s|let me|i(?:'d like| would like| want| try| decide| attempt| need| start| begin)? to(?= [a-z])|i'?ll|i am going to|i'm going to|"
        r"i would|i (?:just|then|also|now|can|could)|try to|try and|attempt to|we|i|my character|you)\s+"
    )
    return re.sub(r"^(?:just|then|also) ", "", re.sub(lead, "", low + " ").strip())


def _deed(act: Act, low: str) -> Act | None:
    deed = bare_deed(low)
    if (
        not low.startswith(("i ", "i'"))
        and deed not in low[:12]
        and not act.speech
        and low.find(deed[:8]) > 6
    ):
        act.raw = deed
    act.manner, deed = manner_of(deed)
    listed = words_of(deed)
    if not listed:
        if act.speech:
            act.intent = "say"
            return act
        return None
    act.verb = verb_lemma(listed[0]) or listed[0]
    act.intent = intent_of(deed, listed[0], act.verb)
    for pattern, force in SAID_AS:
        if not act.speech and re.match(pattern, deed):
            act.intent, act.force = ("say", force) if force in ("farewell", "insult") else (force, force)
    if listed[0] in QUESTION_WORDS and (act.question or listed[0] in ("what", "who", "where", "why", "how")):
        act.intent, act.verb = ("ask", "") if not act.speech else ("say", "")
    deed = re.sub(r"[\s,]+(and|then|but|or)$", "", deed)
    asked = re.match(r"ask (?:[\w'-]+ ){0,3}?((?:what|who|why|where|how|when|if|whether|which)\b.+)", deed)
    if asked:
        act.intent, act.clause = "ask", asked[1]
    act.long = act.intent == "say" and len(listed) > LONGEST
    if act.verb and len(listed) <= LONGEST and (verb_lemma(listed[0]) or act.intent != "other"):
        act.phrase = deed.split()
    if act.intent == "other" and not act.speech and listed[0] in NAMES_FIRST:
        act.intent = "muse" if len(listed) > 3 else "other"
    if act.speech and act.intent not in ("write", "ask", "insult", "threaten", "apologise", "thank", "greet"):
        act.intent = "say"
    return act


def manner_of(deed: str) -> tuple[str, str]:
    """An adverb of manner and the deed; an adverb at the start is taken off."""
    first = re.match(
        r"((?:very |rather |quite )?(?:[a-z]+ly|softly|fast|slowly)(?: and [a-z]+ly)?),?:?\s+(?=[a-z])", deed
    )
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
    if re.match(r"(?:is|are|am) ", deed):
        return "other"
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
    if any(re.search(p, bare_deed(act.raw.lower().strip(" .!"))) for p in IMPOSSIBLE) and not act.speech:
        act.kind = "absurd"
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
