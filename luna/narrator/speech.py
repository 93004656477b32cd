"""What words spoken aloud are meant to do: greet, thank, threaten, ask, or simply say something."""

import re

from luna.narrator.grammar import words_of
from luna.narrator.lexicon import RUDE

FORCES = (
    ("farewell", r"^\W*(good ?bye|bye|farewell|good ?night|see you|so long|take care|until (later|tomorrow|then))\b"),
    ("apologise", r"\b(sorry|apologi[sz]e|apologies|forgive me|pardon me|my (fault|mistake)|i shouldn'?t have)\b"),
    ("thank", r"\b(thank|thanks|ta|cheers|much obliged|grateful|appreciate)\b"),
    ("comfort", r"\b(it'?s (all right|alright|okay|ok|not your fault)|don'?t (worry|cry|be (afraid|scared))|you'?re safe|"
     r"i won'?t (tell|hurt|report|let)|it wasn'?t your fault|sorry for your loss|there, there)\b"),
    ("threaten", r"\b(or else|or i('?ll)? |i'?ll (kill|hurt|break|ruin|burn|report|have you)|i could (have|ruin|report)|"
     r"you'?ll (regret|be sorry|pay)|last (chance|warning)|before i (make|hurt)|don'?t make me)"),
    ("persuade", r"^\W*(please|come on|trust me|let me|help me|i'?ll pay|i can (pay|help|row)|what if i|you have to|"
     r"you (must|need to|should|could))\b|\b(i'?ll (pay|give you|make it worth)|if you (tell|give|help|let)|deal\?|"
     r"i beg|we can help|trust me|let me help)\b"),
    ("greet", r"^\W*(hello|hi|hey|hiya|howdy|ahoy|greetings|welcome|nice to meet|pleased to meet|good (evening|morning|day|"
     r"afternoon)|evening|morning|'evening|well met)\b"),
)  # fmt: skip
"""Patterns of what is meant, the first that fits. A question stays a question, but for greetings and thanks."""
SAID_AS = (
    (r"^say (hi|hello|good (evening|morning|day)|hey)\b", "greet"),
    (r"^say (good ?bye|farewell|good night)\b", "farewell"),
    (r"^say (sorry|i'?m sorry)\b", "apologise"),
    (r"^say (thanks|thank you|ta)\b", "thank"),
    (r"^tell (him|her|them|\w+) (it'?s all right|not to (worry|cry|be afraid)|i won'?t|(he|she|they)('?s| is| are) safe)", "comfort"),
    (r"^tell \w+ to (go to hell|shut up|get lost|fuck off|piss off)", "insult"),
)  # fmt: skip
ASKS = re.compile(
    r"^\W*(?:(?:hey|hello|hi|okay|so|and|but|wait|fine|well|please|evening|sorry)[,.! ]+\w*[,.! ]*)?"
    r"(?:tell me|what|who|whose|where|why|how|when|which|is|are|was|were|do|does|did|can|could|will|would|have|has|any)\b",
    re.I,
)


def force_of(speech: str) -> str:
    """What is meant by spoken words: one of FORCES, "insult", "ask", or "" for a plain statement."""
    low = speech.lower().replace("’", "'")
    listed = words_of(low)
    if any(w in RUDE for w in listed) and ("you" in listed or "your" in listed or len(listed) < 5):
        return "insult"
    if re.fullmatch(r"\W*(?:hello|hi|hey)\W*(?:anyone|anybody|somebody|there|is anyone there)?\W*", low):
        return "greet"
    asks = low.rstrip('"” ').endswith("?") or bool(
        re.match(r"\W*tell me (about|what|who|where|why|how)\b", low)
    )
    for force, pattern in FORCES:
        if re.search(pattern, low) and not (
            asks and force in ("greet", "thank", "persuade", "threaten", "comfort")
        ):
            return force
    return "ask" if asks else ""


def is_question(low: str) -> bool:
    """Whether a clause without quotation marks is a question put into the room."""
    return bool(
        re.match(
            r"(?:so |and |but |ok(?:ay)? |well |wait |hey )?,? ?(?:(?:what|who|where|why|how|when)(?:'s|'re|'d|s)?|whose|which)\b(?! if\b)|"
            r"(?:is|are|was|were|isn't|aren't) (?:there|he|she|it|they|this|that|these|those|you|the|my|your|any|all|[a-z]+ (?:really|still|here|"
            r"alive|dead|ok|okay|all right|mad))\b|(?:do|does|did|don't|didn't|doesn't) (?:you|he|she|it|they|we|the|anyone|anybody|any|[a-z]+ know)\b|"
            r"(?:can|could|will|would|should|has|have) (?:you|he|she|it|they|anyone|anybody|somebody|someone|the)\b|any (?:news|idea|chance|luck)\b",
            low,
        )
    )
