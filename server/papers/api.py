"""Key holders, packages and release over HTTP."""

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind, Refusal
from kernel.web import refusals, staff
from server.papers.rules import Part
from server.papers.service import PackageView, PapersService, Release

KeyHolder = Annotated[Principal, staff(Role.KEY_HOLDER)]
Officer = Annotated[Principal, staff(Role.OFFICER)]
Administrator = Annotated[Principal, staff(Role.ADMINISTRATOR)]
Reader = Annotated[Principal, staff(Role.OFFICER, Role.CHIEF, Role.KEY_HOLDER, Role.SUPERVISOR)]
HolderReader = Annotated[
    Principal, staff(Role.OFFICER, Role.KEY_HOLDER, Role.BANK_KEEPER, Role.ADMINISTRATOR)
]


class Passphrase(BaseModel):
    """A key holder's passphrase; used in memory, never stored."""

    passphrase: str = Field(max_length=500)


class HolderBody(BaseModel):
    """A key holder; ``public_key`` is hex of 32 bytes (X25519)."""

    holder_id: str
    account_id: str
    name: str
    public_key: str


class NewSigner(BaseModel):
    """A bank to be trusted; hex of its Ed25519 public key."""

    public_key: str = Field(max_length=64)
    name: str = Field(min_length=1, max_length=100)


class Signer(NewSigner):
    """A trusted bank."""

    added_at_ms: int


class FormSummaryBody(BaseModel):
    """What may be known of a form before release."""

    form_code: str
    item_count: int
    full_score: str
    form_hash: str


class PackageBody(BaseModel):
    """A package before release. ``holders`` are the ids the shares are sealed to."""

    package_id: str
    title: str
    occupation_code: str
    occupation_name: str
    level: int
    pass_score: str
    forms: list[FormSummaryBody]
    shares_needed: int
    holders: list[str]
    signer_public: str
    signer_known: bool
    sha256: str
    received_at_ms: int
    content_open: bool
    scoring_open: bool


class ReleaseBody(BaseModel):
    """How far a release has come. ``given`` are the names of holders whose share a running server
    has, ``lost`` of those whose share went with its server: they give it again.
    """

    part: Part
    given: list[str]
    lost: list[str]
    needed: int
    open: bool


def _package(view: PackageView) -> PackageBody:
    manifest = view.manifest
    return PackageBody(
        package_id=manifest.package_id,
        title=manifest.title,
        occupation_code=manifest.occupation_code,
        occupation_name=manifest.occupation_name,
        level=manifest.level,
        pass_score=manifest.pass_score,
        forms=[
            FormSummaryBody(
                form_code=form.form_code,
                item_count=form.item_count,
                full_score=form.full_score,
                form_hash=form.form_hash,
            )
            for form in manifest.forms
        ],
        shares_needed=manifest.shares_needed,
        holders=[share.holder_id for share in manifest.content_shares],
        signer_public=manifest.signer_public,
        signer_known=view.signer_known,
        sha256=view.sha256,
        received_at_ms=view.received_at_ms,
        content_open=view.content_open,
        scoring_open=view.scoring_open,
    )


def _release(done: Release) -> ReleaseBody:
    return ReleaseBody(
        part=done.part,
        given=list(done.given),
        lost=list(done.lost),
        needed=done.needed,
        open=done.open,
    )


RELEASE_REFUSALS = refusals(
    papers__no_package=Kind.NOT_FOUND,
    papers__not_a_holder=Kind.FORBIDDEN,
    papers__passphrase_wrong=Kind.FORBIDDEN,
    papers__signer_unknown=Kind.FORBIDDEN,
    sessions__not_staffed=Kind.FORBIDDEN,
    accounts__locked=Kind.TOO_MANY,
    sessions__wrong_state=Kind.CONFLICT,
    papers__too_early=Kind.CONFLICT,
    papers__already_open=Kind.CONFLICT,
    papers__share_bad=Kind.CONFLICT,
    papers__key_wrong=Kind.CONFLICT,
    papers__form_differs=Kind.CONFLICT,
    papers__key_missing=Kind.CONFLICT,
)


