"""Accounts, over HTTP as a program uses them, on both databases."""

import asyncio
import stat
import time
from datetime import timedelta

import httpx
import jwt
import pytest
from fastapi import FastAPI
from served import PASSWORD, found, make_app, problem, visit

from luna.accounts import passwords, service
from luna.accounts.first import CODE_FILE, is_code
from luna.accounts.types import Registration
from luna.kernel.errors import LunaError
from luna.kernel.http import LOCAL_USER
from luna.kernel.runtime import Runtime
from luna.kernel.values import now


async def first_code(runtime: Runtime) -> str:
    code = await service.prepare_first(runtime)
    assert code
    return code


async def login(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/auth/login", json={"username": name, "password": password})


async def test_alone_on_loopback_nobody_signs_in(app: FastAPI) -> None:
    async with visit(app) as client:
        me = (await client.get("/auth/me")).json()
        assert (me["id"], me["is_admin"]) == (LOCAL_USER, True)
        assert (await client.get("/auth/status")).json() == {
            "login_needed": False,
            "signed_in": True,
            "first_run": True,
            "registration_open": False,
        }
        assert (await client.post("/auth/logout")).status_code == 204
        problem(
            await client.post(
                "/auth/change-password", json={"current_password": "x", "new_password": PASSWORD}
            ),
            409,
            "no-account",
        )


async def test_the_first_account_needs_the_code_and_takes_over(app: FastAPI, runtime: Runtime) -> None:
    code = await first_code(runtime)
    path = runtime.data / CODE_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with visit(app) as client:
        wish = {"username": "ada", "password": PASSWORD, "email": "ada@example.com"}
        problem(await client.post("/auth/register", json=wish), 403, "wrong-code")
        problem(await client.post("/auth/register", json={**wish, "code": "AAAA"}), 403, "wrong-code")
        made = await client.post("/auth/register", json={**wish, "code": code.lower().replace("-", " ")})
        assert made.status_code == 201
        account = made.json()
        # The id of the single user: every row made before belongs to this account now.
        assert (account["id"], account["is_admin"], account["email"]) == (LOCAL_USER, True, "ada@example.com")
        assert not path.exists()
        assert not is_code(runtime.data, "")
        problem(await client.get("/auth/me"), 401, "not-signed-in")
        assert (await client.get("/auth/status")).json()["login_needed"] is True
        signed = (await login(client, "ada")).json()
    async with visit(app, token=signed["access_token"]) as client:
        assert (await client.get("/auth/me")).json() == account
        assert [u["username"] for u in (await client.get("/auth/users")).json()] == ["ada"]
    assert await service.prepare_first(runtime) is None


async def test_a_new_start_makes_a_new_code(runtime: Runtime) -> None:
    old = await first_code(runtime)
    new = await first_code(runtime)
    assert old != new
    assert not is_code(runtime.data, old)
    assert is_code(runtime.data, new)


async def test_of_two_first_registrations_one_wins(runtime: Runtime) -> None:
    code = await first_code(runtime)
    wishes = [Registration(username=f"u{n}", password=PASSWORD, code=code) for n in range(2)]  # type: ignore[arg-type]
    done = await asyncio.gather(
        *(service.register(runtime, wish, None, "127.0.0.1") for wish in wishes), return_exceptions=True
    )
    assert sum(isinstance(one, LunaError) for one in done) == 1
    assert [user.id for user in await service.all_accounts(runtime)] == [LOCAL_USER]


async def test_later_accounts(app: FastAPI, runtime: Runtime) -> None:
    async with visit(app) as admin, visit(app) as stranger:
        signed = await found(admin, await first_code(runtime))
        wish = {"username": "bob", "password": PASSWORD}
        problem(await stranger.post("/auth/register", json=wish), 403, "registration-closed")
        bearer = {"Authorization": f"Bearer {signed['access_token']}"}
        made = await stranger.post("/auth/register", json=wish, headers=bearer)
        assert made.status_code == 201
        assert made.json()["is_admin"] is False
        assert made.json()["id"] != LOCAL_USER
        # Not the administrator: no settings, no logs, no list of users, no new accounts.
        token = (await login(stranger, "bob")).json()["access_token"]
        async with visit(app, token=token) as bob:
            for path in ("/settings", "/logs", "/auth/users"):
                problem(await bob.get(path), 403, "forbidden")
            problem(await bob.patch("/settings", json={"repair": False}), 403, "forbidden")
            problem(
                await bob.post("/auth/register", json={"username": "eve", "password": PASSWORD}),
                403,
                "registration-closed",
            )
        changed = await admin.patch("/settings", json={"open_registration": True}, headers=bearer)
        assert changed.status_code == 200
        opened = await stranger.post("/auth/register", json={"username": "carl", "password": PASSWORD})
        assert opened.status_code == 201


@pytest.mark.parametrize("name", ["Ada", "ＡＤＡ", "  ada ", "aDa"])
async def test_a_name_is_one_however_it_is_written(app: FastAPI, runtime: Runtime, name: str) -> None:
    async with visit(app) as client:
        signed = await found(client, await first_code(runtime))
        bearer = {"Authorization": f"Bearer {signed['access_token']}"}
        answer = await client.post(
            "/auth/register", json={"username": name, "password": PASSWORD}, headers=bearer
        )
        problem(answer, 409, "username-taken")
        assert (await login(client, name)).status_code == 200


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x" * 73, "password-too-long"),
        ("é" * 37, "password-too-long"),
        ("🌙" * 19, "password-too-long"),
        ("abc1def", "password-too-short"),
        ("x" * 5000, "bad-input"),
    ],
)
async def test_passwords_that_cannot_be(app: FastAPI, runtime: Runtime, password: str, code: str) -> None:
    wish = {"username": "ada", "password": password, "code": await first_code(runtime)}
    async with visit(app) as client:
        answer = await client.post("/auth/register", json=wish)
        problem(answer, 422, code)
        assert password not in answer.text
        # Signing in with such a password is merely wrong, and no error of bcrypt's.
        assert (await login(client, "ada", password)).status_code in (401, 422)


