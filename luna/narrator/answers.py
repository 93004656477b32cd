"""What somebody answers: from what they know, what they are, what the lore says, or not at all.

In this order: a beat of the plot (left to the strategist), own knowledge, "I said that", an opinion of a
person, a fact about themselves, common lore, somebody who would know, a dodge.
"""

import re
from typing import Any

from luna.narrator.grammar import capital, sentences, verb_lemma, words_of
from luna.narrator.index import Person, lore_about, unmarked
from luna.narrator.lexicon import STOP
from luna.narrator.parser import Act
from luna.narrator.plot import told_beat
from luna.narrator.scene import Scene, plain
from luna.narrator.view import View
from luna.narrator.voice import in_own_words, worth_saying
from luna.narrator.words import topic_name
from luna.turns.events import PLAYER, Learned

HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
WHERE = re.compile(
    r"(?:and |so |hey,? )?(?:where(?:'s| is| are| can i find| would i find| do i find)|how do i get to)\b(.*)"
)
ABOUT_SELF = frozenset(("you",))


def stems(text: str) -> frozenset[str]:
    """The words of a topic with their base forms."""
    listed = {w.removesuffix("'s") for w in words_of(text)} - STOP
    return frozenset(
        listed | {verb_lemma(w) or w for w in listed} | {w[:-1] for w in listed if w.endswith("s")}
    )


def knows_about(view: View, person: Person, topic: str) -> str | None:
    """The key of a person's knowledge that a topic touches, one not told yet before others; or None."""
    said, low = stems(topic), topic.lower()
    told = view.note(f"said:{person.id}", ())
    words = {k: set(re.split(r"[/,\s]+", k.lower())) - STOP for k in person.knows}
    keys = [k for k in words if said & words[k]]
    for kind in ("people", "things"):
        for entity, names in view.names(kind).items():
            if entity in person.knows and any(name in said or f" {name} " in f" {low} " for name in names):
                keys.append(entity)
    if not keys:
        near = {w for s in said for w in view.index.same.get(s, ())}
        keys = [k for k in words if near & words[k]]
    fresh = [k for k in keys if k not in told]
    if fresh or keys:
        return (fresh or keys)[0]
    threads = view.index.topics.items()
    return next((t for t, listed in threads if t in person.knows and t not in told and said & listed), None)


def answer(scene: Scene, who: str, act: Act, asked: bool) -> None:
    """One answer; at most one line."""
    view, person = scene.view, scene.view.person(who)
    if view.trust(who) <= -3:
        scene.say("react", "cold.react", f"{person.name} does not answer.", n=who)
        return
    if told_beat(scene, [act]):
        return
    if asked and WHERE.match(act.topic.lower()) and (line := plain_answer(view, person, act.topic.lower())):
        tell(scene, person, line)
        return
    key = knows_about(view, person, act.topic)
    if key:
        _known(scene, person, key)
    elif not asked:
        scene.line("react", who, "reply")
    elif not act.topic:
        _small_talk(scene, person)
    else:
        _find_something(scene, person, act)


def _known(scene: Scene, person: Person, key: str) -> None:
    if scene.view.trust(person.id) <= -2:
        scene.line("react", person.id, "refuse")
    elif scene.once(f"said:{person.id}", key):
        line = unmarked(person.knows[key])
        tell(scene, person, line)
        scene.note("lastbeat", int(scene.get("lastbeat", 0)) + 1)
    else:
        scene.line("react", person.id, "asked_again")


def tell(scene: Scene, person: Person, line: str) -> None:
    """Somebody tells the player something, who knows it from then on."""
    scene.quote("react", person.id, line)
    scene.change(Learned(who=PLAYER, fact=line[:2000], source=person.id))


def _small_talk(scene: Scene, person: Person) -> None:
    for number, line in enumerate(person.samples[:60]):
        if scene.once(f"samples:{person.id}", str(number)):
            scene.quote("react", person.id, line)
            return
    scene.line("react", person.id, "idle")


def _find_something(scene: Scene, person: Person, act: Act) -> None:
    view, said = scene.view, stems(act.topic)
    if line := plain_answer(view, person, act.topic.lower()):
        tell(scene, person, line)
        return
    asks_self = re.search(
        r"\b(are you|about you|your(self| name| life)|herself|himself|themsel\w+)\b", act.topic.lower()
    )
    other = view.find("people", act.topic.lower())
    if other and other != person.id and scene.once(f"opinion:{person.id}", other):
        _opinion(scene, person, other)
    elif (
        line := own_fact(
            scene, person, said | (ABOUT_SELF if asks_self or other == person.id else frozenset[str]())
        )
    ) or (line := premise_fact(scene, person, said)):
        tell(scene, person, line)
    elif line := common_knowledge(scene, said):
        scene.line("react", person.id, "tell", line=line)
        scene.change(Learned(who=PLAYER, fact=line[:2000], source=person.id))
    elif (knower := _who_knows(scene, person, act.topic)) and scene.once(
        "referred", f"{person.id}|{act.topic}"
    ):
        scene.line("react", person.id, "refer", who=knower)
        add_lead(scene, {"ask": knower, "topic": topic_name(scene, act.topic)})
    else:
        known = scene.view.known_noun(next(iter(sorted(said, key=len, reverse=True)), ""))
        scene.line("react", person.id, "deflect" if known else "unknown")


