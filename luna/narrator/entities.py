"""Binding the words of an act to the people, things, places and features that are here."""

import re
from typing import TYPE_CHECKING

from luna.narrator.grammar import noun_lemma, parts_of_speech, words_of
from luna.narrator.index import Index
from luna.narrator.lexicon import ANYBODY, INTENT, MEN, STOP, WOMEN
from luna.narrator.view import View

if TYPE_CHECKING:
    from luna.narrator.parser import Act

ABOUT = re.compile(r"\b(?:about|regarding|concerning) (.+)$")
TOOL_INTENTS = frozenset(("force", "attack", "open", "threaten", "examine", "search"))
SELF = frozenset(
    [
        "myself",
        "yourself",
        "himself",
        "herself",
        "itself",
        "themselves",
        "everything",
        "nothing",
        "anything",
        "something",
    ]
)
LATER = re.compile(r"(?<=\w )(?:before|while|until|because|so that|in case|when|as if|if) (?=\w)")
"""What comes after is no part of what an act is done to."""
LINKS = frozenset(["at", "in", "on", "around", "under", "over", "so", "until", "like", "as", "while"])
HIM, HER = frozenset(("him", "he", "his")), frozenset(("her", "she", "hers"))


def ground(view: View, act: "Act", before: "Act | None") -> None:
    """Fill in whom, what and where an act is about. `before` is the act just before it, for "it"."""
    if act.intent in ("muse", "silence"):
        return
    whole = " " + re.sub(r"[^\w'\- ]|\d", " ", act.raw.lower().replace("§", " ")) + " "
    about = ABOUT.search(whole)
    head = whole[: about.start()] if about else whole
    if act.intent not in ("ask", "say", "go", "wait", "persuade", "threaten", "comfort"):
        head = LATER.split(head)[0] or head
    act.topic = about[1].strip() if about else ""
    head = _split_tool(view, act, head)
    _people(view, act, head, whole)
    if not act.obj:
        act.obj = view.find("things", head)
    act.place = view.find("spots", head)
    bare = " ".join(words_of(head)).removeprefix("the ")
    if act.place and act.intent == "other" and bare in view.spot(act.place).names:
        act.intent = "go"
    elif act.obj and act.intent == "other" and bare in view.thing(act.obj).names:
        act.intent = "examine"
    _pronoun(view, act, head, before)
    _feature(view, act, head)
    if act.intent == "say" and not act.speech and act.verb in ("talk", "speak", "chat", "mention"):
        act.intent = "ask"
    if not act.topic and (act.intent == "ask" or (act.verb == "tell" and not act.speech)):
        act.topic = _leftover(view, act, head)
    if act.speech:
        act.topic = act.speech.lower()
    if act.intent == "say" and act.question and not act.verb:
        _question(view, act)
        return
    if not act.missing:
        _missing(view, act, head)


def _question(view: View, act: "Act") -> None:
    """A question put into the room names things without reaching for them."""
    if act.target and not view.present(act.target):
        act.target = None
    act.obj = act.feature = act.place = None
    act.missing = ""


def _split_tool(view: View, act: "Act", head: str) -> str:
    """ "… with the hammer": a tool for another thing, or the thing itself. Returns what is before "with"."""
    if act.intent in ("ask", "say"):
        return head
    at = re.search(r"\b(?:with|using)\b", head)
    if not at:
        return head
    front, tail = head[: at.start()], head[at.start() :]
    tool = view.find("things", tail)
    if not tool:
        return head
    if view.find("things", front) or act.intent in TOOL_INTENTS:
        act.instrument = tool
        return front
    act.obj = tool
    return front


def _people(view: View, act: "Act", head: str, whole: str) -> None:
    act.target = view.find("people", head)
    if act.target or (act.intent == "go" and act.verb != "follow"):
        return
    pronoun = re.search(r"\b(him|her|them|she|he|his|hers|their)\b(?! \w+ (?:hand|face))", head)
    called = next((w for w in words_of(head) if w in MEN or w in WOMEN or w in ANYBODY), "")
    if called and not view.known_noun(called) and (who := _kind_of(view, called)):
        act.target = who
        return
    focus = str(view.note("focus", ""))
    if pronoun and focus and view.present(focus):
        act.target = focus
    elif pronoun:
        wanted = "he" if pronoun[1] in HIM else "she" if pronoun[1] in HER else "they"
        act.target = next((p for p in view.company() if view.person(p).pronouns == wanted), None)


def _kind_of(view: View, word: str) -> str | None:
    """Somebody here who can be called "the man", "the girl", "the kid"."""
    wanted = {"he", "they"} if word in MEN else {"she", "they"} if word in WOMEN else {"he", "she", "they"}
    focus = str(view.note("focus", ""))
    fitting = [w for w in view.company() if view.person(w).pronouns in wanted]
    return focus if focus in fitting else next(iter(fitting), None)