async def test_a_password_of_exactly_72_bytes(app: FastAPI, runtime: Runtime) -> None:
    password = "é" * 36
    async with visit(app) as client:
        wish = {"username": "ada", "password": password, "code": await first_code(runtime)}
        assert (await client.post("/auth/register", json=wish)).status_code == 201
        assert (await login(client, "ada", password)).status_code == 200
        problem(await login(client, "ada", password + "x"), 401, "wrong-password")


@pytest.mark.parametrize(
    "wish",
    [
        {"username": "", "password": PASSWORD},
        {"username": "\t\n", "password": PASSWORD},
        {"username": "a\u202eb", "password": PASSWORD},
        {"username": "ada", "password": PASSWORD, "email": "nobody"},
        {"username": "ada", "password": None},
        {"username": "ada"},
        {"username": "ada", "password": PASSWORD, "is_admin": True},
    ],
)
async def test_registrations_that_cannot_be(app: FastAPI, wish: dict[str, object]) -> None:
    async with visit(app) as client:
        answer = await client.post("/auth/register", json=wish)
        assert answer.status_code == 422
        assert PASSWORD not in answer.text


async def test_logging_out_ends_the_token(app: FastAPI, runtime: Runtime) -> None:
    async with visit(app) as client:
        token = (await found(client, await first_code(runtime)))["access_token"]
    async with visit(app, token=token) as one, visit(app, token=token) as other:
        assert (await one.get("/auth/me")).status_code == 200
        assert (await one.post("/auth/logout")).status_code == 204
        problem(await one.get("/auth/me"), 401, "not-signed-in")
        problem(await other.get("/auth/me"), 401, "not-signed-in")


async def test_a_new_password_ends_the_other_sessions(app: FastAPI, runtime: Runtime) -> None:
    async with visit(app) as client:
        mine = (await found(client, await first_code(runtime)))["access_token"]
        other = (await login(client, "ada")).json()["access_token"]
    change = {"current_password": PASSWORD, "new_password": "another good one"}
    async with visit(app, token=mine) as client, visit(app, token=other) as elsewhere:
        problem(
            await client.post("/auth/change-password", json={**change, "current_password": "wrong"}),
            403,
            "wrong-password",
        )
        assert (await elsewhere.get("/auth/me")).status_code == 200
        assert (await client.post("/auth/change-password", json=change)).status_code == 204
        assert (await client.get("/auth/me")).status_code == 200
        problem(await elsewhere.get("/auth/me"), 401, "not-signed-in")
        problem(await login(elsewhere, "ada"), 401, "wrong-password")
        assert (await login(elsewhere, "ada", "another good one")).status_code == 200


