"""A turn from the player's text to a plan."""

from luna.narrator.acts import resolve
from luna.narrator.curve import turns_for
from luna.narrator.grammar import sentences, words_of
from luna.narrator.index import Index, unmarked
from luna.narrator.lexicon import STOP
from luna.narrator.parser import Act, parse, speak
from luna.narrator.plot import ended
from luna.narrator.scene import Scene
from luna.narrator.strategist import ambient, steer
from luna.narrator.travel import meet
from luna.turns.events import PLAYER, TimePassed
from luna.turns.types import Move, Plan, Situation

ACTS_A_TURN = 3


def plan_turn(index: Index, situation: Situation) -> Plan:
    """What happens in a turn after the opening."""
    scene = Scene(index, situation.state, situation.dice, situation.number)
    if scene.view.dead(PLAYER):
        scene.change(TimePassed(minutes=10))
        scene.say("act", "afterwards", "The player's character is dead; the world goes on.")
        return finished(scene, "afterwards")
    acts = _acts(scene, situation)
    typed = situation.action.mode in ("do", "say")
    for act in acts[:ACTS_A_TURN] if typed else ():
        resolve(scene, act)
    if typed and len(acts) > ACTS_A_TURN:
        scene.say("act", "cut", "The rest of what the player meant to do has to wait.")
    ambient(scene)
    steer(scene, acts[:ACTS_A_TURN], situation.style.pacing)
    _settle_leads(scene, situation.action.text)
    scene.note("turn", situation.number)
    scene.note("target", turns_for(index, situation.style))
    scene.note("did", [*scene.listed("did"), " ".join(situation.action.text.lower().split())[:80]][-12:])
    return finished(scene, acts[0].intent if acts else "continue")


def _settle_leads(scene: Scene, text: str) -> None:
    """What was hinted at and is done now is no hint any more; after the last end there are none."""
    said = set(words_of(text))

    def open_still(lead: dict[str, str]) -> bool:
        wanted = [w for w in words_of(lead.get("do", "")) if w not in STOP]
        return not wanted or sum(w in said for w in wanted) <= 0.6 * len(wanted)

    listed = scene.listed("leads")
    scene.note("leads", [] if ended(scene) else [x for x in listed if open_still(x)])


def _acts(scene: Scene, situation: Situation) -> list[Act]:
    action = situation.action
    if action.mode == "say":
        return speak(scene.view, action.text)
    if action.mode == "continue":
        scene.change(TimePassed(minutes=10))
        scene.say("act", "go_on", "Time passes; the world moves by itself.")
        return []
    if action.mode == "write":
        scene.add(
            "act",
            Move(kind="verbatim", args={"words": action.text}),
            "The player tells this part: " + action.text,
        )
        acts = [a for a in parse(scene.view, action.text) if a.kind == "act"][:2]
        for act in acts:
            _carry_out(scene, act)
        return acts
    return parse(scene.view, action.text)


def _carry_out(scene: Scene, act: Act) -> None:
    """In the player's own prose an act is told already: only its consequences are added."""
    from luna.narrator.answers import answer

    if act.intent in ("go", "take"):
        before = len(scene.steps)
        resolve(scene, act)
        del scene.steps[before : before + (1 if act.intent == "go" else 9)]
    elif act.target and scene.view.present(act.target) and act.intent in ("ask", "say"):
        scene.focus(act.target)
        answer(scene, act.target, act, asked=True)
    act.intent = act.intent if act.intent in ("go", "take", "ask", "say") else "other"


def finished(scene: Scene, intent: str) -> Plan:
    """The plan of a scene."""
    return Plan(
        beats=scene.beats(),
        intent=intent,
        tension=int(scene.get("tension", 1)),
        open_question=scene.view.question(),
        changes=scene.changes(),
        moves=scene.moves(),
    )


def plan_opening(index: Index, situation: Situation) -> Plan:
    """Turn 0: the premise (or the world's own opening), the place, and the first person in it."""
    scene = Scene(index, situation.state, situation.dice, situation.number)
    world, here = index.world, scene.view.here
    scene.note("phase", scene.view.phase)
    scene.note("target", turns_for(index, situation.style))
    left_out = [
        t.id for t in index.world.threads if t.optional and scene.roll("optional", t.id).random() < 0.4
    ]
    scene.note("left_out", left_out or None)
    scene.note("visited", {here: 1})
    company = scene.view.company()
    _already_told(scene, f"{world.premise} {world.opening} {index.premise}", [*index.spots, *index.people])
    if world.opening.strip():
        scene.text("premise", world.opening, whole=True, exact=True)
        for who in company:
            scene.once("met", who, 200)
        if company:
            scene.focus(company[0])
        if len(world.opening) < 400:
            _first_sight(scene)
        return finished(scene, "opening")
    if world.premise.strip():
        scene.text("premise", index.premise, whole=True)
        for number in range(len(sentences(index.premise.replace("\n", " "))[:20])):
            scene.once("lore", f"premise#{number}", 150)
    _first_sight(scene)
    if company:
        meet(scene, company[0], "arrive2")
        samples = scene.view.person(company[0]).samples
        if samples:
            scene.once(f"samples:{company[0]}", "0")
            scene.quote("arrive2", company[0], samples[0])
    return finished(scene, "opening")


def _already_told(scene: Scene, text: str, entities: list[str]) -> None:
    """Facts that the premise or the opening says in so many words are no news."""
    for entity in entities:
        facts = (
            scene.index.spots[entity].facts
            if entity in scene.index.spots
            else scene.index.people[entity].facts
        )
        for number, fact in enumerate(facts):
            if unmarked(fact).lower() in unmarked(text).lower():
                scene.fact(entity, facts, number)


def _first_sight(scene: Scene) -> None:
    first, second = scene.spot_fact(), scene.spot_fact()
    if first:
        scene.text("arrive", first)
    if second:
        scene.text("arrive", second)
    scene.say("arrive", "sense", f"The player is at {scene.view.spot().name}.")
