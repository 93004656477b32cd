"""Prose into lines: what is told, and what is said by whom.

Only what the text itself makes clear is given to a speaker: a clause of saying beside the quotation ("Mara
says"), or a sentence right beside it that begins with a name of the cast. Everything else stays narration
with its quotation marks, so that nothing is ever put into the wrong mouth. Nothing of the prose is lost but
bare clauses of saying, which a name box makes superfluous.
"""

import re
from dataclasses import dataclass
from typing import Literal

from luna.staging.types import CastMember
from luna.turns.events import PLAYER

QUOTATION = re.compile(r"“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»|「[^「」]*」|『[^『』]*』|\"[^\"]*\"")
VERB = (
    "say|says|said|ask|asks|asked|answer|answers|answered|reply|replies|"
    "replied|whisper|whispers|whispered|mutter|mutters|muttered|murmur|murmurs|murmured|call|"
    "calls|called|shout|shouts|shouted|cry|cries|cried|add|adds|added|"
    "begin|begins|began|continue|continues|continued|snap|snaps|snapped|hiss|hisses|"
    "hissed|growl|growls|growled|sigh|sighs|sighed|laugh|laughs|laughed|warn|"
    "warns|warned|offer|offers|offered|admit|admits|admitted|agree|agrees|agreed|"
    "insist|insists|insisted|explain|explains|explained|repeat|repeats|repeated|breathe|breathes|"
    "breathed|mumble|mumbles|mumbled|suggest|suggests|suggested|promise|promises|promised|demand|"
    "demands|demanded|remark|remarks|remarked|observe|observes|observed|announce|announces|announced|"
    "declare|declares|declared|exclaim|exclaims|exclaimed|groan|groans|groaned|grunt|grunts|"
    "grunted|gasp|gasps|gasped|stammer|stammers|stammered|interrupt|interrupts|interrupted|yell|"
    "yells|yelled|plead|pleads|pleaded|protest|protests|protested|retort|retorts|retorted|"
    "respond|responds|responded|tell|tells|told|inquire|inquires|inquired|venture|ventures|"
    "ventured|croak|croaks|croaked"
)
"""Verbs of saying in the forms that stories use, as one alternative of a pattern."""
LEAD_IN = re.compile(
    r"^(?:and\s+|but\s+)?(?:then|at\s+last|finally|eventually|again|after\s+a\s+\w+|quietly|softly|slowly)\b[^.!?]*:\s*$",
    re.I,
)
"""A few words that lead up to speech of whoever the paragraph is about: “Then:”."""
SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"”’)\]]*\s+|(?<=[。！？])")


@dataclass(frozen=True)
class Line:
    """A line. `speaker` is an id of the cast, or None for narration."""

    speaker: str | None
    text: str


@dataclass
class _Piece:
    """A stretch of a paragraph: told text, or a quotation and whoever it was given to."""

    text: str
    quoted: bool
    speaker: str | None = None
    join: bool = False


def lines(prose: str, cast: tuple[CastMember, ...], person: Literal[1, 2, 3] = 2) -> list[Line]:
    """The lines of a turn's prose, in order. Paragraphs are separated by empty lines."""
    names = _Names(cast, person)
    found: list[Line] = []
    for paragraph in re.split(r"\n\s*\n", prose.replace("\r\n", "\n")):
        text = " ".join(paragraph.split())
        if text:
            found += _paragraph(text, names)
    return found


