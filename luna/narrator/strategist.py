"""What the turn is about beyond the act: a beat, a push when the story stalls, or one small thing."""

from luna.narrator.answers import common_knowledge
from luna.narrator.conditions import possible, speaker_of
from luna.narrator.curve import (
    CODA,
    LATEST,
    TENSION,
    endings_of,
    fit,
    held,
    needed,
    patience,
    phase_at,
    progress,
)
from luna.narrator.grammar import words_of
from luna.narrator.index import many, unmarked
from luna.narrator.parser import Act
from luna.narrator.plot import clock_beat, closed, due_beat, ended, fire, in_place
from luna.narrator.scene import Scene
from luna.narrator.travel import meet
from luna.turns.events import Moved, WeatherChanged
from luna.turns.world import Beat, Thread

WEATHER_EVERY = 6
CITABLE = frozenset(["insult", "threaten", "attack", "give", "comfort", "thank", "take"])


def steer(scene: Scene, acts: list[Act], pacing: str) -> None:
    """Add at most one thing to the turn, by how much it matters."""
    beat = due_beat(scene, acts)
    clock = clock_beat(scene)
    beat = beat or clock
    if beat:
        fire(scene, beat, acts)
        return
    if ended(scene):
        _aftermath(scene)
        return
    if _close(scene) or _push(scene, pacing):
        return
    _settle(scene)
    spoken = scene.has("react")
    if spoken and scene.roll("rest").random() < 0.6:
        return
    if not spoken and scene.number - int(scene.get("hot", -9)) == 1 and scene.roll("breath").random() < 0.5:
        return
    for add in (_plant, _hook) if spoken else (_callback, _plant, _remark, _volunteer, _lore, _hook):
        if add(scene):
            return


def _settle(scene: Scene) -> None:
    """Where nothing happens, the tension moves towards what the part of the story asks for."""
    wanted, now = TENSION[phase_at(scene.view, scene.number)], int(scene.get("tension", 1))
    if now > wanted and scene.number % 3 == 0:
        scene.tension(-1)
    elif now < wanted - 3 and scene.number % 4 == 0:
        scene.tension(1)


def _aftermath(scene: Scene) -> None:
    """After the end people come back to it for a while; then the world goes on quietly."""
    since = scene.number - int(scene.get("ended", scene.number))
    if scene.has("react"):
        return
    if since <= CODA and since % 2 == 0:
        found = [b for _, b in scene.index.beats.values() if _tellable(scene, b) and fit(scene.view, b) == 0]
        found = [b for b in found if scene.view.present(str(speaker_of(b)))]
        if found:
            fire(scene, found[0], [], pushed=True)
            return
    if not _callback(scene) and scene.roll("after").random() < 0.4:
        _remark(scene)


def _close(scene: Scene) -> bool:
    """A story that is over its length is brought to an end: by an ending that can come by itself, else quietly."""
    at = progress(scene.view, scene.number)
    endings = endings_of(scene.index)
    if at < 1 or not endings:
        return False
    beats = [scene.index.beats[b][1] for b in endings]
    ready = [b for b in beats if possible(scene.view, b, scene.number)]
    by_itself = [b for b in ready if b.delay is not None or b.clock is not None or speaker_of(b)]
    for beat in sorted(by_itself, key=lambda b: (-len(b.when), b.id)):
        who = speaker_of(beat)
        if who and not scene.view.present(who) and scene.view.where(who):
            _walk_in(scene, who)
        if in_place(scene, beat) or (at >= LATEST and not many(beat.when.get("place"))):
            fire(scene, beat, [], pushed=True)
            return True
    if at < LATEST:
        return False
    scene.say("beat", "ending.open", "The time for it has passed; the story ends with things as they are.")
    memory = next((m[0] for m in reversed(scene.listed("memory"))), "")
    if memory:
        scene.say("beat2", "ending.memory", f"What stays: {memory}.", memory=str(memory))
    scene.note("ending", "open")
    scene.note("ended", scene.number)
    scene.note("question", "")
    return True


