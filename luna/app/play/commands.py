"""The slash commands of `luna play`."""

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from luna.app.play import looking
from luna.app.play.screen import MARGIN, clean
from luna.app.play.session import Session
from luna.kernel.errors import BadInput, NotFound
from luna.story.types import Branch, BranchNode, Turn


class Command(NamedTuple):
    """What a command does with the rest of its line."""

    do: Callable[[Session, str], None]
    usage: str
    about: str


def obey(session: Session, line: str) -> None:
    """Act on one line: a command after a slash, else what the player does."""
    if not line:
        return
    if not line.startswith("/"):
        session.plain(line)
        return
    name, _, rest = line[1:].partition(" ")
    command = COMMANDS.get(ALIASES.get(name.lower(), name.lower()))
    if command is None:
        near = difflib.get_close_matches(name.lower(), COMMANDS, 1)
        hint = f"Did you mean /{near[0]}?" if near else "/help lists the commands."
        session.screen.warn(f"There is no command /{name[:40]}.", hint)
        return
    command.do(session, rest.strip())


def _undo(session: Session, _: str) -> None:
    before = session.head.turn_number if session.head else 0
    turn = session.client.undo(session.story_id, session.branch_id)
    session.reload()
    fewer = turn is None or turn.turn_number < before
    _back_at(session, f"Turn {before} is taken back." if fewer else "Taken back.")


def _redo(session: Session, _: str) -> None:
    session.client.redo(session.story_id, session.branch_id)
    session.reload()
    _back_at(session, "Done again.")


def _back_at(session: Session, what: str) -> None:
    """Say what happened, then show the end of the turn that is stood at now."""
    if session.head is None:
        session.screen.note(what)
        session.stand_at(None)
        return
    session.screen.note(f"{what} You are at turn {session.head.turn_number}:")
    session.screen.say()
    last = session.head.narrative_text.strip().split("\n\n")[-1]
    session.screen.say(last, margin=MARGIN)
    session.stand_at(session.head)


def _retake(session: Session, _: str) -> None:
    session.retake()


def _take(session: Session, rest: str) -> None:
    head = _head(session)
    takes = session.client.takes(head)
    if not rest:
        for take in takes:
            mark = "*" if take.turn_id == head.turn_id else " "
            first = " ".join(take.narrative_text.split())[:60]
            act = "" if take.action == head.action else f"({take.action[:30]}) "
            session.screen.lines([f"{mark} {take.take}  {act}{first}…"], margin=MARGIN)
        return
    number = _number(rest, "/take 2")
    if not 1 <= number <= len(takes):
        raise BadInput(f"There is no take {number}.", f"This turn has {len(takes)}: /take lists them.")
    session.client.choose_take(takes[number - 1], session.branch_id)
    session.reload()
    session.show()


def _fork(session: Session, rest: str) -> None:
    name, number = rest, None
    before, _, last = rest.rpartition(" ")
    if before and last.isascii() and last.isdigit():
        name, number = before.strip(), _number(last, "/fork NAME 3")
    if not name:
        raise BadInput("The branch needs a name.", "For example: /fork The other door 3")
    session.branch = session.client.fork(session.story_id, name, session.branch_id, number)
    session.reload()
    _back_at(session, f"“{session.branch.branch_name}” begins.")


def _switch(session: Session, rest: str) -> None:
    branch = find_branch(session.client.branches(session.story_id), rest)
    session.branch = session.client.switch(session.story_id, branch.branch_id)
    session.reload()
    _back_at(session, f"You are on “{session.branch.branch_name}”.")


def find_branch(branches: Sequence[Branch], name: str) -> Branch:
    """The branch with that name, or with a name or id that begins so. Raises BadInput, NotFound."""
    wanted = name.casefold().strip()
    if not wanted:
        raise BadInput("Which branch?", f"There are: {', '.join(b.branch_name for b in branches)}.")
    exact = [b for b in branches if b.branch_name.casefold() == wanted or b.branch_id == wanted]
    found = exact or [
        b for b in branches if b.branch_name.casefold().startswith(wanted) or b.branch_id.startswith(wanted)
    ]
    if len(found) > 1:
        names = ", ".join(b.branch_name for b in found[:6])
        raise BadInput(f"Several branches are called so: {names}.", "Type more of the name.")
    if not found:
        raise NotFound("branch", f"There are: {', '.join(b.branch_name for b in branches[:12])}.")
    return found[0]


def _branches(session: Session, _: str) -> None:
    def rows(nodes: Sequence[BranchNode]) -> list[str]:
        out: list[str] = []
        for node in nodes:
            branch = node.branch
            mark = "*" if branch.branch_id == session.branch_id else " "
            since = "" if branch.forked_from_turn is None else f", parts after turn {branch.forked_from_turn}"
            indent = "   " * node.depth
            turns = f"{branch.turn_count} turn{'' if branch.turn_count == 1 else 's'}"
            out.append(f"{mark} {indent}{branch.branch_name}  ({turns}{since})")
            out += rows(node.children)
        return out

    session.screen.lines(rows(session.client.tree(session.story_id)), margin=MARGIN)