def plain_answer(view: View, person: Person, topic: str) -> str:
    """What anybody could say who lives here: where somebody or something is, who somebody is, what time it is; or ""."""
    if re.match(r"(?:what time|what hour|how late)\b", topic):
        hour = view.state.minutes // 60 % 12 or 12
        return f"{('Just gone', 'Past')[view.state.minutes % 60 > 20]} {HOURS[hour - 1]}."
    where = WHERE.match(topic)
    if where:
        return _whereabouts(view, person, where[1])
    who = re.match(r"(?:and |so )?who(?:'s| is| was) (.+)", topic)
    other = view.find("people", who[1]) if who else None
    if other and other != person.id and (role := view.person(other).role):
        return f"{view.person(other).full}. {capital(role.removeprefix('the '))}."
    return ""


def _whereabouts(view: View, person: Person, asked: str) -> str:
    spot = view.find("spots", asked)
    other = view.find("people", asked)
    if other and other != person.id and not view.dead(other):
        place = view.where(other)
        if place == view.here:
            return f"{view.person(other).name}? Turn round."
        return (
            f"{view.person(other).name}? {capital(view.spot(place).preposition)} {view.spot(place).name}."
            if place
            else ""
        )
    if spot and spot != view.here:
        way = view.route(view.here, spot)
        name = capital(view.spot(spot).name)
        return (
            f"{name}? Straight on from here."
            if len(way) == 1
            else f"{name}? By way of {view.spot(way[0]).name}."
            if way
            else ""
        )
    thing = view.find("things", asked)
    if thing and view.has(thing):
        return "You have it on you."
    if thing and view.reachable(thing):
        return "Here. You are all but standing on it."
    return ""


def _opinion(scene: Scene, person: Person, other: str) -> None:
    feeling = person.relations.get(other, "").strip()
    try:
        number = int(feeling)
    except ValueError:
        if feeling and len(words_of(feeling)) > 2:
            line = in_own_words(feeling, person)
            if worth_saying(line):
                tell(scene, person, line)
                return
        number = 0
    scene.line(
        "react", person.id, "like" if number > 0 else "dislike" if number < 0 else "neutral", who=other
    )


def own_fact(scene: Scene, person: Person, said: frozenset[str]) -> str:
    """An untold sentence about a person that touches the topic, in their own mouth; "" when there is none."""
    about_self = bool(said & {"you", "yourself", "herself", "himself"})
    for number, fact in enumerate(person.facts):
        if scene.view.told(person.id, number) or not (about_self or said & set(words_of(fact))):
            continue
        line = in_own_words(plain(fact), person)
        if worth_saying(line):
            scene.fact(person.id, person.facts, number)
            return line
    return ""


def premise_fact(scene: Scene, person: Person, said: frozenset[str]) -> str:
    """A sentence of the premise about the topic, as somebody would say it to the player's face."""
    for number, sentence in enumerate(sentences(scene.index.premise.replace("\n", " "))[:20]):
        if "{you" in sentence or not said & stems(unmarked(sentence)):
            continue
        line = in_own_words(plain(sentence), person)
        if worth_saying(line) and scene.once("lore", f"premise#{number}", 150):
            return line
    return ""


def common_knowledge(scene: Scene, said: frozenset[str]) -> str:
    """A sentence of the lore about a topic that was not told yet; "" when there is none."""
    entry = lore_about(scene.index.world, said)
    if entry is None:
        return ""
    for number, sentence in enumerate(sentences(entry.text)[:20]):
        if worth_saying(sentence) and scene.once("lore", f"{entry.id}#{number}", 150):
            return unmarked(sentence)
    return ""


def _who_knows(scene: Scene, person: Person, topic: str) -> str | None:
    for other in scene.view.ordered("people"):
        key = knows_about(scene.view, scene.view.person(other), topic)
        if (
            other != person.id
            and key
            and not scene.view.dead(other)
            and key not in scene.listed(f"said:{other}")
        ):
            return other
    return None


def add_lead(scene: Scene, lead: dict[str, Any]) -> None:
    """A hint where to go on; the newest first, eight are kept."""
    lead = {**lead, "turn": scene.number}
    scene.note("leads", [lead, *scene.listed("leads")][:8])
