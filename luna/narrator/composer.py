"""From a plan to the text of a turn: paragraphs, order, and what to leave out."""

import re

from luna.narrator.agency import spoken_for
from luna.narrator.grammar import sentences, tidy, words_of
from luna.narrator.history import History
from luna.narrator.index import Index
from luna.narrator.retelling import retell
from luna.narrator.teller import Teller
from luna.narrator.view import TELLER
from luna.turns.events import Noted, rebuild
from luna.turns.types import Draft, Move, Plan, Situation

ORDER = {
    "premise": -1, "act": 0, "arrive": 0, "arrive2": 1, "react": 1, "beat": 2, "beat2": 2, "ambient": 3, "event": 3, "coda": 4,
}  # fmt: skip
OWN_PARAGRAPH = frozenset(("premise", "beat", "event", "coda", "ambient"))
ALWAYS_TOLD = frozenset(("premise", "act", "beat", "coda"))
SHORT_ACT = 90
MOST_CLAIMS = 6
ENOUGH = {"short": 0, "medium": 45, "long": 85}
"""Words below which a turn gets one more thing perceived, by length of style."""
AT_MOST = {"short": 0, "medium": 2, "long": 5}


def compose(index: Index, situation: Situation, plan: Plan) -> Draft:
    """The text of a turn and all its events, the narrator's bookkeeping of this telling included."""
    after = rebuild(situation.state, plan.changes)
    teller = Teller(index, situation, after)
    start = situation.action.text.strip() if situation.action.mode == "write" else ""
    if plan.moves:
        told = [(str(m.args.get("slot", "event")), m) for m in plan.moves]
        pieces = _tell_all(teller, told)
    else:
        pieces = retell(teller, situation, plan)
    paragraphs = paragraphs_of(_fresh(_ordered(pieces), teller.history))
    if situation.action.mode != "opening":
        paragraphs = _enough(teller, situation, paragraphs)
    paragraphs = paragraphs or [teller.pick("empty", teller.always()) or "A pause."]
    paragraphs = [p for p in (_unclaimed(teller, p) for p in paragraphs) if p] or paragraphs
    for paragraph in paragraphs:
        teller.history.spoken(paragraph)
    text = "\n\n".join([start, *paragraphs] if start else paragraphs)
    noted = Noted(teller=TELLER, notes=teller.history.notes())
    return Draft(text=text, events=(*plan.changes, noted))


def _tell_all(teller: Teller, told: list[tuple[str, Move]]) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    before = ""
    for slot, move in told:
        if slot != before or slot in OWN_PARAGRAPH:
            teller.r.paragraph()
        before = slot
        for piece in _whole(teller, move) if move.args.get("whole") else [teller.tell(move)]:
            if piece.strip():
                pieces.append((slot, piece.strip()))
    return pieces


def _unclaimed(teller: Teller, paragraph: str) -> str:
    """A paragraph without sentences that tell the player what they feel or decide."""
    you = {1: "I", 2: "[Yy]ou", 3: re.escape(teller.r.name)}[teller.r.person]
    for _ in range(MOST_CLAIMS):
        claim = spoken_for(paragraph, you)
        if not claim or claim not in paragraph:
            break
        paragraph = " ".join(paragraph.replace(claim, "").split())
    return paragraph


def _whole(teller: Teller, move: Move) -> list[str]:
    """A premise or an opening: its own paragraphs are kept."""
    parts = re.split(r"\n\s*\n", str(move.args["text"]))
    paragraphs = [" ".join(p.split()) for p in parts if p.strip()]
    return paragraphs if move.args.get("exact") else [teller.world_text(p, {}) for p in paragraphs]


def _ordered(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Weather and hour go to the end, and stay out of a turn that is full already."""
    ambient = [p for p in pieces if p[0] == "ambient"]
    coda = [p for p in pieces if p[0] == "coda"]
    rest = [p for p in pieces if p[0] not in ("ambient", "coda")]
    busy = bool(coda) or sum(slot in ("event", "beat2") for slot, _ in rest) > 1
    return rest + ([] if busy else ambient) + coda


def paragraphs_of(pieces: list[tuple[str, str]]) -> list[str]:
    """Pieces joined to paragraphs: what happened, who answered, what came of it."""
    done: list[str] = []
    current: list[str] = []
    last = ""
    for slot, text in pieces:
        changes = last and (ORDER[slot] != ORDER[last] or slot in OWN_PARAGRAPH)
        again = last and slot == "act" and last in ("arrive2", "react")
        short = slot == "react" and last == "act" and len(" ".join(current)) < SHORT_ACT
        if current and not short and (changes or again or text.startswith("“")):
            done.append(" ".join(current))
            current = []
        current.append(text)
        last = slot
    if current:
        done.append(" ".join(current))
    return done


def _fresh(pieces: list[tuple[str, str]], history: History) -> list[tuple[str, str]]:
    """Never the same sentence twice, as long as something else is left; what answers the act always stays."""
    kept: list[tuple[str, str]] = []
    for slot, text in pieces:
        parts = sentences(text)
        left = [s for s in parts if "“" in s or "”" in s or not history.stale(s)]
        if slot in ALWAYS_TOLD or len(left) == len(parts):
            kept.append((slot, text))
        elif left:
            kept.append((slot, " ".join(left)))
    return kept or pieces


def _enough(teller: Teller, situation: Situation, paragraphs: list[str]) -> list[str]:
    """A last paragraph of what there is to perceive, where a turn came out short."""
    missing = ENOUGH[situation.style.length] - len(words_of(" ".join(paragraphs)))
    more: list[str] = []
    teller.at = teller.view.here
    teller.r.paragraph()
    for _ in range(AT_MOST[situation.style.length]):
        if len(words_of(" ".join(more))) >= missing:
            break
        line = tidy(_breath(teller, bool(more)))
        if line and line not in " ".join([*paragraphs, *more]) and teller.history.fresh(line):
            more.append(line)
    return [*paragraphs, " ".join(more)] if more else paragraphs


def _breath(teller: Teller, place_only: bool) -> str:
    """A quiet line: somebody here, or the place."""
    company = [w for w in teller.view.company() if teller.view.trust(w) > -3]
    if company and not place_only and teller.rng("breath").random() < 0.5:
        return teller.pick("quiet.near", teller.values({"n": company[0]}))
    return teller.sense()
