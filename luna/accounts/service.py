"""Making accounts, signing in and out, and telling whose a token is."""

import unicodedata
from datetime import timedelta
from typing import Any, Final

from luna.accounts import passwords, store
from luna.accounts.first import drop_code, is_code, make_code
from luna.accounts.tables import SessionRow, UserRow
from luna.accounts.types import Account, Registration, SignedIn
from luna.kernel.database import Transaction
from luna.kernel.errors import BadInput, Conflict, Forbidden, NotSignedIn, TooMany
from luna.kernel.http import LOCAL_USER, Asker
from luna.kernel.runtime import Runtime
from luna.kernel.values import digest, new_id, now

COOKIE: Final = "luna_session"
SESSION = timedelta(days=30)
WINDOW = timedelta(minutes=15)
"""How long attempts count."""
PER_NAME = 8
"""Attempts in a window for one name from one address."""
PER_ADDRESS = 40
"""Attempts in a window from one address, whatever the name."""
_SEEN_EVERY = timedelta(minutes=10)


async def has_accounts(runtime: Runtime) -> bool:
    """Whether anybody has an account."""
    async with runtime.db.read() as tx:
        return await store.any_user(tx)


async def prepare_first(runtime: Runtime) -> str | None:
    """Called at start: the fresh code for the first account, or None when there are accounts.

    Also throws away sessions and attempts that no longer count.
    """
    async with runtime.db.begin() as tx:
        await store.sweep(tx, now(), now() - WINDOW)
    if await has_accounts(runtime):
        drop_code(runtime.data)
        return None
    return make_code(runtime.data)


async def register(runtime: Runtime, wish: Registration, asker: Asker | None, address: str) -> Account:
    """Make an account.

    The first one needs the code printed at start, becomes administrator and takes over the single user's
    rows. Later ones are made by the administrator, or by anybody when the settings say so. Raises Forbidden,
    Conflict for a name that is taken, BadInput, TooMany.
    """
    username, key = _names(wish.username)
    email = _email(wish.email)
    password = wish.password.get_secret_value()
    passwords.check_new(password)
    is_first = not await has_accounts(runtime)
    if is_first:
        await _check_code(runtime, wish.code, address)
    elif not (asker and asker.is_admin):
        if not (await runtime.settings.current()).open_registration:
            raise Forbidden(
                "New accounts are made by the administrator here.",
                "Ask the person who runs this server.",
                code="registration-closed",
            )
        await _admit(runtime, digest("register", _network(address)), digest("address", _network(address)))
    row = UserRow(
        id=LOCAL_USER if is_first else new_id(),
        username=username,
        username_key=key,
        email=email,
        password_hash=await passwords.hash_password(password),
        is_admin=is_first,
        created_at=now(),
    )
    async with runtime.db.begin() as tx:
        if not await store.add_user(tx, row):
            raise Conflict("That name is taken.", "Choose another one.", code="username-taken")
    if is_first:
        drop_code(runtime.data)
    return _account(row)


async def sign_in(runtime: Runtime, username: str, password: str, address: str) -> SignedIn:
    """Check a name and a password and give a fresh token.

    Raises NotSignedIn when they do not fit (an unknown name takes as long and sounds the same), TooMany.
    """
    key = _key(username)
    mine = digest("sign-in", key, _network(address))
    theirs = digest("address", _network(address))
    await _admit(runtime, mine, theirs)
    async with runtime.db.read() as tx:
        user = await store.user_by_name(tx, key)
        kept = user.password_hash if user else None
    fits = await passwords.matches(password, kept)
    moment = now()
    async with runtime.db.begin() as tx:
        # Asked again: the password may have been changed while the old one was being checked.
        user = await store.user_by_name(tx, key) if fits else None
        if user is None or user.password_hash != kept:
            raise NotSignedIn(
                "The name or the password is wrong.", "Check both, then try again.", code="wrong-password"
            )
        await store.forget_attempts(tx, mine)
        await store.take_back_attempt(tx, theirs)
        session = SessionRow(
            id=new_id(), user_id=user.id, created_at=moment, seen_at=moment, expires_at=moment + SESSION
        )
        await store.add_session(tx, session)
        return SignedIn(
            access_token=_write_token(runtime, session), expires_at=session.expires_at, user=_account(user)
        )


async def who(runtime: Runtime, token: str) -> Asker | None:
    """Whose token it is; None when it is forged, has run out or was ended."""
    id = _read_token(runtime, token)
    if id is None:
        return None
    moment = now()
    async with runtime.db.read() as tx:
        found = await store.session_and_user(tx, id)
        if found is None:
            return None
        session, user = found
        if session.revoked_at is not None or session.expires_at <= moment:
            return None
        asker = Asker(id=user.id, name=user.username, is_admin=user.is_admin, session=session.id)
        is_stale = moment - session.seen_at > _SEEN_EVERY
    if is_stale:
        async with runtime.db.begin() as tx:
            await store.touch_session(tx, id, moment)
    return asker


async def me(runtime: Runtime, asker: Asker) -> Account:
    """The asker's own account, or the single user."""
    async with runtime.db.read() as tx:
        user = await store.user_by_id(tx, asker.id)
        if user:
            return _account(user)
    return Account(id=asker.id, username=asker.name, is_admin=asker.is_admin)


