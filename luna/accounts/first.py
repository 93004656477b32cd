"""The code for the first account: whoever can read the server's terminal or its files may become administrator.

It lies in the data folder (mode 0600), is made anew at each start while there is no account, and is gone
after its use.
"""

import hmac
import secrets
from pathlib import Path

from luna.kernel.lock import write_private
from luna.kernel.logs import conceal

CODE_FILE = "registration-code"
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without those that look alike


def make_code(data: Path) -> str:
    """Make a fresh code, replacing the one before, and give it for printing."""
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    conceal(code)
    write_private(data / CODE_FILE, code)
    return code


def drop_code(data: Path) -> None:
    """Take the code away: there is an account now."""
    (data / CODE_FILE).unlink(missing_ok=True)


def is_code(data: Path, given: str) -> bool:
    """Whether that is the code. Case, spaces and dashes do not matter."""
    try:
        kept = (data / CODE_FILE).read_text("utf-8")
    except OSError:
        return False
    return bool(kept) and hmac.compare_digest(_plain(kept).encode(), _plain(given).encode("utf-8", "replace"))


def _plain(code: str) -> str:
    return "".join(c for c in code.upper() if c.isalnum())
