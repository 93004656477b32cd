"""POST /auth/register, /auth/login, /auth/logout, /auth/change-password; GET /auth/me, /auth/status, /auth/users."""

from fastapi import APIRouter, Request, Response

from luna.accounts import service
from luna.accounts.types import (
    Account,
    Credentials,
    PasswordChange,
    Registration,
    SignedIn,
    SignInStatus,
)
from luna.kernel.http import PROBLEMS, Admin, Asker, Asking, Running

router = APIRouter(prefix="/auth", tags=["accounts"], responses=PROBLEMS)


@router.get("/status")
async def status(request: Request, runtime: Running) -> SignInStatus:
    """What has to be done before going on. Needs no login."""
    return SignInStatus(
        login_needed=bool(getattr(request.state, "login_needed", True)),
        signed_in=_asker(request) is not None,
        first_run=not await service.has_accounts(runtime),
        registration_open=(await runtime.settings.current()).open_registration,
    )


@router.post("/register", status_code=201)
async def register(request: Request, runtime: Running, wish: Registration) -> Account:
    """Make an account. The first needs the code printed at start, becomes administrator and inherits what
    was made without an account. Later ones are made by the administrator, or by anybody if the settings
    allow it."""
    return await service.register(runtime, wish, _asker(request), _address(request))


@router.post("/login")
async def login(request: Request, response: Response, runtime: Running, given: Credentials) -> SignedIn:
    """Sign in. The answer holds a token; a browser also gets it as an HttpOnly cookie."""
    signed = await service.sign_in(
        runtime, given.username, given.password.get_secret_value(), _address(request)
    )
    response.set_cookie(
        service.COOKIE,
        signed.access_token,
        max_age=int(service.SESSION.total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    response.headers["Cache-Control"] = "no-store"
    return signed


@router.get("/me")
async def me(runtime: Running, asker: Asking) -> Account:
    """Who is signed in."""
    return await service.me(runtime, asker)


@router.get("/users")
async def users(runtime: Running, _: Admin) -> list[Account]:
    """Every account. For the administrator."""
    return await service.all_accounts(runtime)


@router.post("/change-password", status_code=204)
async def change_password(runtime: Running, asker: Asking, change: PasswordChange) -> None:
    """Give oneself a new password. Every other session ends; this one stays."""
    await service.change_password(
        runtime, asker, change.current_password.get_secret_value(), change.new_password.get_secret_value()
    )


@router.post("/logout", status_code=204)
async def logout(request: Request, response: Response, runtime: Running, asker: Asking) -> None:
    """Sign out: the token is good for nothing from now on."""
    await service.sign_out(runtime, asker)
    response.delete_cookie(
        service.COOKIE, path="/", httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def _asker(request: Request) -> Asker | None:
    return getattr(request.state, "asker", None)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
