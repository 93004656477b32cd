"""What the player might do next. Every suggestion is checked by the parser: it must mean something that can be done."""

import re
from dataclasses import dataclass

from luna.kernel.values import Dice
from luna.narrator.conditions import possible
from luna.narrator.curve import SOONEST, endings_of, fit, held, is_over, needed, progress
from luna.narrator.grammar import capital, sentences, words_of
from luna.narrator.index import many, unmarked
from luna.narrator.nouns import features_of
from luna.narrator.parser import Act, parse
from luna.narrator.view import View
from luna.turns.events import PLAYER
from luna.turns.world import Beat

MOST, FEWEST = 5, 3
DONE_ONCE = frozenset(("look", "do", "ask", "show"))
DONE_WITH = ("read", "examine", "give", "show", "write", "open", "take", "light", "signal", "use")
"""What may be done with a thing a beat waits for, the likeliest first."""
STAYS = frozenset(("wait", "listen", "think", "look", "muse", "silence", "smell"))


@dataclass(frozen=True)
class Idea:
    """A suggestion before it is chosen: how good, of what sort, its text."""

    score: float
    sort: str
    text: str


def suggestions(view: View, dice: Dice, wanted: int = 4) -> list[str]:
    """The best ideas, at most two of a sort, none done lately or impossible."""
    if view.dead(PLAYER):
        return ["Wait, and listen", "Look around", "Listen"][:wanted]
    did = set(view.note("did", ()))
    rng = dice.stream("narrator", "suggest")
    spread = 0.8 if view.note("leads", ()) else 1.8
    ideas = [Idea(i.score + rng.random() * spread, i.sort, capital(i.text)) for i in _ideas(view)]
    ideas.sort(key=lambda i: (-i.score, i.text))
    chosen = _choose(view, ideas, min(wanted, MOST), did)
    if len(chosen) < FEWEST <= wanted:
        spare = [i for i in ideas if i.text not in chosen and feasible(view, i.text)]
        chosen += [i.text for i in spare][: FEWEST - len(chosen)]
    return chosen


def _choose(view: View, ideas: list[Idea], wanted: int, did: set[str]) -> list[str]:
    chosen: list[str] = []
    sorts: dict[str, int] = {}
    for idea in ideas:
        limit = 2 if idea.sort in ("ask", "do") else 1
        done = idea.sort in DONE_ONCE and idea.text.lower() in did
        done = done or _ends(view, idea)
        if idea.text in chosen or sorts.get(idea.sort, 0) >= limit or done or not feasible(view, idea.text):
            continue
        chosen.append(idea.text)
        sorts[idea.sort] = sorts.get(idea.sort, 0) + 1
        if len(chosen) == wanted:
            break
    return chosen


def _ends(view: View, idea: Idea) -> bool:
    """Whether an idea would end the story before its time."""
    if idea.sort not in ("do", "ask") or is_over(view) or progress(view) >= SOONEST:
        return False
    number = int(view.note("turn", 0)) + 1
    waiting = [view.index.beats[b][1] for b in endings_of(view.index)]
    said = set(words_of(idea.text))
    for beat in waiting:
        if not possible(view, beat, number):
            continue
        objects = {w for o in many(beat.when.get("object")) for n in view.thing(o).names for w in n.split()}
        intents, topics = set(many(beat.when.get("intent"))), set(many(beat.when.get("topic")))
        acts = parse(view, idea.text)
        meant = not intents or any({a.intent, a.verb} & intents for a in acts)
        if (
            meant
            and (intents or topics or objects)
            and (not objects or said & objects)
            and (not topics or said & topics)
        ):
            return True
    return False


def feasible(view: View, text: str) -> bool:
    """Whether a text parses to acts that can be done here and now."""
    return all(_can(view, act) for act in parse(view, text))


def _can(view: View, act: Act) -> bool:
    if act.kind != "act":
        return False
    if act.intent == "go":
        goal = act.place or (view.where(act.target) if act.target else None)
        return bool(goal) and goal != view.here and bool(view.route(view.here, str(goal)))
    if act.intent in STAYS:
        return True
    if act.target and not view.present(act.target):
        return False
    if act.obj and not view.reachable(act.obj):
        return False
    match act.intent:
        case "ask" | "say" | "greet" | "comfort" | "apologise" | "thank" | "persuade":
            return act.target is not None or bool(view.company())
        case "take":
            return bool(act.obj) and not view.has(str(act.obj)) and not view.thing(str(act.obj)).fixed
        case "give" | "show":
            return bool(act.obj) and view.has(str(act.obj)) and bool(view.company())
        case "examine" | "read" | "search" | "open" | "touch":
            bare = act.intent == "search" and not act.missing
            return bool(act.obj or act.feature or act.target or bare or act.place == view.here)
        case _:
            return not (act.missing and not (act.obj or act.feature) and not view.known_noun(act.missing))


