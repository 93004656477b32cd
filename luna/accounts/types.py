"""What the account routes take and give."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from luna.kernel.values import Frozen

Username = Annotated[str, Field(min_length=1, max_length=64, examples=["player1"])]
Password = Annotated[SecretStr, Field(max_length=1000)]


class Registration(Frozen):
    """A wish for an account. `code` is the one printed at start; only the first account needs it."""

    username: Username
    password: Password
    email: Annotated[str, Field(max_length=254)] | None = None
    code: Annotated[str, Field(max_length=64)] = ""


class Credentials(Frozen):
    """A name and a password."""

    username: Username
    password: Password


class PasswordChange(Frozen):
    """The old password and the new one."""

    current_password: Password
    new_password: Password


class Account(Frozen):
    """Somebody who may sign in. The single user without an account has `created_at` None."""

    id: str
    username: str
    email: str | None = None
    is_admin: bool
    created_at: datetime | None = None


class SignedIn(Frozen):
    """A fresh token: send it as `Authorization: Bearer`. Browsers also get it as a cookie."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_at: datetime
    user: Account


class SignInStatus(Frozen):
    """What a program has to do before it may go on.

    `login_needed`: this server asks for a login. `signed_in`: this request had one, or needs none.
    `first_run`: there is no account yet, and the first one needs the code printed at start.
    `registration_open`: anybody may make an account.
    """

    login_needed: bool
    signed_in: bool
    first_run: bool
    registration_open: bool
