"""Beats of the plot: when one is due, and what happens when it comes."""

from luna.narrator.conditions import possible, speaker_of
from luna.narrator.curve import endings_of, fit, held, is_over
from luna.narrator.grammar import noun_lemma, words_of
from luna.narrator.index import many, unmarked
from luna.narrator.parser import Act
from luna.narrator.scene import Scene
from luna.narrator.voice import in_own_words
from luna.narrator.words import doing
from luna.turns.events import PLAYER, FlagSet, Learned, Moved, RelationshipChanged, Took, WorldState
from luna.turns.types import Move
from luna.turns.world import Beat

ADDRESSING = frozenset(["ask", "say", "show", "persuade", "greet", "comfort", "give", "thank", "apologise"])
ARRIVING = frozenset(["go", "look", "examine", "search", "read", "take", "wait", "listen"])
NEAR = {
    "search": ("examine", "look"), "examine": ("read", "search"), "read": ("examine",), "light": ("use",), "touch": ("examine",),
    "force": ("open", "use"), "throw": ("use",), "stow": ("use",), "show": ("give",),
}  # fmt: skip
"""Acts that do for another where a beat waits for one."""
WANDERING = frozenset(("look", "search"))


def in_place(scene: Scene, beat: Beat) -> bool:
    """Whether the player is where a beat can happen, with whom it needs."""
    places, people = many(beat.when.get("place")), many(beat.when.get("npc"))
    if places and scene.view.here not in places:
        return False
    who = speaker_of(beat)
    return all(scene.view.present(p) for p in people) and not (who and not scene.view.present(who))


def satisfied(scene: Scene, beat: Beat, act: Act) -> bool:
    """Whether an act is what a beat waits for."""
    if act.kind != "act":
        return False
    when = beat.when
    thread = scene.index.beats[beat.id][0]
    people, topics = many(when.get("npc")), set(many(when.get("topic")))
    objects, intents, places = many(when.get("object")), many(when.get("intent")), many(when.get("place"))
    said = set(words_of(f"{act.raw} {act.topic} {act.speech} {act.feature or ''}"))
    said |= {w for s in tuple(said) for w in (noun_lemma(s), *own_words(scene, s))}
    if people:
        meant = act.target in people or (act.target is None and scene.get("focus") in people)
        addressed = meant and act.intent in ADDRESSING
        if not addressed and act.intent not in intents:
            return False
        untargeted = not topics and not intents and not (said & scene.index.topics[thread.id])
        if untargeted and act.intent != "show" and many(when.get("after")) != ("*",):
            return False
    if topics and not said & topics and not (places and act.intent in WANDERING and not act.target):
        return False
    if objects and not (act.obj in objects and scene.view.reachable(act.obj or "")):
        return False
    if intents and not ({act.intent, act.verb, *NEAR.get(act.intent, ())} & set(intents)):
        return False
    if places and not people and not objects and act.target:
        return False
    only_place = places and not (people or objects or intents)
    return bool(people or topics or objects or intents) or bool(only_place and act.intent in ARRIVING)


def own_words(scene: Scene, word: str) -> frozenset[str]:
    """The words that mean the same by the world's own list."""
    found: set[str] = set()
    for key, others in scene.index.world.topics.items():
        group = {w for term in (key, *others) for w in words_of(term)}
        if word in group:
            found |= group
    return frozenset(found)


def due_beat(scene: Scene, acts: list[Act], told: bool = False) -> Beat | None:
    """The most particular beat that one of the acts brings about; with `told`, only one that somebody tells."""
    found = [
        beat
        for _, beat in scene.index.beats.values()
        if (beat.delay is None)
        and (not told or speaker_of(beat))
        and possible(scene.view, beat, scene.number)
        and in_place(scene, beat)
        and beat.clock is None
        and any(satisfied(scene, beat, act) for act in acts)
    ]
    return max(found, key=lambda b: (len(b.when), fit(scene.view, b), b.stage), default=None)


def told_beat(scene: Scene, acts: list[Act]) -> Beat | None:
    """The beat that somebody is about to tell because of an act, or None."""
    return due_beat(scene, acts, told=True)


def clock_beat(scene: Scene) -> Beat | None:
    """A beat whose delay has run out, here."""
    armed: dict[str, int] = dict(scene.get("armed", {}))
    due: Beat | None = None
    for _, beat in scene.index.beats.values():
        if (beat.delay is None and beat.clock is None) or not possible(scene.view, beat, scene.number):
            continue
        since = armed.setdefault(beat.id, scene.number)
        ripe = scene.number - since >= (beat.delay or 0) and _struck(scene, beat)
        ripe = ripe and not held(scene.view, beat, scene.number)
        if due is None and ripe and in_place(scene, beat):
            due = beat
    scene.note(
        "armed", {k: v for k, v in armed.items() if k not in scene.view.done and (not due or k != due.id)}
    )
    return due


