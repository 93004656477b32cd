"""Secrets at rest: encrypted with a key that lies beside the data, readable by its owner only.

What is encrypted here is never returned by the API and never logged.
"""

import os
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from luna.kernel.errors import Unavailable
from luna.kernel.logs import conceal

KEY_FILE = "secret.key"


class Vault:
    """Encrypts and signs with the secret of one data folder, made on first use (mode 0600).

    `LUNA_SECRET` in the environment takes its place, so that several machines can share one database.
    """

    def __init__(self, data: Path, secret: str | None = None) -> None:
        self._secret = secret or os.environ.get("LUNA_SECRET") or _read_or_make(data / KEY_FILE)
        conceal(self._secret)

    def key(self, purpose: str) -> bytes:
        """32 bytes for one purpose, for example signing tokens. Different purposes share nothing."""
        return sha256(f"{purpose}:{self._secret}".encode()).digest()

    def encrypt(self, text: str) -> str:
        """Encrypt a secret for keeping. It is never logged from now on."""
        conceal(text)
        return self._fernet().encrypt(text.encode()).decode()

    def decrypt(self, kept: str) -> str:
        """Read a kept secret again. Raises Unavailable when the key file is not the one it was made with."""
        try:
            text = self._fernet().decrypt(kept.encode()).decode()
        except InvalidToken as error:
            raise Unavailable(
                "A saved key cannot be read: the data folder's secret has changed.",
                "Enter the provider's key again, or put the old secret.key back.",
                code="secret-changed",
            ) from error
        conceal(text)
        return text

    def _fernet(self) -> Fernet:
        return Fernet(urlsafe_b64encode(self.key("vault")))


def _read_or_make(path: Path) -> str:
    """Read the key file, or make it in one step so that two processes never have different ones."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another process was first: its key is the one
        finally:
            fresh.unlink()
    return path.read_text().strip()
