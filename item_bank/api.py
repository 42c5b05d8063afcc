"""The bank over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Response, UploadFile

from item_bank.assembly import Section, TierPolicy, TierShare
from item_bank.service import (
    Ask,
    BankService,
    BlueprintDetail,
    ItemDetail,
    ItemView,
    PackageView,
)
from item_bank.shapes import (
    AssemblyAsk,
    AssemblyBody,
    BlueprintBody,
    BlueprintLine,
    BlueprintTaken,
    FormFigures,
    ItemBody,
    ItemImportBody,
    ItemReleaseBody,
    ItemsBody,
    ItemWithKey,
    PointBody,
    ReleaseAsk,
    ScopeBody,
    SealAsk,
    SealedPackageBody,
)
from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, row_body, staff
from paper.items import ItemType, Tier

BankStaff = Annotated[Principal, staff(Role.AUTHOR, Role.REVIEWER, Role.BANK_KEEPER, Role.OFFICER)]

_FILE = refusals(
    bank__file_too_large=Kind.TOO_LARGE,
    bank__file_unpacks_too_large=Kind.TOO_LARGE,
    bank__file_locked=Kind.INVALID,
    bank__file_broken=Kind.INVALID,
    bank__layout_unknown=Kind.INVALID,
    blueprint__unknown=Kind.NOT_FOUND,
    bank__import_raced=Kind.CONFLICT,
)


def router(service: BankService) -> APIRouter:
    """All endpoints of the bank."""
    routes = APIRouter(prefix="/api/bank", tags=["bank"])
    _blueprints(routes, service)
    _items(routes, service)
    _assemblies(routes, service)
    _releases(routes, service)
    return routes


def _blueprints(routes: APIRouter, service: BankService) -> None:
    @routes.post(
        "/blueprints",
        responses=refusals(blueprint__refused=Kind.INVALID, blueprint__level=Kind.INVALID),
    )
    async def take_blueprint(
        principal: BankStaff,
        file: Annotated[UploadFile, File()],
        occupation_code: Annotated[str, Form(min_length=1, max_length=32)],
        occupation_name: Annotated[str, Form(min_length=1, max_length=100)],
        level: Annotated[int, Form()],
    ) -> BlueprintTaken:
        blueprint_id, points, warnings = await service.blueprints.take(
            principal,
            source=file.filename or "",
            data=await file.read(),
            occupation_code=occupation_code,
            occupation_name=occupation_name,
            level=level,
        )
        return BlueprintTaken(
            blueprint_id=blueprint_id, points=points, warnings=[row_body(one) for one in warnings]
        )

    @routes.get("/blueprints")
    async def blueprints(principal: BankStaff) -> list[BlueprintLine]:
        return [
            BlueprintLine(
                blueprint_id=view.row.id,
                occupation_code=view.row.occupation_code,
                occupation_name=view.row.occupation_name,
                level=view.row.level,
                points=view.points,
                items=view.items,
            )
            for view in await service.blueprints.all(principal)
        ]

    @routes.get("/blueprints/{blueprint_id}", responses=refusals(blueprint__unknown=Kind.NOT_FOUND))
    async def blueprint(principal: BankStaff, blueprint_id: str) -> BlueprintBody:
        return _blueprint(await service.blueprints.detail(principal, blueprint_id))


def _items(routes: APIRouter, service: BankService) -> None:
    @routes.post("/items/import", responses=_FILE)
    async def import_items(
        principal: BankStaff,
        file: Annotated[UploadFile, File()],
        blueprint_id: str,
        tier: Tier,
        dry_run: bool = False,
        partial: bool = False,
        allow_similar: bool = False,
        default_point: Annotated[str, Query(max_length=40)] = "",
    ) -> ItemImportBody:
        report = await service.importing.items(
            principal,
            blueprint_id=blueprint_id,
            tier=tier,
            source=file.filename or "",
            data=await file.read(),
            dry_run=dry_run,
            partial=partial,
            allow_similar=allow_similar,
            default_point=default_point,
        )
        return ItemImportBody(
            accepted=report.accepted,
            rejected=report.rejected,
            written=report.written,
            rows=[row_body(one) for one in report.rows],
        )

    @routes.get("/items")
    async def items(
        principal: BankStaff,
        blueprint_id: str,
        tier: Tier | None = None,
        type: ItemType | None = None,  # noqa: A002 - the contract's name
        point_code: str = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> ItemsBody:
        found = await service.reading.page(
            principal,
            blueprint_id=blueprint_id,
            tier=tier,
            kind=type,
            point_code=point_code,
            page=page,
        )
        return ItemsBody(
            items=[ItemBody(**_item(one)) for one in found.items],
            total=found.total,
            page=found.page,
            page_size=found.page_size,
        )

    @routes.get("/items/{item_id}", responses=refusals(item__unknown=Kind.NOT_FOUND))
    async def item(principal: BankStaff, item_id: str) -> ItemWithKey:
        return _with_key(await service.reading.detail(principal, item_id))


def _assemblies(routes: APIRouter, service: BankService) -> None:
    @routes.post(
        "/assemblies",
        responses=refusals(
            blueprint__unknown=Kind.NOT_FOUND,
            assembly__short=Kind.CONFLICT,
            assembly__undecided=Kind.UNAVAILABLE,
            assembly__plan_bad=Kind.INVALID,
            assembly__item_changed=Kind.CONFLICT,
        ),
    )
    async def assemble(principal: BankStaff, ask: AssemblyAsk) -> AssemblyBody:
        made = await service.assembling.assemble(principal, _ask(ask))
        return AssemblyBody(
            assembly_id=made.assembly_id,
            title=made.title,
            forms=[_form(form) for form in made.forms],
            shared=made.shared,
        )

    @routes.get("/assemblies")
    async def assemblies(principal: BankStaff, blueprint_id: str) -> list[AssemblyBody]:
        return [
            AssemblyBody(
                assembly_id=row.id,
                title=row.title,
                forms=[FormFigures(**form) for form in row.summary],
                shared=None,
            )
            for row in await service.assembling.all(principal, blueprint_id)
        ]

    @routes.post(
        "/assemblies/{assembly_id}/seal",
        responses=refusals(
            assembly__unknown=Kind.NOT_FOUND,
            papers__holder_unknown=Kind.NOT_FOUND,
            package__already_sealed=Kind.CONFLICT,
            package__holders=Kind.INVALID,
        ),
    )
    async def seal(principal: BankStaff, assembly_id: str, ask: SealAsk) -> SealedPackageBody:
        return _package(
            await service.sealing.seal(
                principal,
                assembly_id,
                holder_ids=ask.holder_ids,
                shares_needed=ask.shares_needed,
            )
        )

    @routes.get("/packages")
    async def packages(principal: BankStaff) -> list[SealedPackageBody]:
        return [_package(one) for one in await service.sealing.all(principal)]

    @routes.get(
        "/packages/{package_id}/file",
        response_class=Response,
        responses=refusals(package__unknown=Kind.NOT_FOUND),
    )
    async def package_file(principal: BankStaff, package_id: str) -> Response:
        data = await service.sealing.package_file(principal, package_id)
        return Response(data, media_type="application/zip", headers=_named(f"{package_id}.zip"))


def _releases(routes: APIRouter, service: BankService) -> None:
    @routes.post(
        "/items/{item_id}/release",
        responses=refusals(
            item__unknown=Kind.NOT_FOUND,
            release__not_live=Kind.CONFLICT,
            release__in_paper=Kind.CONFLICT,
            approval__same_person=Kind.FORBIDDEN,
            approval__unknown=Kind.NOT_FOUND,
            approval__differs=Kind.CONFLICT,
            approval__used=Kind.CONFLICT,
        ),
    )
    async def release(principal: BankStaff, item_id: str, ask: ReleaseAsk) -> ItemReleaseBody:
        if ask.approval_id is None:
            state = await service.releasing.request(principal, [item_id], ask.reason_text)
        else:
            state = await service.releasing.confirm(
                principal, [item_id], ask.reason_text, ask.approval_id
            )
        return ItemReleaseBody(state=state.state, approval_id=state.approval_id)

    @routes.get("/released/bundle", response_class=Response)
    async def bundle(principal: BankStaff) -> Response:
        data = await service.releasing.bundle(principal)
        return Response(data, media_type="application/json", headers=_named("released.json"))


def _named(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}


def _blueprint(detail: BlueprintDetail) -> BlueprintBody:
    def points(scope: str) -> list[PointBody]:
        return [
            PointBody(
                code=point.code,
                name=point.name,
                importance=point.importance.value,
                supply=dict(detail.supply.get(point.code, {})),
            )
            for point in detail.reading.points
            if point.scope_code == scope
        ]

    return BlueprintBody(
        blueprint_id=detail.row.id,
        occupation_code=detail.row.occupation_code,
        occupation_name=detail.row.occupation_name,
        level=detail.row.level,
        scopes=[
            ScopeBody(
                code=scope.code,
                parent=scope.parent,
                level=scope.level,
                name=scope.name,
                weight=scope.weight,
                points=points(scope.code),
            )
            for scope in detail.reading.scopes
        ],
    )


def _item(view: ItemView) -> dict[str, Any]:
    return {
        "item_id": view.item.id, "version_id": view.version.id, "type": view.item.type,
        "tier": view.item.tier, "state": view.item.state, "point_code": view.item.point_code,
        "difficulty": view.item.difficulty, "stem": view.version.stem,
        "options": [one["text"] for one in view.version.options], "score": view.version.score,
    }  # fmt: skip


def _with_key(detail: ItemDetail) -> ItemWithKey:
    return ItemWithKey(
        **_item(detail.view),
        key=list(detail.letters),
        model_answer=detail.key.model_answer,
        explanation=detail.key.explanation,
    )


def _ask(ask: AssemblyAsk) -> Ask:
    policy = ask.tier_policy
    return Ask(
        blueprint_id=ask.blueprint_id,
        title=ask.title,
        sections=tuple(Section(one.type, one.count, one.each) for one in ask.sections),
        form_count=ask.form_count,
        seed=ask.seed,
        tier_policy=TierPolicy(
            tuple(policy.order),
            tuple(TierShare(one.tier, one.least, one.most) for one in policy.shares),
        ),
        overlap_limit=ask.overlap_limit,
        difficulty_gap=ask.difficulty_gap,
        tolerance=ask.tolerance or "",
        recent_packages=ask.recent_packages,
    )


def _form(report: Any) -> FormFigures:
    return FormFigures.model_validate(report, from_attributes=True)


def _package(view: PackageView) -> SealedPackageBody:
    return SealedPackageBody.model_validate(view, from_attributes=True)
