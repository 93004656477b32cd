"""The log holds no secrets, rotates, and can be read again."""

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from luna.kernel import logs
from luna.kernel.logs import HIDDEN, log_to, redact, stop_logging, tail, trace
from luna.kernel.vault import Vault

log = logging.getLogger("luna.test")
TOKEN = jwt.encode({"sub": "ada"}, b"k" * 32, algorithm="HS256")


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    """The file that logs go to."""
    yield log_to(tmp_path, console=False)
    stop_logging()


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("{'authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
        ('"Authorization": "rawtoken99"', "rawtoken99"),
        ("Cookie: luna_session=abc; other=def", "def"),
        ("set-cookie: a=hush; Path=/", "hush"),
        ("got bearer abcdefgh12345", "abcdefgh12345"),
        ("key sk-ant-api03-AAAAbbbbCCCC is wrong", "sk-ant-api03-AAAAbbbbCCCC"),
        ("sk-proj-12345678901234567890", "12345678901234567890"),
        ("GET /v1?api_key=hush&x=1", "hush"),
        ("x-api-key: hush-hush", "hush-hush"),
        ("{'api_key': 'hush hush'}", "'hush"),
        ('{"password": "open sesame"}', '"open'),
        ("password=sesame", "sesame"),
        (f"token {TOKEN} refused", TOKEN),
        ("postgresql://luna:sesame@host/db", "sesame"),
        ("AIzaSyA1234567890abcdefghijklmnopq", "SyA1234567890"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(line: str, secret: str) -> None:
    shown = redact(line)
    assert secret not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "line",
    [
        "GET /stories/0b7c5f0e-9c1c-4c7e-b1ab-0f5f0f1d2c3b 200 12 ms",
        "prompt of 400 tokens, 300 cached",
        "The task-force took the key to the secretary's desk",
        "cookies are baked",
        "http://localhost:11434/api/chat answers 500",
    ],
)
def test_other_lines_stay_whole(line: str) -> None:
    assert redact(line) == line


def test_values_of_the_vault_are_hidden(written: Path, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v")
    kept = vault.encrypt("plain-looking words")
    log.warning("the key is %s", "plain-looking words")
    logs._concealed.discard("plain-looking words")  # pyright: ignore[reportPrivateUsage] # as after a restart
    assert Vault(tmp_path / "v").decrypt(kept) == "plain-looking words"
    try:
        raise RuntimeError("refused: plain-looking words, password=sesame")
    except RuntimeError:
        log.exception("It failed")
    log.warning((tmp_path / "v" / "secret.key").read_text())
    text = written.read_text()
    assert text.count("\n") == 3
    assert "plain-looking" not in text
    assert "sesame" not in text
    assert (tmp_path / "v" / "secret.key").read_text() not in text


def test_keys_in_the_environment_are_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANGE_API_KEY", "0123-no-known-shape")
    path = log_to(tmp_path, console=False)
    log.warning("wrong key 0123-no-known-shape")
    stop_logging()
    assert "no-known-shape" not in path.read_text()


def test_lines_are_json_with_the_trace(written: Path) -> None:
    token = trace.set("abc123")
    log.info("Two\nlines and a %s", "\ud83d\x00\u2028")
    trace.reset(token)
    log.debug("Too small")
    logging.getLogger("uvicorn.error").info("Started")
    logging.getLogger("httpx").info("GET http://x?key=1")
    lines = [json.loads(line) for line in written.read_text("utf-8").split("\n") if line]
    assert [(x["where"], x["trace"]) for x in lines] == [("luna.test", "abc123"), ("uvicorn.error", "")]
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_rotation_keeps_five_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 5000)
    path = log_to(tmp_path, console=False)
    for n in range(400):
        log.info("line %s %s", n, "x" * 50)
    newest = tail(tmp_path, 40)
    stop_logging()
    assert [line.message.split()[1] for line in newest] == [str(n) for n in range(360, 400)]
    files = sorted(path.parent.iterdir())
    assert len(files) == 5
    assert all(f.stat().st_size <= 5000 for f in files)


def test_reading_filters_and_survives_rubbish(written: Path, tmp_path: Path) -> None:
    for n in range(10):
        log.log(logging.ERROR if n % 5 == 0 else logging.INFO, "number %s", n)
    with written.open("ab") as file:
        file.write(b'\xff\xfe\nnot json\n{"at": 1}\n[]\n')
    log.info("last")
    assert [line.message for line in tail(tmp_path, 2)] == ["number 9", "last"]
    assert [line.message for line in tail(tmp_path, 99, level="error")] == ["number 0", "number 5"]
    assert [line.message for line in tail(tmp_path, 99, text="NUMBER 7")] == ["number 7"]
    assert tail(tmp_path / "nowhere", 5) == []


def test_the_terminal_shows_warnings_without_stack_traces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to(tmp_path)
    log.info("quiet")
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        log.exception("It failed with password=sesame")
    stop_logging()
    shown = capsys.readouterr().err
    assert "It failed" in shown
    assert "Traceback" not in shown
    assert "quiet" not in shown
    assert "sesame" not in shown
