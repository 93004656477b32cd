"""Writing to a terminal or a pipe: wrapped text, notes, one line of progress, prose that arrives word by word.

What a story holds was written by a model, a card or another player, so control characters never reach the
terminal. Colours are left out on a pipe and when NO_COLOR is set.
"""

import os
import shutil
import sys
import unicodedata
from collections.abc import Generator, Iterable
from contextlib import contextmanager

WIDEST = 78
MARGIN = "  "
_CODES = {"bold": "1", "dim": "2", "italic": "3", "you": "36", "warn": "33"}
_HIDDEN = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Marks that turn the direction of text around: they could make a line look like another one."""


def clean(text: str) -> str:
    """Text without control characters, except line ends; tabs become spaces."""
    text = text.replace("\r\n", "\n").replace("\t", " ")
    return "".join(
        c for c in text if c == "\n" or (unicodedata.category(c) not in ("Cc", "Cs") and c not in _HIDDEN)
    )


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


class Wrapper:
    """Breaks text that comes in pieces into lines of a width. An empty line stays one empty line."""

    def __init__(self, width: int, margin: str = "") -> None:
        self.width = max(20, width - len(margin))
        self.margin = margin
        self._column = 0
        self._word = ""
        self._breaks = 0
        self._space = False
        self._begun = False

    def add(self, text: str) -> str:
        """What can be shown now that this piece has come. The last word waits for its end."""
        out: list[str] = []
        for c in clean(text):
            if c.isspace():
                out.append(self._flush())
                self._space = True
                self._breaks += c == "\n"
            elif unicodedata.east_asian_width(c) in "WF":  # scripts without spaces may break anywhere
                out += [self._flush(), self._put(c)]
            else:
                self._word += c
        return "".join(out)

    def end(self) -> str:
        """The rest of the last line, with its line end."""
        return self._flush() + ("\n" if self._column else "")

    def _flush(self) -> str:
        word, self._word = self._word, ""
        if not word:
            return ""
        pieces = [word[i : i + self.width] for i in range(0, len(word), self.width)]
        return "".join(self._put(piece) for piece in pieces)

    def _put(self, word: str) -> str:
        width = cells(word)
        gap = 1 if self._space and self._column else 0
        if not self._begun:
            before = self.margin
        elif self._breaks:
            before = "\n" * min(2, self._breaks) + self.margin
        elif self._column + gap + width > self.width:
            before = "\n" + self.margin
        else:
            before = " " * gap
        if "\n" in before or not self._begun:
            self._column = 0
            gap = 0
        self._begun = True
        self._column += gap + width
        self._breaks, self._space = 0, False
        return before + word


class Screen:
    """Where a session writes to and asks. `is_terminal` says whether somebody may be watching."""

    def __init__(self) -> None:
        dumb = os.environ.get("TERM") == "dumb"
        self.is_terminal = sys.stdout.isatty() and sys.stdin.isatty() and not dumb
        self.has_colours = sys.stdout.isatty() and not dumb and not os.environ.get("NO_COLOR")
        self._progress = False
        if self.is_terminal:
            _edit_lines()

    @property
    def width(self) -> int:
        """The width of a line: the terminal's, but no wider than reads well."""
        return min(WIDEST, max(30, shutil.get_terminal_size((80, 24)).columns - 2))

    def paint(self, text: str, style: str) -> str:
        """Text in a style, where there are colours."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style and self.has_colours else text

    def write(self, text: str) -> None:
        """Put text out as it is, at once."""
        self.settle()
        sys.stdout.write(text.encode("utf-8", "replace").decode() if text else "")
        sys.stdout.flush()

    def say(self, text: str = "", style: str = "", *, margin: str = "") -> None:
        """A text, wrapped, on lines of its own."""
        wrapper = Wrapper(self.width, margin)
        shown = wrapper.add(text) + wrapper.end()
        self.write("".join(f"{self.paint(line, style)}\n" for line in shown.splitlines()) or "\n")

    def lines(self, rows: Iterable[str], style: str = "", *, margin: str = "") -> None:
        """Lines that are laid out already: cut at the width on a terminal, never wrapped."""
        limit = shutil.get_terminal_size((80, 24)).columns if self.is_terminal else 10_000
        for row in rows:
            text = margin + clean(row)
            self.write(self.paint(text if cells(text) <= limit else text[: limit - 1] + "…", style) + "\n")

    def note(self, text: str) -> None:
        """A remark of the program's, dim."""
        self.say(text, "dim", margin=MARGIN)

    def warn(self, message: str, hint: str = "") -> None:
        """Something went wrong, and what to do."""
        self.say(message, "warn", margin=MARGIN)
        if hint:
            self.note(hint)

    def hanging(self, label: str, text: str, style: str = "") -> None:
        """A label and a wrapped text, whose further lines stand below the first word."""
        wrapper = Wrapper(self.width, MARGIN + " " * (cells(label) + 1))
        body = (wrapper.add(text) + wrapper.end()).strip()
        self.write(f"{MARGIN}{self.paint(label, 'bold')} {self.paint(body, style)}\n")

    def items(self, texts: Iterable[str], first: int = 1) -> None:
        """Numbered lines to choose from."""
        for number, text in enumerate(texts, first):
            self.hanging(f"{number:>2}", text)

    def progress(self, text: str) -> None:
        """One dim line that the next words take the place of. Not shown on a pipe."""
        if self.is_terminal:
            limit = shutil.get_terminal_size((80, 24)).columns - 1
            sys.stdout.write(f"\r\x1b[K{self.paint((MARGIN + clean(text))[:limit], 'dim')}")
            sys.stdout.flush()
            self._progress = True

    def settle(self) -> None:
        """Take the line of progress away."""
        if self._progress:
            sys.stdout.write("\r\x1b[K")
            self._progress = False

    def ask(self, question: str = "> ") -> str | None:
        """Read a line; None at the end of the input. What comes through a pipe is shown as if typed."""
        self.settle()
        try:
            if not self.is_terminal:
                sys.stdout.write(question)
                sys.stdout.flush()
                line = input()
                print(clean(line))
            else:
                line = input(self._question(question))
        except (EOFError, UnicodeDecodeError):
            print()
            return None
        return clean(line).strip()

    @contextmanager
    def silent_keys(self) -> Generator[None]:
        """Do not mix what is typed ahead, or the ^C of a stop, into words that appear meanwhile."""
        try:
            import termios
        except ImportError:  # Windows
            yield
            return
        if not self.is_terminal:
            yield
            return
        keyboard = sys.stdin.fileno()
        before = termios.tcgetattr(keyboard)
        silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
        termios.tcsetattr(keyboard, termios.TCSADRAIN, silent)
        try:
            yield
        finally:
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)

    def _question(self, question: str) -> str:
        """The question in colour; readline has to be told which characters take no room."""
        if not self.has_colours:
            return question
        return f"\001\x1b[{_CODES['you']}m\002{question}\001\x1b[0m\002"


def _edit_lines() -> None:
    """Let the arrow keys edit the line and recall earlier ones, where the system has readline."""
    try:
        import readline
    except ImportError:
        return
    readline.set_history_length(200)


def dollars(amount: float) -> str:
    """An amount as people write it: small ones keep enough digits to say something."""
    if amount == 0:
        return "$0"
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.4f}"