def ambient(scene: Scene) -> None:
    """The hour and the weather go on by themselves."""
    phase = scene.view.phase
    before = scene.get("phase")
    if phase != before:
        _go_about(scene, phase)
    if phase != before:
        scene.note("phase", phase)
        if before is not None:
            scene.say("ambient", f"phase.{phase.replace(' ', '_')}", f"It is {phase} now.")
            return
    kinds = scene.index.world.weather
    if len(kinds) > 1 and scene.number % WEATHER_EVERY == 0:
        others = [k for k in kinds if k != scene.view.state.weather]
        kind = scene.roll("weather").choice(others)
        scene.change(WeatherChanged(weather=kind))
        scene.say("ambient", f"wline.{kind}", f"The weather turns: {kind}.", weather=kind)


def _go_about(scene: Scene, phase: str) -> None:
    """At another part of the day people are elsewhere, whoever has a place for it."""
    for who, person in scene.index.people.items():
        goal, now = person.schedule.get(phase), scene.view.where(who)
        if not goal or not now or goal == now or goal not in scene.index.spots:
            continue
        if scene.has("react") and scene.get("focus") == who:
            continue
        if now == scene.view.here and who in scene.listed("met"):
            scene.say("event", "npc.leave", f"{person.name} leaves.", n=who, to=goal)
        scene.change(Moved(who=who, to=goal))
        if goal == scene.view.here and who in scene.listed("met"):
            scene.say("event", "npc.come", f"{person.name} comes in.", n=who, to=now)


def _push(scene: Scene, pacing: str) -> bool:
    """Somebody brings the plot along when the player does not."""
    stall = scene.number - int(scene.get("lastbeat", 0))
    waits = patience(scene.view, pacing, scene.number)
    if stall < waits or scene.has("react"):
        return False
    found = [b for _, b in scene.index.beats.values() if _tellable(scene, b)]
    path = needed(scene.view)
    found.sort(
        key=lambda b: (
            not scene.view.present(str(speaker_of(b))),
            b.id not in path,
            -fit(scene.view, b),
            b.stage,
        )
    )
    if not found:
        return False
    who = str(speaker_of(found[0]))
    if not scene.view.present(who):
        if stall < waits + 2 or not scene.view.where(who):
            return False
        _walk_in(scene, who)
    fire(scene, found[0], [], pushed=True)
    return True


def _tellable(scene: Scene, beat: Beat) -> bool:
    who = speaker_of(beat)
    places, things = many(beat.when.get("place")), many(beat.when.get("object"))
    if (places and scene.view.here not in places) or any(not scene.view.reachable(t) for t in things):
        return False
    ready = bool(who) and beat.delay is None and beat.clock is None and scene.view.trust(str(who)) > -3
    return ready and possible(scene.view, beat, scene.number) and not held(scene.view, beat, scene.number)


def _walk_in(scene: Scene, who: str) -> None:
    """Somebody comes to where the player is."""
    origin = str(scene.view.where(who))
    scene.change(Moved(who=who, to=scene.view.here))
    if who in scene.listed("met"):
        scene.say("event", "npc.come", f"{scene.view.person(who).name} comes in.", n=who, to=origin)
    else:
        meet(scene, who, "event", "intro.arrive")


def _callback(scene: Scene) -> bool:
    """Somebody comes back to what the player did to them."""
    for who in scene.view.company():
        for why, turn in scene.listed(f"deeds:{who}"):
            old = scene.number - int(turn) >= 4
            if (
                why in CITABLE
                and old
                and scene.roll("callback").random() < 0.6
                and scene.once("cited", f"{who}|{why}")
            ):
                scene.say(
                    "event",
                    f"cq.{why}",
                    f"{scene.view.person(who).name} brings up an old matter: {why}.",
                    n=who,
                )
                return True
    return False