def _only_thing(view: View, act: "Act") -> str | None:
    """What "it" must be when nothing was spoken of yet: the one thing somebody has."""
    if act.intent in ("give", "show", "drop"):
        held = view.carried()
    elif act.intent == "take" and act.target:
        held = [i for i in view.ordered("things") if view.holder(i) == act.target]
    elif act.intent in ("read", "examine", "open", "use"):
        held = [*view.lying(), *view.carried()]
    else:
        return None
    return held[0] if len(held) == 1 else None


def _pronoun(view: View, act: "Act", head: str, before: "Act | None") -> None:
    if act.obj or act.intent in ("ask", "say") or not re.search(r"\b(it|this|that|them)\b", head):
        return
    if before and before.feature:
        act.feature = before.feature
        return
    if before and before.missing:
        act.missing = before.missing
        return
    last = (before.obj if before else None) or view.note("object") or _only_thing(view, act)
    if last and view.reachable(str(last)):
        act.obj = str(last)


def _feature(view: View, act: "Act", head: str) -> None:
    if act.feature or act.obj:
        return
    features = view.spot().features
    verb = act.phrase[0] if act.phrase else act.verb
    bare = " ".join(words_of(head)).removeprefix("the ")
    if act.intent == "other" and any(bare in (f, features[f].phrase) for f in features):
        act.intent = "examine"
    said = set(words_of(head))
    said -= {verb} if head.split().count(verb) == 1 else set[str]()
    matches = [f for f in features if f in said or f + "s" in said or (f.endswith("s") and f[:-1] in said)]
    exact = [f for f in matches if features[f].phrase in head]
    act.feature = min(exact or matches, key=lambda f: head.find(f), default=None)
    if act.feature and (before := _named_before(view, act, head, features[act.feature].phrase)):
        act.feature, act.missing = None, before


def _named_before(view: View, act: "Act", head: str, phrase: str) -> str:
    """A noun of the place's own text that is named before a feature ("the notches on the mantel")."""
    at = head.find(phrase.split(" ")[-1])
    own = set(phrase.split())
    prose = {noun_lemma(w) for fact in view.spot().facts for w in words_of(fact)}
    for word in words_of(head[:at])[1:]:
        noun = "NOUN" in parts_of_speech(word) and word not in STOP and word not in own and word != act.verb
        if (
            noun
            and noun_lemma(word) in prose
            and not word.endswith(("'s", "ly"))
            and re.search(rf"\bthe (?:\w+ )?{re.escape(word)}\b", head)
        ):
            adjective = (
                "ADJ" in parts_of_speech(word)
                and head[head.find(word) + len(word) :].strip().split(" ")[0] in own
            )
            if not adjective:
                return word
    return ""


def _leftover(view: View, act: "Act", head: str) -> str:
    own = {w for n in view.person(act.target).names for w in n.split()} if act.target else set[str]()
    skipped = {act.verb, "let", "know", "want", *act.raw.lower().split()[:1], *act.manner.split()}
    return " ".join(w for w in words_of(head) if w not in STOP and w not in skipped and w not in own)


def _missing(view: View, act: "Act", head: str) -> None:
    """A noun nobody here knows: it is never granted."""
    if act.obj or act.feature or act.place or (act.target and act.intent != "take"):
        return
    after = re.match(
        r"\W*[\w'-]+(?: (?:up|down|out|off|for|to|with|at|into|through))?((?: [\w'-]+){1,4})", head.strip()
    )
    reached: list[str] = []
    for word in words_of(after[1] if after else ""):
        if word in LINKS and reached:
            break
        reached.append(word)
    nouns = [
        w
        for w in reached
        if w not in STOP
        and w != act.verb
        and not w.endswith("ly")
        and ("NOUN" in parts_of_speech(w) or (not parts_of_speech(w) and view.known_noun(w)))
        and w not in SELF
        and (
            w not in INTENT
            or re.search(rf"\b(?:the|a|an|my|some|that|this|these|those|his|her) {re.escape(w)}\b", head)
        )
        and not re.search(rf"\b(?:my|our) (?:\w+ )?{re.escape(w)}", head)
    ]
    if nouns:
        act.missing = nouns[-1]


def ids_in(index: Index, text: str) -> list[str]:
    """The ids of the people, places and things whose name or alias stands in a text, in the world's order."""
    low = text.lower().replace("’", "'")
    found: list[str] = []
    for table in (index.people, index.spots, index.things):
        for entity, shown in table.items():
            if any(
                name in low and re.search(rf"(?<!\w){re.escape(name)}(?:'s|s)?(?!\w)", low)
                for name in shown.names
            ):
                found.append(entity)
    return found