class _Names:
    """Who the words of a text can mean: names of the cast, and pronouns by whom was last named."""

    def __init__(self, cast: tuple[CastMember, ...], person: int) -> None:
        self.ids: dict[str, str] = {}
        self.pronouns = {member.id: member.pronouns for member in cast}
        self.recent: list[str] = []
        shared: set[str] = set()
        for member in cast:
            for name in {member.name, member.full_name, *member.aliases} - {""}:
                key = name.casefold()
                if self.ids.get(key, member.id) != member.id:
                    shared.add(key)
                self.ids[key] = member.id
        for key in shared | {"i", "you", "he", "she", "they", "it", "we"}:
            self.ids.pop(key, None)
        self.self_word = {1: "i", 2: "you"}.get(person, "")
        known = sorted(self.ids, key=lambda name: (-len(name), name))
        self.name = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in known) or r"(?!)"
        self.subject = rf"(?:the\s+)?(?P<subject>{self.name}|I|you|he|she|they)"
        self.at_start = re.compile(rf"^[\"'(]?{self.subject}(?![\w])", re.I)
        self.tag_after = re.compile(
            rf"^\s*(?:{self.subject}\s+(?:\w+ly\s+)?(?:{VERB})|(?:{VERB})\s+"
            rf"{self.subject.replace('subject', 'late')})(?!\w)(?!\s+nothing)",
            re.I,
        )
        self.bare_after = re.compile(self.tag_after.pattern + r"(?:\s+\w+ly)?(?P<end>[.,;:]|$)", re.I)
        self.tag_before = re.compile(
            rf"^{self.subject}(?!\w)(?:(?P<between>.*)\s)?\b(?:{VERB})\b[^.!?]*[,:]\s*$|^{self.subject.replace('subject', 'late')}.*[:：]\s*$",
            re.I,
        )
        self.bare_before = re.compile(rf"^{self.subject}\s+(?:{VERB})(?:\s+\w+ly)?[,:]\s*$", re.I)
        self.anywhere = re.compile(rf"(?<!\w)(?:{self.name})(?!\w)", re.I)

    def who(self, word: str | None) -> str | None:
        """The one person a subject means, or None when that is not certain."""
        if not word:
            return None
        key = " ".join(word.casefold().split())
        if key == self.self_word:
            return PLAYER if PLAYER in self.pronouns else None
        if key in ("he", "she"):
            fitting = [who for who in self.recent if self.pronouns.get(who) == key]
            return fitting[-1] if fitting and len(set(fitting)) == 1 else None
        return self.ids.get(key)

    def heard(self, text: str) -> None:
        """Remember who was named, for the pronouns that follow. Only the last few count."""
        self.recent = [*self.recent, *self._found(text)][-6:]

    def named(self, text: str) -> set[str]:
        """Everybody a text names."""
        return set(self._found(text))

    def _found(self, text: str) -> list[str]:
        words = (" ".join(match.group().casefold().split()) for match in self.anywhere.finditer(text))
        return [self.ids[word] for word in words if word in self.ids]


def _paragraph(text: str, names: _Names) -> list[Line]:
    pieces = _pieces(text)
    for index, piece in enumerate(pieces):
        if piece.quoted:
            piece.speaker = _by_saying(pieces, index, names)
        else:
            names.heard(piece.text)
    for index, piece in enumerate(pieces):
        if piece.quoted and piece.speaker is None:
            piece.speaker = _by_beat(pieces, index, names)
    speakers = {piece.speaker for piece in pieces if piece.quoted and piece.speaker}
    if len(speakers) == 1:
        only = next(iter(speakers))
        for index, piece in enumerate(pieces):
            if piece.quoted and piece.speaker is None and _is_utterance(pieces, index):
                piece.speaker = only
    _drop_bare_tags(pieces, names)
    return _merge(pieces)


def _pieces(text: str) -> list[_Piece]:
    found: list[_Piece] = []
    at = 0
    for match in QUOTATION.finditer(text):
        if match.start() > at:
            found.append(_Piece(text[at : match.start()], quoted=False))
        found.append(_Piece(match.group(), quoted=True))
        at = match.end()
    if at < len(text):
        found.append(_Piece(text[at:], quoted=False))
    return found


def _told_beside(pieces: list[_Piece], index: int, step: int) -> str:
    """The narration right before (-1) or after (1) a quotation, or nothing."""
    other = index + step
    return pieces[other].text if 0 <= other < len(pieces) and not pieces[other].quoted else ""


def _last_sentence(text: str) -> str:
    parts = [part for part in SENTENCE_END.split(text) if part.strip()]
    return parts[-1].lstrip() if parts else ""


