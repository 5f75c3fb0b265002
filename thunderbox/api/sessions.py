"""/v1/auth: signing in and out, for people; what they get is a token of their own."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api import invites as invite_links
from thunderbox.api.auth import require_person
from thunderbox.api.bodies import Body
from thunderbox.api.members import DetailView
from thunderbox.api.people_fields import (
    Email,
    GivenPassword,
    Password,
    PersonName,
    PersonView,
    view,
)
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso
from thunderbox.errors import ConflictError, ForbiddenError, UnauthorizedError
from thunderbox.store import organizations, tokens, users
from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms
from thunderbox.store.users import User

Word = Annotated[str, Meta(max_length=120, description="a text of at most 120 characters")]


class SignInWrite(Struct, kw_only=True):
    """The body of a sign-in; `name` tells sessions apart, such as the browser's."""

    email: Email
    password: GivenPassword
    name: Word = ""


class SignUpWrite(Struct, kw_only=True):
    """The body of a sign-up: an account for whom an invite was made out."""

    invite_token: str
    password: Password
    first_name: PersonName = ""
    last_name: PersonName = ""


class PasswordWrite(Struct, kw_only=True):
    """The body of a change of password."""

    current_password: GivenPassword
    new_password: Password


class OwnOrganizationView(Struct, kw_only=True):
    """An organization that a person may act in."""

    id: int
    name: str
    role: str | None


class MeView(Struct, kw_only=True):
    """A person and where they belong."""

    user: PersonView
    organizations: list[OwnOrganizationView]


class SessionView(MeView, kw_only=True):
    """A session that has begun; the token is shown this once."""

    token: str
    expires_at: Timestamp


class SessionsController(Controller):
    """Sign in, up and out; change the password."""

    path = "/v1/auth"
    tags = ("Sign-in",)

    @post(
        "/sign-in",
        dto=Body[SignInWrite],
        return_dto=None,
        summary="Sign in",
        errors=(401, 429),
    )
    async def sign_in(self, request: ApiRequest, data: JSONBody[SignInWrite]) -> SessionView:
        """A session for who knows the password; too many wrong ones have to wait."""
        address = request.client.host if request.client else ""
        request.limits.count_sign_in(data.email, address)
        user = await users.by_email(request.db, data.email)
        stored = await users.password_hash(request.db, user.id) if user else None
        if not await request.parts.passwords.is_right(stored, data.password) or user is None:
            raise UnauthorizedError("The e-mail address or the password is wrong.")
        request.limits.forget_sign_ins(data.email, address)
        async with request.db.transaction() as tx:
            return await _begin(tx, request, user, data.name)

    @post(
        "/sign-up",
        dto=Body[SignUpWrite],
        return_dto=None,
        summary="Make an account by an invite",
        errors=(404, 409, 410),
    )
    async def sign_up(self, request: ApiRequest, data: JSONBody[SignUpWrite]) -> SessionView:
        """An account for the address that an invite was made out for; it joins at once."""
        invite = await invite_links.find(request.db, data.invite_token)
        if await users.by_email(request.db, invite.email):
            raise ConflictError(
                f"{invite.email} has an account. Sign in, and accept the invite with POST "
                "/v1/invites/{token}/accept."
            )
        hashed = await request.parts.passwords.hash(data.password)
        async with request.db.transaction() as tx:
            invite = await invite_links.find(tx, data.invite_token)
            if await users.by_email(tx, invite.email):
                raise ConflictError(f"{invite.email} has an account meanwhile. Sign in.")
            user = await users.insert(tx, invite.email, data.first_name, data.last_name, hashed)
            await invite_links.join(tx, invite, user.id)
            return await _begin(tx, request, user, "")

    @post("/sign-out", guards=[require_person], status_code=204, summary="Sign out")
    async def sign_out(self, request: ApiRequest) -> None:
        """End the session, or the personal token, that asks."""
        async with request.db.transaction() as tx:
            await tokens.delete(tx, request.person.user_id, request.person.id)

    @get("/me", guards=[require_person], summary="Who is signed in")
    async def read_me(self, request: ApiRequest) -> MeView:
        """The person who asks, and their organizations."""
        user = await users.get(request.db, request.person.user_id)
        assert user is not None
        mine = await _organizations(request.db, user.id)
        return MeView(user=view(user), organizations=mine)

    @post(
        "/password",
        guards=[require_person],
        dto=Body[PasswordWrite],
        return_dto=None,
        status_code=200,
        summary="Change your password",
        errors=(403,),
    )
    async def change_password(
        self, request: ApiRequest, data: JSONBody[PasswordWrite]
    ) -> DetailView:
        """Another password, for who knows the current one; every other session ends."""
        person = request.person
        address = request.client.host if request.client else ""
        request.limits.count_sign_in(person.email, address)
        stored = await users.password_hash(request.db, person.user_id)
        passwords = request.parts.passwords
        if not await passwords.is_right(stored, data.current_password):
            raise ForbiddenError("The current password is wrong.")
        request.limits.forget_sign_ins(person.email, address)
        hashed = await passwords.hash(data.new_password)
        async with request.db.transaction() as tx:
            await users.set_password(tx, person.user_id, hashed)
            await tokens.delete_sessions(tx, person.user_id, keep=person.id)
        return DetailView(detail="The password is changed; every other session has ended.")


async def _begin(tx: Transaction, request: ApiRequest, user: User, name: str) -> SessionView:
    """A session that ends after `api.session_hours`."""
    secret = tokens.new_secret("session")
    expires_at = now_ms() + request.parts.settings.api.session_hours * 3_600_000
    await tokens.insert(tx, user.id, "session", name, secret, expires_at)
    return SessionView(
        token=secret,
        expires_at=iso(expires_at),
        user=view(user),
        organizations=await _organizations(tx, user.id),
    )


async def _organizations(db: Source, user_id: int) -> list[OwnOrganizationView]:
    return [
        OwnOrganizationView(id=one.id, name=one.name, role=one.role)
        for one in await organizations.of_user(db, user_id)
    ]
