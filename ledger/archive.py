"""Writing the ledger's part of an archive: one file per stream, the session's seal, and its part
of the tree where a checkpoint covers it.

Rules kept here: only a sealed session is exported; nothing written by ``export_ledger`` is secret;
the keys go apart from it, to whoever may read every answer.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from ledger.layout import SEAL_FILE, SealFile, key_file_bytes, stream_bytes, stream_path
from ledger.stored import stored_heads, stored_records
from ledger.tables import SealRow
from ledger.tree.exporting import tree_part


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written."""

    streams: int
    records: int
    tree: bool


async def export_ledger(
    session: ReadSession, ledger: Ledger, session_id: str, folder: Path
) -> Exported:
    """Write seal and streams of a sealed session into ``folder``, in names of docs/formats.

    The files are not fsynced: whoever puts them into an archive makes that durable. Raises
    ``ledger.not_sealed`` before anything is written.
    """
    seal = await session.get(SealRow, session_id)
    if seal is None:
        raise Refusal("ledger.not_sealed", Kind.CONFLICT, session=session_id)
    total = 0
    streams = await stored_heads(session, session_id)
    for stream in streams:
        records = await stored_records(session, stream)
        held = [(one.header, one.ciphertext) for one in records]
        total += len(held)
        await asyncio.to_thread(_write, folder / stream_path(stream.stream_id), stream_bytes(held))
    sealed = SealFile(seal.frame, seal.signature, ledger.server_public)
    await asyncio.to_thread(_write, folder / SEAL_FILE, sealed.to_bytes())
    part = await tree_part(session, ledger.tree, session_id)
    for path, data in part.items():
        await asyncio.to_thread(_write, folder / path, data)
    return Exported(len(streams), total, bool(part))


async def export_keys(session: ReadSession, ledger: Ledger, session_id: str) -> bytes:
    """The key file of a session: with it every answer can be read. Empty of what was erased."""
    keys = await ledger.keys.of_session(session, session_id)
    return key_file_bytes(ledger.origin, session_id, keys)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
