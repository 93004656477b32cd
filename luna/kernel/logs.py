"""The log: one file with rotation under the data folder, JSON lines, a trace id in each, and no secrets.

Secrets are taken out at the last moment, from the finished line: whatever looks like a key, a token, a
password or a cookie, and every value somebody gave to `conceal`.
"""

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, cast

from luna.kernel.values import Frozen

FOLDER = "logs"
FILE_BYTES = 5_000_000
FILES = 5
TAIL_BYTES = 4_000_000
"""How far back GET /logs looks."""

trace: ContextVar[str] = ContextVar("trace", default="")
"""The id of the request or job that this line belongs to."""

HIDDEN = "[hidden]"
LEVELS = ("debug", "info", "warning", "error", "critical")

_SHAPES = (
    re.compile(
        r"(?i)(\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?)(?:(?:bearer|basic|token)\s+)?[^\s\"',;]+"
    ),
    re.compile(r"(?i)(\b(?:set-)?cookie[\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+"),
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(
        r"(?i)((?:api[_-]?key|apikey|access[_-]?key|x-api-key|x-goog-api-key|secret|passw(?:or)?d|passphrase|token)"
        r"[\"']?\s*[:=]\s*[\"']?)[^\s\"'&,;}\]]+"
    ),
    re.compile(r"(://[^\s:/@]+:)[^\s@/]+(?=@)"),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*"),
    re.compile(r"()\b(?:sk|pk|rk|gsk|xai|hf|ghp|gho|glpat)[-_][A-Za-z0-9_-]{12,}"),
    re.compile(r"()\bAIza[A-Za-z0-9_-]{20,}"),
)
_SECRET_NAME = re.compile(r"(?i)(_key|_token|_secret|_password|^luna_secret)$")
_concealed: set[str] = set()


def conceal(value: str) -> None:
    """Never let this value appear in a log line from now on. Values under 6 characters are not searched for."""
    if len(value) >= 6:
        _concealed.add(value)


def conceal_environment(environment: Mapping[str, str]) -> None:
    """Conceal the values of all variables whose name says that they are secret."""
    for name, value in environment.items():
        if _SECRET_NAME.search(name):
            conceal(value.strip())


def redact(text: str) -> str:
    """The text without anything secret."""
    for value in sorted(_concealed, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    for shape in _SHAPES:
        text = shape.sub(rf"\1{HIDDEN}", text)
    return text


class LogLine(Frozen):
    """One line of the log. `more` is a stack trace, if there is one."""

    at: datetime
    level: str
    where: str
    trace: str = ""
    message: str
    more: str = ""


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "where": record.name,
            "trace": trace.get(),
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["more"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False).encode("utf-8", "replace").decode()


class PlainLines(logging.Formatter):
    """Writes a record for a person at a terminal: no stack traces, no secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        clock = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        mark = f" [{trace.get()}]" if trace.get() and record.levelno >= logging.WARNING else ""
        return redact(f"{clock} {record.levelname.lower():7} {record.getMessage()}{mark}")


def log_to(data: Path, level: str = "info", *, name: str = "luna", console: bool = True) -> Path:
    """Send every log of this process to `data`/logs/`name`.log, warnings also to the console.

    Two processes never write to the same file: a worker gives a `name` of its own. Calling it again replaces
    what was set before. Returns the file.
    """
    folder = data / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{name}.log"
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    file = RotatingFileHandler(path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8")
    file.setFormatter(JsonLines())
    handlers: list[logging.Handler] = [file]
    if console:
        terminal = logging.StreamHandler()
        terminal.setFormatter(PlainLines())
        terminal.setLevel(logging.WARNING)
        handlers.append(terminal)
    stop_logging()
    root = logging.getLogger()
    for handler in handlers:
        handler.set_name("luna")
        root.addHandler(handler)
    for other in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(other).handlers.clear()
        logging.getLogger(other).propagate = True
    conceal_environment(os.environ)
    set_level(level)
    return path


def set_level(level: str) -> None:
    """Change how much is logged, from now on. Other libraries never log below warnings, except when debugging."""
    logging.getLogger().setLevel("DEBUG" if level == "debug" else "WARNING")
    for ours in ("luna", "uvicorn"):
        logging.getLogger(ours).setLevel(level.upper())
    for noisy in ("httpcore", "httpx", "aiosqlite", "sqlalchemy", "PIL", "asyncio"):
        logging.getLogger(noisy).setLevel("WARNING")


def stop_logging() -> None:
    """Take our handlers away again and close the file."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if h.get_name() == "luna"]:
        root.removeHandler(handler)
        handler.close()


def tail(data: Path, count: int, *, level: str = "", text: str = "", of: str = "") -> list[LogLine]:
    """The newest `count` lines of all log files of a data folder, oldest first.

    `level` is the least one, `text` must occur in the line (case does not matter), `of` is a trace id.
    """
    least = LEVELS.index(level) if level in LEVELS else 0
    found: list[LogLine] = []
    for path in sorted((data / FOLDER).glob("*.log")):
        mine: list[LogLine] = []
        for raw in _backwards(path):
            line = _parse(raw)
            if line is None or (of and line.trace != of):
                continue
            if line.level in LEVELS and LEVELS.index(line.level) < least:
                continue
            if text and text.casefold() not in raw.casefold():
                continue
            mine.append(line)
            if len(mine) == count:
                break
        found.extend(reversed(mine))  # lines of one millisecond keep their order
    return sorted(found, key=lambda line: line.at)[-count:]


def _backwards(path: Path) -> Iterator[str]:
    """The lines of a log and the one before it, newest first."""
    left = TAIL_BYTES
    for part in (path, path.with_name(f"{path.name}.1")):
        try:
            with part.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                start = max(0, size - left)
                file.seek(start)
                lines = file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return
        yield from reversed(lines[1:] if start else lines)
        left -= size - start
        if left <= 0:
            return


def _parse(raw: str) -> LogLine | None:
    try:
        value: Any = json.loads(raw)
        return LogLine.model_validate(cast("dict[str, Any]", value))
    except ValueError:
        return None
