"""Packages as they come in: checked, kept as a blob, shown before release.

Rules kept here: only the bank's signature over the manifest counts; a package of another
occupation or level is refused; once the roster is frozen the package stays as it is.
"""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from kernel.access import Principal
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from paper.package import Manifest, unpack
from server.papers.ports import PackageSource
from server.papers.service.holders import is_trusted
from server.papers.service.opening import signature_holds
from server.papers.tables import PackageRow
from server.sessions.rules import Duty
from server.sessions.service import locked_session, need_duty, need_seen, note, session_row


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package as staff see it before release."""

    manifest: Manifest
    sha256: str
    signer_known: bool
    received_at_ms: int
    content_open: bool
    scoring_open: bool


class Receiving:
    """Packages in. ``own_signers`` are public keys (hex) of this installation's bank."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        blobs: BlobStore,
        source: PackageSource,
        own_signers: Collection[str],
    ) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._blobs = blobs
        self._source = source
        self._own_signers = frozenset(own_signers)

    async def receive_from_bank(
        self, principal: Principal, session_id: str, package_id: str
    ) -> PackageView:
        """The package of this installation's bank; see ``receive``."""
        async with self._db.read() as session:
            await need_duty(session, principal, session_id, duties=(Duty.OFFICER,))
        data = await self._source.package_file(principal, package_id)
        return await self.receive(principal, session_id, data)

    async def receive(self, principal: Principal, session_id: str, data: bytes) -> PackageView:
        """Checks and keeps a package for the session; before the draw it may be replaced.

        Raises ``package.*``, ``papers.signature_bad``, ``papers.occupation_differs``,
        ``sessions.roster_frozen``, ``sessions.not_staffed``.
        """
        async with self._db.read() as session:
            await session_row(session, session_id)
            await need_duty(session, principal, session_id, duties=(Duty.OFFICER,))
        package = unpack(data)
        manifest = package.manifest
        if not signature_holds(package):
            raise Refusal("papers.signature_bad", Kind.CONFLICT)
        digest = sha256(data).hexdigest()
        blob = f"papers/{session_id}/{digest}.pkg"
        await self._blobs.put(blob, data)
        async with self._db.write() as tx:
            row = await locked_session(tx, session_id)
            if row.roster_frozen_at_ms is not None:
                raise Refusal("sessions.roster_frozen", Kind.CONFLICT, id=session_id)
            if (row.occupation_code, row.level) != (manifest.occupation_code, manifest.level):
                raise Refusal(
                    "papers.occupation_differs",
                    Kind.CONFLICT,
                    package=f"{manifest.occupation_code}/{manifest.level}",
                    session=f"{row.occupation_code}/{row.level}",
                )
            kept = await tx.merge(
                PackageRow(
                    session_id=session_id,
                    package_id=manifest.package_id,
                    blob=blob,
                    sha256=digest,
                    manifest=package.manifest_bytes,
                    signer_public=manifest.signer_public,
                    received_by=principal.subject,
                    received_at_ms=self._clock.now_ms(),
                    content_key_wrapped=None,
                    content_released_at_ms=None,
                    scoring_key_wrapped=None,
                    scoring_opened_at_ms=None,
                )
            )
            act = {
                "package_id": manifest.package_id,
                "sha256": digest,
                "signer": manifest.signer_public,
                "forms": {form.form_code: form.form_hash for form in manifest.forms},
                "by": principal.subject,
            }
            await note(tx, self._ledger, session_id, "package_received", act)
            return await self._view(tx, kept)

    async def package(self, principal: Principal, session_id: str) -> PackageView:
        """Raises ``papers.no_package``."""
        async with self._db.read() as session:
            await need_seen(session, principal, session_id)
            return await self._view(session, await package_row(session, session_id))

    async def is_trusted(self, session: ReadSession, signer: str) -> bool:
        """True for this installation's bank and for banks an administrator accepted."""
        return signer in self._own_signers or await is_trusted(session, signer)

    async def _view(self, session: ReadSession, row: PackageRow) -> PackageView:
        return PackageView(
            manifest=msgspec.json.decode(row.manifest, type=Manifest),
            sha256=row.sha256,
            signer_known=await self.is_trusted(session, row.signer_public),
            received_at_ms=row.received_at_ms,
            content_open=row.content_key_wrapped is not None,
            scoring_open=row.scoring_key_wrapped is not None,
        )


async def package_row(session: ReadSession, session_id: str) -> PackageRow:
    """The session's package. Raises ``papers.no_package``."""
    row = await session.get(PackageRow, session_id)
    if row is None:
        raise Refusal("papers.no_package", Kind.NOT_FOUND)
    return row


async def manifest_of(session: ReadSession, session_id: str) -> Manifest:
    """The public part of the session's package, for the draw. Raises ``papers.no_package``."""
    row = await package_row(session, session_id)
    return msgspec.json.decode(row.manifest, type=Manifest)