async def test_signing_in_while_the_password_changes(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone with the old password must not get a session out of the very moment it is changed."""
    code = await first_code(runtime)
    wish = Registration(username="ada", password=PASSWORD, code=code)  # type: ignore[arg-type]
    await service.register(runtime, wish, None, "127.0.0.1")
    signed = await service.sign_in(runtime, "ada", PASSWORD, "127.0.0.1")
    me = await service.who(runtime, signed.access_token)
    assert me
    check = passwords.matches
    once = [True]

    async def slow(password: str, kept: str | None) -> bool:
        fits = await check(password, kept)
        if once.pop() if once else False:
            await service.change_password(runtime, me, PASSWORD, "another good one")
        return fits

    monkeypatch.setattr(passwords, "matches", slow)
    with pytest.raises(LunaError) as refused:
        await service.sign_in(runtime, "ada", PASSWORD, "10.0.0.1")
    assert refused.value.code == "wrong-password"


async def test_forged_and_stale_tokens(app: FastAPI, runtime: Runtime) -> None:
    async with visit(app) as client:
        token = (await found(client, await first_code(runtime)))["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    key = runtime.vault.key("tokens")
    late = {**claims, "exp": now() - timedelta(seconds=1)}
    bad = [
        jwt.encode(claims, b"x" * 32, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(late, key, algorithm="HS256"),
        jwt.encode({**claims, "jti": "somebody-elses"}, key, algorithm="HS256"),
        jwt.encode({k: v for k, v in claims.items() if k != "exp"}, key, algorithm="HS256"),
        token[:-2],
        "nonsense",
        "é",
    ]
    for forged in bad:
        async with visit(app) as client:
            headers = [("Authorization", f"Bearer {forged}".encode())]
            problem(await client.get("/auth/me", headers=headers), 401, "not-signed-in")  # type: ignore[arg-type]


async def test_too_many_attempts_for_one_name(app: FastAPI, runtime: Runtime) -> None:
    async with visit(app) as client:
        await found(client, await first_code(runtime))
    async with visit(app, address="203.0.113.5") as thief:
        for _ in range(service.PER_NAME):
            problem(await login(thief, "ada", "wrong password"), 401, "wrong-password")
        refused = await login(thief, "Ada", "wrong password")
        body = problem(refused, 429, "too-many-attempts")
        assert 0 < body["retry_after"] <= service.WINDOW.total_seconds()
        assert refused.headers["retry-after"] == str(body["retry_after"])
        problem(await login(thief, "ada"), 429, "too-many-attempts")  # the right one is not told apart
        problem(await login(thief, "other"), 401, "wrong-password")
    async with visit(app, address="203.0.113.6") as owner:
        assert (await login(owner, "ada")).status_code == 200


async def test_many_attempts_at_once_are_counted_one_by_one(app: FastAPI, runtime: Runtime) -> None:
    async with visit(app) as client:
        await found(client, await first_code(runtime))
    async with visit(app, address="203.0.113.5") as thief:
        answers = await asyncio.gather(*(login(thief, "ada", f"wrong {n} guess") for n in range(25)))
    assert sorted(a.status_code for a in answers) == [401] * service.PER_NAME + [429] * 17


async def test_too_many_attempts_from_one_address(app: FastAPI, runtime: Runtime) -> None:
    async with visit(app) as client:
        await found(client, await first_code(runtime))
    async with visit(app, address="2001:db8:1:2::1") as one, visit(app, address="2001:db8:1:2::ffff") as two:
        for n in range(service.PER_ADDRESS):
            problem(await login((one, two)[n % 2], f"name {n}", "wrong password"), 401, "wrong-password")
        problem(await login(two, "yet another"), 429, "too-many-attempts")


async def test_signing_in_often_is_no_attack(app: FastAPI, runtime: Runtime) -> None:
    async with visit(app) as client:
        await found(client, await first_code(runtime))
        for _ in range(service.PER_ADDRESS + 5):
            assert (await login(client, "ada")).status_code == 200


async def test_guessing_the_code_is_limited(app: FastAPI, runtime: Runtime) -> None:
    code = await first_code(runtime)
    async with visit(app) as client:
        wish = {"username": "eve", "password": PASSWORD}
        for n in range(service.PER_NAME):
            problem(await client.post("/auth/register", json={**wish, "code": str(n)}), 403, "wrong-code")
        answer = await client.post("/auth/register", json={**wish, "code": code})
        problem(answer, 429, "too-many-attempts")


async def test_an_unknown_name_takes_as_long(
    app: FastAPI, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 10)
    async with visit(app) as client:
        await found(client, await first_code(runtime))
        await login(client, "warm up", "wrong password")

        async def fastest(name: str) -> float:
            times: list[float] = []
            for _ in range(3):
                start = time.perf_counter()
                problem(await login(client, name, "wrong password"), 401, "wrong-password")
                times.append(time.perf_counter() - start)
            return min(times)

        known, unknown = await fastest("ada"), await fastest("nobody")
        assert unknown > 0.6 * known


async def test_a_listening_server_asks_everybody(runtime: Runtime) -> None:
    app = make_app(runtime, host="0.0.0.0")
    async with visit(app, address="192.168.1.7", base="http://192.168.1.2:8001") as client:
        problem(await client.get("/auth/me"), 401, "not-signed-in")
        problem(await client.get("/settings"), 401, "not-signed-in")
        assert (await client.get("/auth/status")).json()["login_needed"] is True
        assert (await client.get("/health")).status_code == 200
        signed = await found(client, await first_code(runtime))
        bearer = {"Authorization": f"Bearer {signed['access_token']}"}
        assert (await client.get("/settings", headers=bearer)).status_code == 200