async def all_accounts(runtime: Runtime) -> list[Account]:
    """Every account, the oldest first."""
    async with runtime.db.read() as tx:
        return [_account(user) for user in await store.users(tx)]


async def change_password(runtime: Runtime, asker: Asker, current: str, new: str) -> None:
    """Give the asker a new password; every other session of theirs ends.

    Raises Forbidden for a wrong current password, Conflict without an account, BadInput, TooMany.
    """
    passwords.check_new(new)
    async with runtime.db.read() as tx:
        user = await store.user_by_id(tx, asker.id)
        kept = user.password_hash if user else None
    if kept is None:
        raise Conflict("There is no account, so there is no password.", "Register first.", code="no-account")
    attempts = digest("change", asker.id)
    await _admit(runtime, attempts)
    if not await passwords.matches(current, kept):
        raise Forbidden("The current password is wrong.", "Check it, then try again.", code="wrong-password")
    fresh = await passwords.hash_password(new)
    async with runtime.db.begin() as tx:
        user = await store.user_by_id(tx, asker.id)
        if user is None or user.password_hash != kept:
            raise Conflict("The password was changed just now.", "Sign in again.", code="password-changed")
        user.password_hash = fresh
        await store.revoke_others(tx, user.id, asker.session, now())
        await store.forget_attempts(tx, attempts)


async def sign_out(runtime: Runtime, asker: Asker) -> None:
    """End the asker's session: its token is good for nothing from now on."""
    if asker.session:
        async with runtime.db.begin() as tx:
            await store.revoke_session(tx, asker.session, now())


async def _check_code(runtime: Runtime, code: str, address: str) -> None:
    attempts = digest("code", _network(address))
    await _admit(runtime, attempts)
    if not is_code(runtime.data, code):
        raise Forbidden(
            "The first account needs the code that the server printed at its start.",
            "Look at the server's terminal, or at the file registration-code in its data folder.",
            code="wrong-code",
        )
    async with runtime.db.begin() as tx:
        await store.forget_attempts(tx, attempts)


async def _admit(runtime: Runtime, key: str, wide: str | None = None) -> None:
    """Count an attempt before it is made, and refuse it when there were too many."""
    async with runtime.db.begin() as tx:
        waits = [await _wait(tx, key, PER_NAME)]
        if wide:
            waits.append(await _wait(tx, wide, PER_ADDRESS))
    if any(waits):
        raise TooMany(
            "There were too many attempts.",
            f"Wait {max(waits) // 60 + 1} minutes, then try again.",
            retry_after=max(waits),
        )


async def _wait(tx: Transaction, key: str, most: int) -> int:
    """How many seconds to wait under this key; 0 when the attempt is allowed."""
    moment = now()
    count, since = await store.count_attempt(tx, key, moment, moment - WINDOW)
    return max(1, int((since + WINDOW - moment).total_seconds())) if count > most else 0


def _network(address: str) -> str:
    """What counts as one address: with IPv6 that is a whole /64, which one machine usually has."""
    import ipaddress

    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.version == 6 and ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else str(ip)


def _key(username: str) -> str:
    """A name as it is compared."""
    once = unicodedata.normalize("NFKC", username).casefold()
    return unicodedata.normalize("NFKC", once).strip()


def _names(username: str) -> tuple[str, str]:
    """A name as it is shown and as it is compared. Raises BadInput."""
    shown = unicodedata.normalize("NFKC", username).strip()
    if not shown or len(shown) > 64 or not shown.isprintable():
        raise BadInput(
            "That name cannot be used.",
            "Use 1 to 64 letters, digits, signs or spaces.",
            code="bad-username",
        )
    return shown, _key(shown)


def _email(email: str | None) -> str | None:
    """An address as it is kept. Raises BadInput."""
    plain = (email or "").strip()
    if not plain:
        return None
    name, at, host = plain.rpartition("@")
    if not (name and at and host) or " " in plain or not plain.isprintable():
        raise BadInput("That is no e-mail address.", "Leave it out, or write name@host.", code="bad-email")
    return plain


def _account(user: UserRow) -> Account:
    return Account(
        id=user.id,
        username=user.username,
        email=user.email,
        is_admin=user.is_admin,
        created_at=user.created_at,
    )


def _write_token(runtime: Runtime, session: SessionRow) -> str:
    import jwt

    claims: dict[str, Any] = {
        "sub": session.user_id,
        "jti": session.id,
        "iat": session.created_at,
        "exp": session.expires_at,
        "iss": "luna",
    }
    return jwt.encode(claims, runtime.vault.key("tokens"), algorithm="HS256")


def _read_token(runtime: Runtime, token: str) -> str | None:
    """The session a token names, when we signed it and it has not run out."""
    import jwt

    try:
        claims = jwt.decode(
            token,
            runtime.vault.key("tokens"),
            algorithms=["HS256"],
            issuer="luna",
            options={"require": ["exp", "iat", "jti", "sub"]},
        )
    except jwt.PyJWTError:
        return None
    return str(claims["jti"])
