"""A small typed client of the HTTP API: what `luna play` and the other commands speak to a server with.

It knows addresses and shapes, and turns problem answers back into refusals. It prints nothing.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from luna.app.client_wire import Event, away, checked_url, is_local, read_events, refusal
from luna.kernel.errors import LunaError
from luna.narration.types import ActRequest, NewStory, PromptPreview, PromptView, TellingView
from luna.narration.types import WorldView as StateView
from luna.story.types import AgentTrace, Branch, BranchNode, Story, Turn

if TYPE_CHECKING:  # these bring the database along, which a client beside a running server can do without
    from luna.accounts.types import SignedIn, SignInStatus
    from luna.characters.types import CardImported, CardPage
    from luna.costs.types import AgentCost, Forecast, MonthCost, StoryCost, Summary
    from luna.exporters.renpy.service import ExportReport
    from luna.kernel.settings import Shown
    from luna.llm.detect import Detected
    from luna.llm.routes import ModelsShown
    from luna.worlds.types import LorebookImported, WorldDetail, WorldView

T = TypeVar("T")

PATIENCE = httpx.Timeout(120, connect=5)
"""Seconds for an answer. A turn that is not watched, or an export, may take a while."""
SILENCE = httpx.Timeout(45, connect=5)
"""Seconds without a sign of life of a stream: the server breathes every fifteen."""
PAGE = 200


class Client:
    """A session with one server. `token` is a login's token or the local key. Close it at the end."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = checked_url(url)
        self._http = httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=not is_local(self.url))
        if token:
            self.sign(token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def sign(self, token: str) -> None:
        """Use a token from now on."""
        self._http.headers["Authorization"] = f"Bearer {token}"

    # accounts
    def sign_in_status(self) -> "SignInStatus":
        """What has to be done before going on."""
        from luna.accounts.types import SignInStatus

        return self._get(SignInStatus, "/auth/status")

    def sign_in(self, username: str, password: str) -> "SignedIn":
        """Sign in with a name and a password; the token is used from then on."""
        from luna.accounts.types import SignedIn

        given = {"username": username, "password": password}
        signed = self._ask(SignedIn, "POST", "/auth/login", json=given)
        self.sign(signed.access_token)
        return signed

    # stories
    def stories(self) -> list[Story]:
        """All stories, the last touched first."""
        found: list[Story] = []
        while True:
            page = self._get(list[Story], "/stories", limit=PAGE, offset=len(found))
            found += page
            if len(page) < PAGE:
                return found

    def story(self, story_id: str) -> Story:
        """One story."""
        return self._get(Story, f"/stories/{_id(story_id)}")

    def begin(self, new: NewStory) -> TellingView:
        """Begin a story; its opening is told at once and can be watched."""
        body = new.model_dump(mode="json")
        return self._ask(TellingView, "POST", "/narrates/stories", json=body)

    def turns(self, story_id: str, branch_id: str, *, first: int | None = None, limit: int = 1) -> list[Turn]:
        """Turns of a branch: from number `first` on, else the last ones."""
        path = f"/stories/{_id(story_id)}/turns"
        return self._get(list[Turn], path, branch_id=branch_id, first=first, limit=limit)

    def takes(self, turn: Turn) -> list[Turn]:
        """All takes of a turn, in the order they were told."""
        return self._get(list[Turn], f"{_turn(turn)}/takes")

    def choose_take(self, take: Turn, branch_id: str) -> Turn:
        """Make a take the head of a branch."""
        return self._ask(Turn, "POST", f"{_turn(take)}/choose", branch_id=branch_id)

    def edit(self, turn: Turn, prose: str, branch_id: str) -> Turn:
        """Give a turn another wording."""
        return self._ask(Turn, "PATCH", _turn(turn), json={"narrative_text": prose}, branch_id=branch_id)

    def traces(self, turn: Turn) -> list[AgentTrace]:
        """What each agent was given and answered for a turn."""
        return self._get(list[AgentTrace], f"{_turn(turn)}/agents")

    def go_back_to(self, story_id: str, number: int, branch_id: str) -> None:
        """Let the turns after a number leave a branch."""
        self._send("DELETE", f"/stories/{_id(story_id)}/turns/after/{number}", branch_id=branch_id)

    def state(self, story_id: str, branch_id: str) -> StateView:
        """The state of the world at the head of a branch."""
        return self._get(StateView, f"/stories/{_id(story_id)}/state", branch_id=branch_id)

    # branches
    def branches(self, story_id: str) -> list[Branch]:
        """All branches, the oldest first."""
        return self._get(list[Branch], f"/stories/{_id(story_id)}/branches")

    def tree(self, story_id: str) -> list[BranchNode]:
        """The branches, each below the one it was forked from."""
        return self._get(list[BranchNode], f"/stories/{_id(story_id)}/branches/tree")

    def fork(self, story_id: str, name: str, from_branch: str, number: int | None) -> Branch:
        """A new, active branch from a turn of a branch, the head if no number is given."""
        body = {
            "branch_name": name,
            "from_branch_id": from_branch,
            "from_turn_number": number,
            "make_active": True,
        }
        return self._ask(Branch, "POST", f"/stories/{_id(story_id)}/branches", json=body)

    def switch(self, story_id: str, branch_id: str) -> Branch:
        """Make a branch the active one."""
        body = {"branch_id": branch_id}
        return self._ask(Branch, "POST", f"/stories/{_id(story_id)}/branches/switch", json=body)

    # telling
    def tell(self, story_id: str, wanted: ActRequest) -> TellingView:
        """Begin a turn or a retake. Raises LunaError `turn-in-progress` with `turn_id` when one is under way."""
        path = f"/narrates/stories/{_id(story_id)}/tellings"
        return self._ask(TellingView, "POST", path, json=wanted.model_dump(mode="json"))

    def telling(self, turn_id: str) -> TellingView:
        """A turn in the making, or how it ended."""
        return self._get(TellingView, f"/narrates/tellings/{_id(turn_id)}")

    def stop(self, turn_id: str) -> None:
        """End a telling now; what is written is kept."""
        self._send("POST", f"/narrates/tellings/{_id(turn_id)}/stop")

    def undo(self, story_id: str, branch_id: str) -> Turn | None:
        """Take the last step of a branch back; gives the new head."""
        path = f"/narrates/stories/{_id(story_id)}/undo"
        return cast("Turn | None", self._ask(Turn | None, "POST", path, branch_id=branch_id))

    def redo(self, story_id: str, branch_id: str) -> Turn | None:
        """Do the step again that was undone last; gives the new head."""
        path = f"/narrates/stories/{_id(story_id)}/redo"
        return cast("Turn | None", self._ask(Turn | None, "POST", path, branch_id=branch_id))

    def suggestions(self, story_id: str, branch_id: str) -> list[str]:
        """What the player might do next."""
        from luna.narration.types import Suggestions

        path = f"/narrates/stories/{_id(story_id)}/suggestions"
        return self._get(Suggestions, path, branch_id=branch_id).suggestions

    def events(self, turn_id: str, after: str = "") -> Iterator[Event]:
        """The events of a telling after the one with the id `after`, until the stream ends.

        Raises ServerAway when it breaks; what came before it is valid, so ask again with the last id.
        """
        headers = {"Last-Event-ID": after} if after else {}
        path = f"/narrates/tellings/{_id(turn_id)}/events"
        try:
            with self._http.stream("GET", path, headers=headers, timeout=SILENCE) as answer:
                if answer.is_error:
                    answer.read()
                    raise refusal(answer)
                yield from read_events(answer.iter_bytes())
        except httpx.HTTPError as error:
            raise away(self.url) from error

    # costs
    def story_cost(self, story_id: str) -> "StoryCost":
        """What a story has cost."""
        from luna.costs.types import StoryCost

        return self._get(StoryCost, f"/cost-analytics/stories/{_id(story_id)}")

    def spent_on(self, story_id: str) -> float:
        """What a story has cost, in US dollars."""
        answer = self._send("GET", f"/cost-analytics/stories/{_id(story_id)}").json()
        return float(answer["spent"]["cost_usd"])

    def forecast(self, story_id: str) -> "Forecast":
        """What the next turn of a story costs at most."""
        from luna.costs.types import Forecast

        return self._get(Forecast, f"/narrates/stories/{_id(story_id)}/forecast")

    def cost_summary(self) -> "Summary":
        """The costs at a glance."""
        from luna.costs.types import Summary

        return self._get(Summary, "/cost-analytics/summary")

    def cost_months(self) -> "list[MonthCost]":
        """Costs by calendar month, the newest first."""
        from luna.costs.types import MonthCost

        return self._get(list[MonthCost], "/cost-analytics/monthly")

    def cost_agents(self) -> "list[AgentCost]":
        """Costs by agent and model, the dearest first."""
        from luna.costs.types import AgentCost

        return self._get(list[AgentCost], "/cost-analytics/by-agent")

    # the library
    def worlds(self) -> "list[WorldView]":
        """The worlds that come with the product, and one's own."""
        from luna.worlds.types import WorldView

        return self._get(list[WorldView], "/worlds")

    def cards(self) -> "CardPage":
        """The newest character cards."""
        from luna.characters.types import CardPage

        return self._get(CardPage, "/character-cards", limit=PAGE)

    def import_card(self, name: str, raw: bytes) -> "CardImported":
        """Take in a character card, PNG or JSON."""
        from luna.characters.types import CardImported

        return self._ask(CardImported, "POST", "/character-cards/import", files={"file": (name, raw)})

    def import_lorebook(self, name: str, raw: bytes) -> "LorebookImported":
        """Take in a lorebook, for example World Info."""
        from luna.worlds.types import LorebookImported

        return self._ask(LorebookImported, "POST", "/lorebooks/upload", files={"file": (name, raw)})

    def import_world(self, text: str) -> "WorldDetail":
        """Keep a world file."""
        from luna.worlds.types import WorldDetail

        return self._ask(WorldDetail, "POST", "/worlds", json={"text": text})

    # exports
    def renpy_report(self, story_id: str, branch_id: str | None, alone: bool) -> "ExportReport":
        """What a Ren'Py export would hold."""
        from luna.exporters.renpy.service import ExportReport

        path = f"/exports/renpy/{_id(story_id)}/report"
        return self._get(ExportReport, path, branch_id=branch_id, alone=alone)

    def renpy(self, story_id: str, branch_id: str | None, alone: bool) -> bytes:
        """A story as a Ren'Py project, zipped."""
        path = f"/exports/renpy/{_id(story_id)}"
        return self._send("GET", path, branch_id=branch_id, alone=alone).content

    # the workings
    def prompts(self, style: str) -> list[PromptView]:
        """The prompt files in use for a style."""
        return self._get(list[PromptView], "/prompts", style=style)

    def preview_prompt(self, agent: str, story_id: str, action: str) -> PromptPreview:
        """The prompt an agent would be sent for an action."""
        return self._get(PromptPreview, f"/prompts/{_id(agent)}/preview", story_id=story_id, action=action)

    def models(self) -> "ModelsShown":
        """The providers, and the chain of each agent."""
        from luna.llm.routes import ModelsShown

        return self._get(ModelsShown, "/models")

    def detect(self) -> "list[Detected]":
        """The model servers on this machine."""
        from luna.llm.detect import Detected

        return self._get(list[Detected], "/models/detect")

    def settings(self) -> "list[Shown]":
        """Every setting with its value and where it comes from."""
        from luna.kernel.settings import Shown

        return self._get(list[Shown], "/settings")

    def change_settings(self, changes: dict[str, Any]) -> "list[Shown]":
        """Change settings; None takes a change back."""
        from luna.kernel.settings import Shown

        return self._ask(list[Shown], "PATCH", "/settings", json=changes)

    # how it is asked
    def _get(self, shape: type[T], path: str, **query: Any) -> T:
        return self._ask(shape, "GET", path, **query)

    def _ask(self, shape: Any, method: str, path: str, **more: Any) -> Any:
        answer = self._send(method, path, **more)
        try:
            return TypeAdapter(shape).validate_json(answer.content)
        except ValidationError as error:
            raise LunaError(
                f"The server at {self.url} answers in a way this program does not understand.",
                "Use the same version of the program on both sides.",
                code="strange-answer",
            ) from error

    def _send(
        self, method: str, path: str, *, json: Any = None, files: Any = None, **query: Any
    ) -> httpx.Response:
        params = {name: value for name, value in query.items() if value is not None}
        try:
            answer = self._http.request(method, path, params=params, json=json, files=files)
        except httpx.HTTPError as error:
            raise away(self.url) from error
        if answer.is_error:
            raise refusal(answer)
        return answer


def _id(text: str) -> str:
    """An id as a part of a path: what a person typed must not become another path."""
    return quote(text, safe="")


def _turn(turn: Turn) -> str:
    return f"/stories/{_id(turn.story_id)}/turns/{_id(turn.turn_id)}"