def _closed_inside(quote: str) -> bool:
    """Whether the punctuation stands inside the marks, as it does in speech and not around a mere word."""
    return quote[:-1].rstrip().endswith((",", ".", "!", "?", "…", "—", "–", "-", "。", "！", "？", "，"))


def _is_utterance(pieces: list[_Piece], index: int) -> bool:
    before = _told_beside(pieces, index, -1).rstrip()
    return _closed_inside(pieces[index].text) and (not before or before[-1] in ".,:;!?…—。！？：，")


def _by_saying(pieces: list[_Piece], index: int, names: _Names) -> str | None:
    """The speaker by a clause of saying before or after the quotation. One that leads up to it comes first."""
    match = names.tag_before.match(_last_sentence(_told_beside(pieces, index, -1)))
    if match is None and _closed_inside(pieces[index].text) and not _leads_to_next(pieces, index):
        match = names.tag_after.match(_told_beside(pieces, index, 1))
    return names.who(match["subject"] or match["late"]) if match else None


def _leads_to_next(pieces: list[_Piece], index: int) -> bool:
    """Whether what follows a quotation belongs to the next one: “No.” Mara says, “Never.”"""
    told = _told_beside(pieces, index, 1).rstrip()
    return pieces[index].text[:-1].endswith(".") and index + 2 < len(pieces) and told.endswith((",", ":"))


def _by_beat(pieces: list[_Piece], index: int, names: _Names) -> str | None:
    """The speaker by a sentence right beside the quotation that begins with somebody's name.

    Two such sentences about different people make it uncertain, so nobody is taken."""
    if not _is_utterance(pieces, index):
        return None
    found: set[str] = set()
    for beside in (_last_sentence(_told_beside(pieces, index, -1)), _told_beside(pieces, index, 1).lstrip()):
        match = names.at_start.match(beside)
        if match and match["subject"].casefold() not in ("i", "you", "he", "she", "they"):
            found.add(names.who(match["subject"]) or "")
    if not found and LEAD_IN.match(_last_sentence(_told_beside(pieces, index, -1))):
        found = names.named(" ".join(piece.text for piece in pieces if not piece.quoted))
    return (found.pop() or None) if len(found) == 1 else None


def _drop_bare_tags(pieces: list[_Piece], names: _Names) -> None:
    for index, piece in enumerate(pieces):
        if not (piece.quoted and piece.speaker):
            continue
        if index + 1 < len(pieces) and not pieces[index + 1].quoted and _closed_inside(piece.text):
            after = pieces[index + 1]
            match = names.bare_after.match(after.text)
            rest = after.text[match.end() :] if match else ""
            if match and (match["end"] != "," or not rest.strip()):
                piece.join = match["end"] == "," and piece.text[:-1].endswith(",")
                after.text = rest
        before = pieces[index - 1] if index else None
        if before and not before.quoted:
            last = _last_sentence(before.text)
            if last and names.bare_before.match(last):
                before.text = before.text[: len(before.text) - len(last)]


def _merge(pieces: list[_Piece]) -> list[Line]:
    """Lines in order; quotations of nobody flow back into the narration around them."""
    found: list[Line] = []
    told = ""
    joining = False
    for piece in pieces:
        if not (piece.quoted and piece.speaker):
            told += piece.text
            continue
        found += _told(told)
        said = piece.text[1:-1].strip()
        if joining and not told.strip() and found and found[-1].speaker == piece.speaker:
            said = f"{found.pop().text} {said}"
        told = ""
        joining = piece.join
        if said:
            found.append(Line(piece.speaker, said))
    found += _told(told)
    return [Line(line.speaker, _closed(line.text) if line.speaker else line.text) for line in found]


def _told(text: str) -> list[Line]:
    text = text.strip()
    if not text.strip(" .,;:"):
        return []
    text = text.lstrip(" .,;") if text[0] in ".,;" and not text.startswith("...") else text
    if text.endswith(","):
        text = text[:-1] + ":"
    return [Line(None, text[0].upper() + text[1:])]


def _closed(said: str) -> str:
    """A comma before a dropped clause of saying becomes the end of the sentence."""
    return said[:-1] + "." if said.endswith(",") else said