def _ideas(view: View) -> list[Idea]:
    return [
        *_from_leads(view),
        *_from_beats(view),
        *_about_people(view),
        *_about_things(view),
        *_ways(view),
        Idea(0.6, "rest", "Wait, and listen"),
        Idea(0.5, "rest", "Look around"),
        Idea(0.3, "rest", "Think it over"),
        Idea(0.2, "rest", "Listen"),
        Idea(0.1, "rest", "Rest for a while"),
    ]


def _ask(view: View, who: str, topic: str) -> str:
    topic = unmarked(topic)
    joint = " " if topic.split(" ")[0] in ("where", "why", "who", "what", "how", "whether") else " about "
    return f"Ask {view.person(who).name}{joint}{topic}"


def _from_leads(view: View) -> list[Idea]:
    found: list[Idea] = []
    asked = set(view.note("asked", ()))
    for place, lead in enumerate(view.note("leads", ())):
        age = int(view.note("turn", 0)) - int(lead.get("turn", 0))
        worth = 6 - place * 0.4 - min(3.5, age * 0.3)
        who, goal, do = lead.get("ask"), lead.get("go"), lead.get("do")
        if who and not view.dead(who):
            if view.present(who) and f"{who}|{lead.get('topic', '')}" not in asked:
                found.append(Idea(worth, "ask", _ask(view, who, lead.get("topic", ""))))
            elif (home := view.where(who)) and home != view.here:
                find = f" and find {view.person(who).name}" if who in view.note("met", ()) else ""
                found.append(Idea(worth - 1.5, "go", f"Go to {view.spot(home).name}{find}"))
        elif do and (not goal or goal == view.here):
            found.append(Idea(worth + 0.2, "do", unmarked(do)))
        elif goal and goal != view.here and goal in view.index.spots:
            found.append(Idea(worth - 1.4, "go", f"Go to {view.spot(goal).name}"))
        elif lead.get("look"):
            found.append(Idea(worth - 1, "look", f"Examine {lead['look']}"))
    return found


def _from_beats(view: View) -> list[Idea]:
    """Acts that some beat is waiting for; what the nearest end waits for comes first as the story goes on."""
    found: list[Idea] = []
    path, at = needed(view), progress(view)
    number = int(view.note("turn", 0)) + 1
    for _, beat in view.index.beats.values():
        if beat.delay is not None or beat.clock is not None:
            continue
        if not possible(view, beat, number) or held(view, beat, number):
            continue
        worth = (
            (3.2 if at > 0.75 else 1.4 if at > 0.3 else 0.3) if beat.id in path else 0.35 * fit(view, beat)
        )
        idea = _for_beat(view, beat)
        if idea:
            found.append(Idea(idea.score + worth, idea.sort, idea.text))
    return found


def _for_beat(view: View, beat: Beat) -> Idea | None:
    when = beat.when
    places, people = many(when.get("place")), many(when.get("npc"))
    objects, intents, topics = many(when.get("object")), many(when.get("intent")), many(when.get("topic"))
    if places and view.here not in places:
        near = places[0] in view.spot().exits or places[0] in view.note("visited", {})
        return Idea(3.3, "go", f"Go to {view.spot(places[0]).name}") if near else None
    if people and not view.present(people[0]):
        there = view.where(people[0])
        known = people[0] in view.note("met", ()) or there in view.spot().exits
        if not there or not known or view.dead(people[0]):
            return None
        find = f" and find {view.person(people[0]).name}" if people[0] in view.note("met", ()) else ""
        return Idea(3.0, "go", f"Go to {view.spot(there).name}{find}")
    if objects and view.reachable(objects[0]):
        if _hinted(view, objects[0]):
            return None
        verb = next((v for v in DONE_WITH if v in intents), "use" if intents else "examine")
        if verb in ("give", "show") and people:
            return Idea(
                4.4, "do", f"{capital(verb)} {view.thing(objects[0]).name} to {view.person(people[0]).name}"
            )
        written = {"write": "write on", "signal": "signal with"}.get(verb, verb)
        return Idea(2.4 if beat.final else 4.4, "do", f"{capital(written)} {view.thing(objects[0]).name}")
    if people and topics:
        return Idea(3.4, "ask", _ask(view, people[0], "the " + topics[0]))
    if people:
        return Idea(2.9, "ask", f"Talk to {view.person(people[0]).name}")
    if places and not objects:
        return Idea(4.6, "do", f"Search {view.spot().name}")
    return None


