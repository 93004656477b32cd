"""World events: the state is what they add up to, in any order of asking."""

from hypothesis import given
from hypothesis import strategies as st

from luna.turns.events import (
    EVENTS,
    KNOWN_PER_PERSON,
    Died,
    Dropped,
    FlagSet,
    Gave,
    Introduced,
    Learned,
    Moved,
    Noted,
    RelationshipChanged,
    Revived,
    TimePassed,
    Took,
    WorldEvent,
    WorldState,
    rebuild,
)

names = st.sampled_from(["player", "ines", "bo"])
items = st.sampled_from(["key", "lamp"])
places = st.sampled_from(["quay", "shed"])
events = st.one_of(
    st.builds(Moved, who=names, to=places),
    st.builds(Took, who=names, item=items),
    st.builds(Gave, who=names, item=items, to=names),
    st.builds(Dropped, who=names, item=items, at=places),
    st.builds(Died, who=names),
    st.builds(Revived, who=names),
    st.builds(TimePassed, minutes=st.integers(0, 500)),
    st.builds(RelationshipChanged, who=names, toward=names, affinity=st.integers(-200, 200)),
    st.builds(FlagSet, name=items, value=st.one_of(st.none(), st.booleans(), st.integers(0, 9))),
    st.builds(Learned, who=names, fact=places),
)


@given(st.lists(events, max_size=30), st.integers(0, 30))
def test_a_rebuild_in_two_parts_is_a_rebuild(told: list[WorldEvent], cut: int) -> None:
    kept = WorldState.model_validate(rebuild(WorldState(), told[:cut]).model_dump(mode="json"))
    assert rebuild(kept, told[cut:]) == rebuild(WorldState(), told)


@given(st.lists(events, max_size=30))
def test_events_survive_being_written_down(told: list[WorldEvent]) -> None:
    assert EVENTS.validate_json(EVENTS.dump_json(tuple(told))) == tuple(told)


@given(st.lists(events, max_size=40))
def test_a_thing_is_in_one_place_only(told: list[WorldEvent]) -> None:
    for thing in rebuild(WorldState(), told).items.values():
        assert (thing.holder is not None) + (thing.place is not None) + thing.gone <= 1


def test_what_is_carried_goes_along() -> None:
    state = rebuild(
        WorldState(),
        [
            Introduced(entity="character", id="player", name="you", at="quay"),
            Introduced(entity="item", id="key", name="a key", at="player"),
            Moved(who="player", to="shed"),
        ],
    )
    assert state.carried("player") == ["key"]
    assert state.lying("quay") == state.lying("shed") == []


def test_knowledge_and_bonds_stay_bounded() -> None:
    told: list[WorldEvent] = [Learned(who="bo", fact=f"fact {n}") for n in range(KNOWN_PER_PERSON + 50)]
    told += [RelationshipChanged(who="bo", toward="ines", affinity=90) for _ in range(3)]
    state = rebuild(WorldState(), told)
    assert len(state.known["bo"]) == KNOWN_PER_PERSON
    assert state.known["bo"][-1] == f"fact {KNOWN_PER_PERSON + 49}"
    assert state.bonds["bo>ines"].affinity == 100


def test_notes_are_replaced_key_by_key_and_none_forgets() -> None:
    state = rebuild(
        WorldState(),
        [Noted(teller="n", notes={"a": 1, "b": 2}), Noted(teller="n", notes={"a": None, "c": 3})],
    )
    assert state.notes == {"n": {"b": 2, "c": 3}}
