"""Hashing passwords with bcrypt, never on the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from luna.kernel.errors import BadInput

if TYPE_CHECKING:
    from pwdlib import PasswordHash

ROUNDS = 12
"""Cost of a hash: about a quarter of a second. Each step more doubles it."""
MIN_LENGTH = 8
MAX_BYTES = 72
"""bcrypt looks at no more than this, so a longer password is refused instead of cut."""

# Two at a time: a crowd at the door must not take every core from the people inside.
_threads = ThreadPoolExecutor(2, thread_name_prefix="passwords")


def check_new(password: str) -> None:
    """Raise BadInput for a password that cannot be used."""
    if len(password) < MIN_LENGTH:
        raise BadInput(
            f"The password is too short: it needs at least {MIN_LENGTH} characters.",
            "A few words in a row make a good password.",
            code="password-too-short",
        )
    if len(password.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise BadInput(
            f"The password is longer than {MAX_BYTES} bytes in UTF-8.",
            "Choose a shorter one.",
            code="password-too-long",
        )
    if "\x00" in password:
        raise BadInput(
            "The password holds a NUL character.", "Leave the character out.", code="nul-character"
        )


async def hash_password(password: str) -> str:
    """The hash to keep."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher(ROUNDS).hash, password)


async def matches(password: str, kept: str | None) -> bool:
    """Whether it is the password of the kept hash. With None it takes as long and says no."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, _matches, password, kept, ROUNDS)


def _matches(password: str, kept: str | None, rounds: int) -> bool:
    if len(password.encode("utf-8", "surrogatepass")) > MAX_BYTES or "\x00" in password:
        password, kept = "", None
    fits = _hasher(rounds).verify(password, kept or _nobodys(rounds))
    return fits and kept is not None


@cache
def _hasher(rounds: int) -> "PasswordHash":
    from pwdlib import PasswordHash
    from pwdlib.hashers.bcrypt import BcryptHasher

    return PasswordHash((BcryptHasher(rounds=rounds),))


@cache
def _nobodys(rounds: int) -> str:
    return _hasher(rounds).hash("nobody has this password")