def _hinted(view: View, item: str) -> bool:
    """Whether a lead already says what to do with a thing."""
    names = view.thing(item).names
    return any(name in str(lead.get("do", "")).lower() for lead in view.note("leads", ()) for name in names)


def _about_people(view: View) -> list[Idea]:
    found: list[Idea] = []
    asked = set(view.note("asked", ()))
    met = [w for w in view.note("met", ()) if w != PLAYER]
    for who in view.company():
        person = view.person(who)
        said = view.note(f"said:{who}", ())
        if view.trust(who) <= -2:
            found.append(Idea(3.8, "mend", f"Apologise to {person.name}"))
        for place, key in enumerate(k for k in person.knows if k not in said):
            topic = _topic(view, key)
            if f"{who}|{topic.lower()}" not in asked:
                found.append(Idea(3.1 - 0.1 * place, "ask", _ask(view, who, topic)))
        if view.untold(who, person.facts) is not None:
            found.append(Idea(1.7, "look", f"Take a closer look at {person.name}"))
        opinions = view.note(f"opinion:{who}", ())
        for other in met:
            if other != who and other not in opinions and other in view.index.people:
                found.append(Idea(1.9, "ask", f"Ask {person.name} about {view.person(other).name}"))
        for item in view.carried():
            if f"{who}|{item}" not in view.note("showed", ()):
                found.append(Idea(1.5, "show", f"Show {view.thing(item).name} to {person.name}"))
        for entry in view.index.world.lore[:40]:
            name = entry.title or (entry.keys[0] if entry.keys else "")
            topic = name.lower()
            told = any(str(x).startswith(f"{entry.id}#") for x in view.note("lore", ()))
            if name and not told and f"{who}|{topic}" not in asked:
                found.append(Idea(1.8, "ask", f"Ask {person.name} about {name}"))
        for noun in talking_points(view, who):
            if noun not in view.spot().names and f"{who}|the {noun}" not in asked:
                found.append(Idea(1.6, "ask", f"Ask {person.name} about the {noun}"))
        place = view.spot().name
        if f"{who}|{place.lower()}" not in asked:
            found.append(Idea(1.2, "ask", f"Ask {person.name} about {place}"))
        found.append(Idea(0.4, "rest", f"Talk to {person.name}"))
    return found


def talking_points(view: View, who: str) -> list[str]:
    """Nouns of the premise and of somebody's own facts that they could be asked about."""
    facts = [f for n, f in enumerate(view.person(who).facts) if not view.told(who, n)]
    told = set(view.note("lore", ()))
    premise = [s for n, s in enumerate(sentences(view.index.premise)[:20]) if f"premise#{n}" not in told]
    return [f.phrase for f in features_of([*premise, *facts]).values()][:6]


def _topic(view: View, key: str) -> str:
    """A key of knowledge as a topic one can ask about."""
    first = re.split(r"[/,]", key)[0].strip()
    if first in view.index.people:
        return view.person(first).name
    if first in view.index.things:
        return view.thing(first).name
    title = first[:1].upper() + first[1:]
    only_capital = re.search(rf"[a-z,] {re.escape(title)}\b", view.index.prose)
    return title if only_capital else f"the {first}" if " " not in first else first


def _about_things(view: View) -> list[Idea]:
    found: list[Idea] = []
    spot = view.spot()
    seen = view.note(f"seen:{spot.id}", ())
    facts: set[int] = set()
    for word, feature in spot.features.items():
        if word in seen or feature.fact in facts:
            continue
        facts.add(feature.fact)
        found.append(
            Idea(2.6 if view.told(spot.id, feature.fact) else 1.2, "look", f"Examine the {feature.phrase}")
        )
    if view.untold(spot.id, spot.facts) is not None:
        found.append(Idea(1.6, "rest", f"Search {spot.name}"))
    for item in view.lying():
        thing = view.thing(item)
        if not thing.fixed:
            found.append(Idea(2.8 if item in view.note("shown", ()) else 1.4, "do", f"Take {thing.name}"))
        if view.untold(item, thing.facts) is not None:
            found.append(Idea(1.7, "look", f"Examine {thing.name}"))
    for item in view.carried():
        if view.untold(item, view.thing(item).facts) is not None:
            found.append(Idea(1.8, "look", f"Examine {view.thing(item).name}"))
    return found


def _ways(view: View) -> list[Idea]:
    visited = view.note("visited", {})
    return [
        Idea(0.8 if e in visited else 2.2, "go", f"Go to {view.spot(e).name}")
        for e in view.spot().exits
        if e != view.here
    ]