def _goto(session: Session, rest: str) -> None:
    number = _number(rest, "/goto 3")
    if number > _head(session).turn_number:
        raise BadInput(f"There is no turn {number} yet.", f"The last one is {_head(session).turn_number}.")
    session.client.go_back_to(session.story_id, number, session.branch_id)
    session.reload()
    _back_at(session, "The turns after it left this branch; /undo brings them back.")


def _edit(session: Session, rest: str) -> None:
    head = _head(session)
    prose = clean(rest)
    if not prose:
        if not session.screen.is_terminal:
            raise BadInput("There is nobody to open an editor for.", "Write: /edit THE NEW WORDING")
        import click

        edited = click.edit(head.narrative_text, extension=".txt")
        if edited is None or not edited.strip() or edited.strip() == head.narrative_text.strip():
            session.screen.note("Nothing was changed.")
            return
        prose = edited.strip()
    session.head = session.client.edit(head, prose, session.branch_id)
    session.show()
    session.screen.note("The new wording is kept; /undo takes it back.")


def _say(session: Session, rest: str) -> None:
    session.act(_given(rest, "/say Good evening."), "say")


def _do(session: Session, rest: str) -> None:
    session.act(_given(rest, "/do open the door"), "do")


def _write(session: Session, rest: str) -> None:
    session.act(_given(rest, "/write The bell rang once, and nobody had touched it."), "write")


def _continue(session: Session, rest: str) -> None:
    session.act(rest, "continue")


def _suggest(session: Session, _: str) -> None:
    session.suggestions = tuple(session.client.suggestions(session.story_id, session.branch_id))
    session.screen.items(session.suggestions)


def _export(session: Session, rest: str) -> None:
    from luna.app.play.unpacking import export_renpy

    out = Path(_given(rest, "/export ./my-novel")).expanduser()
    report = export_renpy(session.client, session.story_id, out, branch_id=session.branch_id)
    for row in looking.export_rows(report, out):
        session.screen.note(row)


def _show(session: Session, _: str) -> None:
    session.show()


def _help(session: Session, _: str) -> None:
    screen = session.screen
    screen.note("Type what you do. Text in “quotes” is said aloud; a number takes a suggestion.")
    screen.say()
    wide = max(len(c.usage) for c in COMMANDS.values())
    screen.lines((f"{c.usage:<{wide}}  {c.about}" for c in COMMANDS.values()), margin=MARGIN)
    screen.say()
    screen.note("Ctrl+C while words appear ends the turn there; at the prompt it leaves. All is saved.")


def _quit(session: Session, _: str) -> None:
    session.over = True


def _head(session: Session) -> Turn:
    if session.head is None:
        raise BadInput("There is no turn here yet.", "Type what you do.")
    return session.head


def _given(rest: str, example: str) -> str:
    if not rest:
        raise BadInput("Something is missing behind it.", f"For example: {example}")
    return rest


def _number(text: str, example: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise BadInput("A number is missing.", f"For example: {example}")
    return int(text)


COMMANDS: dict[str, Command] = {
    "undo": Command(_undo, "/undo", "take the last step back"),
    "redo": Command(_redo, "/redo", "do it again"),
    "retake": Command(_retake, "/retake", "tell the last turn anew; the old take stays"),
    "take": Command(_take, "/take [N]", "list the takes of this turn, or go on from one"),
    "fork": Command(_fork, "/fork NAME [N]", "a new branch, from here or from turn N"),
    "branches": Command(_branches, "/branches", "the branches of this story"),
    "switch": Command(_switch, "/switch NAME", "go on with another branch"),
    "goto": Command(_goto, "/goto N", "go back to turn N"),
    "edit": Command(_edit, "/edit [TEXT]", "change the wording of the last turn"),
    "do": Command(_do, "/do TEXT", "act (as without a command)"),
    "say": Command(_say, "/say TEXT", "speak"),
    "write": Command(_write, "/write TEXT", "your own prose, kept word for word"),
    "continue": Command(_continue, "/continue", "let the story go on without you"),
    "suggest": Command(_suggest, "/suggest", "what you might do"),
    "state": Command(looking.state, "/state", "where and when you are, and with whom"),
    "why": Command(looking.why, "/why [AGENT]", "what each agent was given and answered"),
    "cost": Command(looking.cost, "/cost", "what this story has cost, and what a turn costs"),
    "show": Command(_show, "/show", "the last turn once more"),
    "export": Command(_export, "/export DIR", "a Ren'Py project of this story"),
    "help": Command(_help, "/help", "this list"),
    "quit": Command(_quit, "/quit", "leave; everything is saved"),
}
ALIASES = {"exit": "quit", "q": "quit", "h": "help", "?": "help", "costs": "cost", "branch": "branches"}