def _plant(scene: Scene) -> bool:
    """The next hint of a thread, told in passing. "@place, place: text" binds one to places."""
    if phase_at(scene.view, scene.number) in ("climax", "coda"):
        return False
    if scene.number % 3 != 1 or scene.number - int(scene.get("hot", -9)) < 2:
        return False
    counts: dict[str, int] = dict(scene.get("plants", {}))
    ready: list[tuple[str, str]] = []
    for thread in scene.index.threads.values():
        number = int(counts.get(thread.id, 0))
        if number < len(thread.plants) and _still_planting(scene, thread):
            places, text = plant_of(thread.plants[number])
            if not places or scene.view.here in places:
                ready.append((thread.id, text))
    if not ready:
        return False
    thread_id, text = scene.roll("plant").choice(ready)
    counts[thread_id] = counts.get(thread_id, 0) + 1
    scene.note("plants", counts)
    scene.text("event", text)
    return True


def plant_of(plant: str) -> tuple[tuple[str, ...], str]:
    """The places a plant is bound to, and its text."""
    if not plant.startswith("@"):
        return (), plant
    places, _, text = plant[1:].partition(":")
    return tuple(p.strip() for p in places.split(",")), text.strip()


def _still_planting(scene: Scene, thread: Thread) -> bool:
    """Plants belong before the middle of a thread."""
    middle = max((b.stage for b in thread.beats), default=9) / 2 + 1
    reached = max((b.stage for b in thread.beats if b.id in scene.view.done), default=0)
    return reached < middle and not closed(scene, thread.id)


def _remark(scene: Scene) -> bool:
    """Somebody says one of their own lines, as it stands, once."""
    company = [w for w in scene.view.company() if scene.view.trust(w) > -3]
    if not company or scene.roll("remark").random() >= 0.35:
        return False
    who = scene.roll("remark", "who").choice(company)
    for number, line in enumerate(scene.view.person(who).samples[:60]):
        if scene.once(f"samples:{who}", str(number)):
            scene.quote("event", who, line)
            return True
    deeds = scene.listed(f"deeds:{who}")
    if int(scene.get("tension", 1)) >= 6:
        act = "warn"
    elif scene.view.trust(who) >= 2:
        act = "offer"
    else:
        act = "remember" if deeds and scene.number - int(deeds[-1][1]) >= 3 else "idle"
    if scene.number - int(scene.get("remarked", -9)) < 5:
        return False
    scene.note("remarked", scene.number)
    scene.line("event", who, act)
    return True


def _volunteer(scene: Scene) -> bool:
    """Where there is little plot, somebody tells of their own accord what they know."""
    lately = max(int(scene.get("volunteered", -9)), int(scene.get("lastbeat", 0)) - 1)
    if scene.has("react") or scene.has("arrive") or scene.number - lately < 5:
        return False
    for who in scene.view.company():
        person = scene.view.person(who)
        if scene.view.trust(who) <= -2:
            continue
        for key, line in person.knows.items():
            if scene.once(f"said:{who}", key):
                scene.note("volunteered", scene.number)
                scene.say(
                    "event", "aside", f"{person.name} says: “{unmarked(line)}”", n=who, line=unmarked(line)
                )
                return True
    return False


def _lore(scene: Scene) -> bool:
    """A sentence of lore about what is at hand, remembered in passing."""
    if not scene.index.world.lore or scene.roll("lore").random() >= 0.5:
        return False
    spot = scene.view.spot()
    near = " ".join([spot.name, *spot.names, *(scene.view.person(w).name for w in scene.view.company())])
    line = common_knowledge(scene, frozenset(words_of(near)))
    if line:
        scene.say("event", "lore", line, fact=line)
    return bool(line)


def _hook(scene: Scene) -> bool:
    """The open question, said aloud now and then."""
    if not scene.view.question() or scene.number - int(scene.get("lasthook", -9)) <= 5:
        return False
    if scene.roll("hook").random() >= 0.22:
        return False
    scene.note("lasthook", scene.number)
    scene.say("event", "hook", f"Still open: {scene.view.question()}.")
    return True
