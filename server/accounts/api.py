"""Staff sign-in and accounts over HTTP."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import Place, refusals, staff
from server.accounts.service import Account, AccountsService

Administrator = Annotated[Principal, staff(Role.ADMINISTRATOR)]
AnyStaff = Annotated[Principal, staff(*Role)]
Directory = Annotated[Principal, staff(Role.ADMINISTRATOR, Role.OFFICER, Role.CHIEF)]


class StaffSignIn(BaseModel):
    """Account and password."""

    account: str = Field(max_length=200)
    password: str = Field(max_length=200)


class Me(BaseModel):
    """Who is signed in."""

    account_id: str
    account: str
    name: str
    roles: list[Role]
    language: str


class Token(BaseModel):
    """A bearer token for the ``Authorization`` header."""

    token: str
    account_id: str
    account: str
    name: str
    roles: list[Role]
    language: str
    expires_at_ms: int


class NewAccount(BaseModel):
    """A new member of staff; the PIN confirms acts as the second person."""

    account: str = Field(max_length=200)
    name: str = Field(max_length=100)
    roles: list[Role]
    password: str = Field(max_length=200)
    pin: str | None = Field(None, max_length=32)
    language: str = Field("zh", pattern="^(zh|en)$")


def _me(account: Account) -> Me:
    return Me(
        account_id=account.account_id,
        account=account.account,
        name=account.name,
        roles=sorted(account.roles),
        language=account.language,
    )


def router(service: AccountsService) -> APIRouter:
    """The accounts' endpoints."""
    api = APIRouter(prefix="/api/staff", tags=["staff"])

    @api.post(
        "/sign-in",
        responses=refusals(accounts__wrong=Kind.UNAUTHENTICATED, accounts__locked=Kind.TOO_MANY),
    )
    async def sign_in(place: Place, body: StaffSignIn) -> Token:
        done = await service.sign_in(body.account, body.password, place=place)
        return Token(
            token=done.token,
            expires_at_ms=done.expires_at_ms,
            **_me(done.account).model_dump(),
        )

    @api.post("/sign-out", status_code=204)
    async def sign_out(principal: AnyStaff) -> None:
        await service.sign_out(principal)

    @api.get("/me", responses=refusals(accounts__unknown=Kind.NOT_FOUND))
    async def me(principal: AnyStaff) -> Me:
        return _me(await service.me(principal))

    @api.get("")
    async def accounts(_: Directory) -> list[Me]:
        return [_me(account) for account in await service.accounts()]

    @api.post(
        "",
        status_code=201,
        responses=refusals(
            accounts__bad_name=Kind.INVALID,
            accounts__password_weak=Kind.INVALID,
            accounts__pin_weak=Kind.INVALID,
            accounts__roles_clash=Kind.INVALID,
            accounts__taken=Kind.CONFLICT,
        ),
    )
    async def create(principal: Administrator, body: NewAccount) -> Me:
        made = await service.create(
            by=principal,
            account=body.account,
            name=body.name,
            roles=body.roles,
            password=body.password,
            pin=body.pin,
            language=body.language,
        )
        return _me(made)

    return api