def _struck(scene: Scene, beat: Beat) -> bool:
    """Whether the hour of a beat has come since the story began."""
    if beat.clock is None:
        return True
    start = scene.index.world.start_minutes
    return scene.view.state.minutes >= _began(start) + (beat.clock - start) % (24 * 60)


def _began(start: int) -> int:
    """The minute the story begins at, counted from midnight of its first day."""
    before = WorldState().minutes
    return before + (start - before) % (24 * 60)


def telling_of(scene: Scene, beat: Beat) -> Beat:
    """The beat in one of its tellings, by dice."""
    ways = [(beat.text, beat.quote), *((t.text or beat.text, t.quote or beat.quote) for t in beat.tellings)]
    text, quote = scene.roll("telling", beat.id).choice(ways)
    return beat.model_copy(update={"text": text, "quote": quote})


def fire(scene: Scene, beat: Beat, acts: list[Act], pushed: bool = False) -> None:
    """A beat happens: it takes the place of the routine report of the act that brought it."""
    told = telling_of(scene, beat)
    who = speaker_of(beat)
    if who:
        _told(scene, told, who, pushed)
    else:
        _happens(scene, told, acts)
    _consequences(scene, beat, who)


def _told(scene: Scene, beat: Beat, who: str, pushed: bool) -> None:
    if not pushed:
        scene.drop(("react",))
    scene.focus(who)
    person = scene.view.person(who)
    own = "" if beat.quote else "tell"
    line = beat.quote or in_own_words(unmarked(beat.text), person)
    key = "push" if pushed else "told"
    move = Move(kind="told", key=key, args={"n": who, "line": unmarked(line), "own": own})
    scene.add("beat", move, f"{person.name} tells the player.", who, unmarked(line))
    if beat.quote and beat.text:
        scene.text("beat2", beat.text, n=who)
    scene.change(Learned(who=PLAYER, fact=unmarked(line)[:2000], source=who))


def _happens(scene: Scene, beat: Beat, acts: list[Act]) -> None:
    when = beat.when
    leads: list[list[str]] = []
    if (when.get("object") or when.get("intent")) and beat.delay is None and acts[-1].intent != "go":
        scene.drop(("act", "react"))
        leads = [doing(scene, a) for a in acts if _leads_in(scene, a)]
    scene.text("beat", beat.text, leads=leads[:2])


def _leads_in(scene: Scene, act: Act) -> bool:
    """Whether an act is worth echoing before the beat it brought about."""
    short = 0 < len(act.phrase) < 12 and act.intent != "go"
    return short and bool(act.feature or (act.obj and scene.view.reachable(act.obj)))


def _consequences(scene: Scene, beat: Beat, who: str | None) -> None:
    scene.note("done", {**scene.get("done", {}), beat.id: scene.number})
    scene.note("lastbeat", scene.number)
    if not scene.get("ending") and beat.id in endings_of(scene.index):
        scene.note("ending", beat.ending or beat.id)
        scene.note("ended", scene.number)
        scene.note("question", "")
    for flag in beat.sets:
        scene.change(FlagSet(name=flag))
    scene.tension(beat.tension)
    scene.note("hot", scene.number if beat.tension >= 2 else scene.get("hot", -9))
    for person, trust in beat.trust.items():
        scene.change(RelationshipChanged(who=person, toward=PLAYER, trust=trust * 10, cause=beat.id))
    for person, place in beat.moves.items():
        scene.change(Moved(who=person, to=place))
    for item in beat.gives:
        if not scene.view.has(item):
            scene.change(Took(who=PLAYER, item=item))
    if beat.memory:
        scene.remember(beat.memory, beat.stage)
    if not scene.get("ending"):
        _question(scene, beat)
    leads = [{**lead.model_dump(exclude_defaults=True), "turn": scene.number} for lead in beat.leads]
    kept = [x for x in scene.listed("leads") if not (who and x.get("ask") == who) and x not in leads]
    scene.note("leads", [*leads, *kept][:8])


def _question(scene: Scene, beat: Beat) -> None:
    """A beat may open a question; a final one closes its thread's and hands over to another thread's."""
    if beat.question:
        scene.note("question", beat.question)
        return
    if not beat.final:
        return
    for thread in scene.index.threads.values():
        begun = any(b.id in scene.view.done for b in thread.beats)
        closed = any(b.final and b.id in scene.view.done for b in thread.beats)
        if begun and not closed and thread.question:
            scene.note("question", thread.question)
            return
    scene.note("question", "")


def closed(scene: Scene, thread_id: str) -> bool:
    """Whether a thread has come to its end."""
    return any(b.final and b.id in scene.view.done for b in scene.index.threads[thread_id].beats)


def ended(scene: Scene) -> bool:
    """Whether the story has come to an end."""
    return is_over(scene.view)