def router(service: PapersService) -> APIRouter:
    """The papers' endpoints."""
    api = APIRouter(prefix="/api", tags=["papers"])
    _holders(api, service)
    _packages(api, service)

    @api.post("/sessions/{session_id}/release", responses=RELEASE_REFUSALS)
    async def release(principal: KeyHolder, session_id: str, body: Passphrase) -> ReleaseBody:
        return _release(await service.release(principal, session_id, body.passphrase))

    @api.post("/sessions/{session_id}/scoring-release", responses=RELEASE_REFUSALS)
    async def scoring(principal: KeyHolder, session_id: str, body: Passphrase) -> ReleaseBody:
        return _release(await service.open_scoring(principal, session_id, body.passphrase))

    @api.get(
        "/sessions/{session_id}/releases",
        responses=refusals(papers__no_package=Kind.NOT_FOUND, sessions__not_staffed=Kind.FORBIDDEN),
    )
    async def releases(principal: Reader, session_id: str) -> list[ReleaseBody]:
        return [_release(done) for done in await service.releases(principal, session_id)]

    return api


def _holders(api: APIRouter, service: PapersService) -> None:
    @api.get("/papers/holders")
    async def holders(_: HolderReader) -> list[HolderBody]:
        return [
            HolderBody(
                holder_id=one.holder_id,
                account_id=one.account_id,
                name=one.name,
                public_key=one.public.hex(),
            )
            for one in await service.holders.all()
        ]

    @api.post(
        "/papers/holders",
        status_code=201,
        responses=refusals(
            papers__passphrase_short=Kind.INVALID, papers__holder_exists=Kind.CONFLICT
        ),
    )
    async def enrol(principal: KeyHolder, body: Passphrase) -> HolderBody:
        one = await service.holders.enrol(principal, body.passphrase)
        return HolderBody(
            holder_id=one.holder_id,
            account_id=one.account_id,
            name=one.name,
            public_key=one.public.hex(),
        )

    @api.get("/papers/signers")
    async def signers(_: HolderReader) -> list[Signer]:
        return [
            Signer(public_key=row.public_hex, name=row.name, added_at_ms=row.added_at_ms)
            for row in await service.holders.signers()
        ]

    @api.post(
        "/papers/signers", status_code=204, responses=refusals(papers__signer_bad=Kind.INVALID)
    )
    async def trust(principal: Administrator, body: NewSigner) -> None:
        await service.holders.trust(principal, public_hex=body.public_key, name=body.name)


def _packages(api: APIRouter, service: PapersService) -> None:
    @api.post(
        "/sessions/{session_id}/package",
        responses=refusals(
            papers__nothing_given=Kind.INVALID,
            package__unreadable=Kind.INVALID,
            package__format=Kind.INVALID,
            package__hash=Kind.INVALID,
            papers__signature_bad=Kind.CONFLICT,
            papers__occupation_differs=Kind.CONFLICT,
            sessions__roster_frozen=Kind.CONFLICT,
            sessions__not_staffed=Kind.FORBIDDEN,
            sessions__unknown=Kind.NOT_FOUND,
        ),
    )
    async def receive(
        principal: Officer,
        session_id: str,
        file: Annotated[UploadFile | None, File()] = None,
        package_id: Annotated[str | None, Form()] = None,
    ) -> PackageBody:
        if file is not None:
            data = await file.read()
            return _package(await service.receiving.receive(principal, session_id, data))
        if package_id:
            got = await service.receiving.receive_from_bank(principal, session_id, package_id)
            return _package(got)
        raise Refusal("papers.nothing_given")

    @api.get(
        "/sessions/{session_id}/package",
        responses=refusals(papers__no_package=Kind.NOT_FOUND, sessions__not_staffed=Kind.FORBIDDEN),
    )
    async def package(principal: Reader, session_id: str) -> PackageBody:
        return _package(await service.receiving.package(principal, session_id))
