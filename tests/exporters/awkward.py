"""A story with three branches and everything in it that a script language could trip over."""

from luna.imaging.types import ImageRequest
from luna.scenes.types import Picture
from luna.staging.types import CastMember, StagedBranch, StagedPlace, StagedStory, StagedTurn
from luna.turns.events import PLAYER

TITLE = 'The "Quay" at 100% [of] {it}'
LONG = "The rain went on and nobody said why. " * 132
ODD = "Tags {b}bold{/b} {w} [not_a_variable] [[two] 50% %s %(name)s %% C:\\new\\table 'single' \"double\" #hash $money"
SCRIPTS = "Emoji 😀👩‍👩‍👧, שלום עולם, مرحبا بالعالم, 你好世界。【ruby｜no】 and Ångström."

QUAY = StagedPlace(id="quay", name="The quay", description="Wet stone by the sea.")
ROOM = StagedPlace(id="taproom", name="The taproom", description="Low beams.", indoors=True)

CAST = (
    CastMember(id=PLAYER, name="you"),
    CastMember(id="mara", name="Mara", pronouns="she"),
    CastMember(id="zoe", name='Zoë "Ace" O\'Neil'),
    CastMember(id="a", name="init"),
    CastMember(id="b", name="return"),
    CastMember(id="c", name="1st"),
    CastMember(id="d", name="[you] {i} 100%"),
    CastMember(id="e", name="明"),
    CastMember(id="f", name="مريم"),
)


def awkward_story() -> StagedStory:
    """Turn 0 parts into two ways, one of which parts again; a take lies on no branch."""
    turns = (
        _turn("t0", None, 0, "", "opening", f"{LONG}\n\nMara looks up. “You again? 50% [off] {{i}}.”", QUAY),
        _turn("t1", "t0", 1, 'shout "hey" [now] {fast} 10%', "do", f"{ODD}\n\ninit says, “First.” return says, “Second.”", QUAY),
        _turn("t2", "t0", 1, "I am here: 你好", "say", f"{SCRIPTS}\n\n1st says, “Third.” [you] {{i}} 100% says, “Fourth.”", ROOM),
        _turn("t3", "t1", 2, "wait", "do", "Zoë \"Ace\" O'Neil nods.\n\n明 says, “五。” مريم says, “ستة.”", ROOM),
        _turn("t4", "t1", 2, "wait", "do", "\\\n\n\"\n\n%\n\n[\n\n{\n\n\u2028end", QUAY),
        _turn("t5", "t1", 2, "left out", "do", "A take that nobody kept.", QUAY),
    )  # fmt: skip
    branches = (
        StagedBranch(id="1", name="main", head="t3"),
        StagedBranch(id="2", name='the "other" [way]', head="t4"),
        StagedBranch(id="3", name="inside", head="t2"),
    )
    return StagedStory(
        id="s1", title=TITLE, seed="7", cast=CAST, turns=turns, branches=branches, licence="CC0"
    )


def _turn(
    id_: str, parent: str | None, number: int, action: str, mode: str, prose: str, place: StagedPlace
) -> StagedTurn:
    return StagedTurn.model_validate(
        {
            "id": id_,
            "parent_id": parent,
            "number": number,
            "action": action,
            "mode": mode,
            "prose": prose,
            "place": place,
            "minutes": 1100 + number * 90,
            "weather": "rain",
            "picture": Picture(request=ImageRequest(place="Chart", indoors=True)) if id_ == "t4" else None,
        }
    )
