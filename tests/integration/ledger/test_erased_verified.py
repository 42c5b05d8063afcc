"""What the verifier says of keys that are gone: by whose order and where it stands, or that nobody
ordered it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from kernel.db import Database
from kernel.errors import Refusal
from kernel.settings import DATABASE_FILE
from ledger.chain import Damage
from ledger.erasure import State
from ledger.erasure.proof import DESTRUCTION_FILE
from ledger.erasure.showing import destruction_is_covered, is_erased, shown_destruction
from ledger.keys import session_scope
from ledger.parcel import FolderSink
from ledger.report import Report
from ledger.tables import KeyRow, LedgerTable
from ledger.verify import verify
from tests.e2e.serving import gongyuan
from tests.integration.ledger.test_erasure import Registry
from tests.integration.ledger.test_tree import AlwaysHeld
from tests.integration.ledger.world import SESSION, LedgerWorld, bytes_in

KEY_FILE = "keys-of-session.json"
PLACE = f"3-process/{DESTRUCTION_FILE}"


async def _sat(world: LedgerWorld) -> None:
    for number in range(2):
        one = await world.candidate(f"sitting_{number}")
        await one.save(3)
        await world.hand_in(one)
    await world.seal([(f"sitting_{n}", "submitted") for n in range(2)])


async def _grow(world: LedgerWorld, folder: Path) -> None:
    """Every record under a signed checkpoint."""
    sequencer = world.another().sequencer(folder / "ledger" / "checkpoint", AlwaysHeld())
    for _ in range(3):
        await sequencer.round()


async def _erase(world: LedgerWorld, folder: Path) -> str:
    """By an order of ``officer`` that ``chief`` and ``supervisor`` agreed to, after one that was
    withdrawn; its id.
    """
    registry = Registry(world, covered=False)
    await registry.withdraw(await registry.order())
    erasure_id = await registry.order()
    for by in ("chief", "supervisor"):
        await registry.agree(erasure_id, by)
    with pytest.raises(Refusal, match=r"erasure\.not_covered"):
        await registry.destroying.run(erasure_id)
    await _grow(world, folder)
    registry.covered = True
    assert (await registry.destroying.run(erasure_id)).state is State.ERASED
    return erasure_id


async def _archive(world: LedgerWorld, into: Path, change: Callable[[bytes], bytes]) -> Path:
    """Exported as the server exports it, the order's file passed through ``change``."""
    archive, _ = await world.export(into)
    files = {
        path: data for path, data in bytes_in(archive).items() if not path.startswith("manifest.")
    }
    async with world.database.read() as session:
        shown = await shown_destruction(session, world.ledger, SESSION)
    assert shown is not None
    files[PLACE] = change(shown)
    world.pack(files, FolderSink(into / "whole"))
    return into / "whole"


async def test_the_order_is_told_out_of_the_log_with_its_place_and_people(
    world: LedgerWorld, tmp_path: Path
) -> None:
    await _sat(world)
    erasure_id = await _erase(world, tmp_path)
    async with world.database.read() as session:
        assert not await destruction_is_covered(session, world.ledger, SESSION)
    await _grow(world, tmp_path)
    async with world.database.read() as session:
        assert await destruction_is_covered(session, world.ledger, SESSION)
        assert await is_erased(session, SESSION)
    archive = await _archive(world, tmp_path / "made", bytes)
    keys = tmp_path / "made" / "keys-of-session.json"
    for key_file in (None, keys):
        report = await asyncio.to_thread(verify, archive, key_file)
        assert report.good, report.words()
        (order,) = report.erased
        assert order.erasure_id == erasure_id
        assert (order.ordered_by, order.agreed) == ("officer", ("chief", "supervisor"))
        assert order.position is not None
        assert order.keys == 4
        said = report.words()
        assert f"erased under order {erasure_id} at position {order.position}" in said
        assert "ordered by officer, agreed by chief, supervisor" in said
        assert "Content unreadable, chain verified" in said
        assert "内容已依令销毁,不可再读;链已核验" in said
        assert json.loads(report.to_json())["erased"][0]["erasure_id"] == erasure_id


async def test_instants_of_no_calendar_are_told_and_end_in_no_traceback(
    world: LedgerWorld, tmp_path: Path
) -> None:
    world.clock.instant_ms = 10**17
    await _sat(world)
    await _erase(world, tmp_path)
    await _grow(world, tmp_path)
    report = await asyncio.to_thread(
        verify, await _archive(world, tmp_path / "made", bytes), tmp_path / "made" / KEY_FILE
    )
    assert report.sealed_at_ms == report.erased[0].erased_at_ms == 10**17
    assert report.words().count("100000000000000000 ms (UTC)") == 2 * 3
    assert json.loads(report.to_json())["sealed_at_ms"] == 10**17


async def test_keys_that_nobody_ordered_away_are_a_finding(
    world: LedgerWorld, tmp_path: Path
) -> None:
    await _sat(world)
    archive, keys = await world.export(tmp_path / "made")
    said = json.loads(keys.read_bytes())
    del said["keys"]["sitting/sitting_1"]
    keys.write_text(json.dumps(said))
    report = verify(archive, keys)
    assert [one.damage for one in report.findings] == [Damage.KEYS_MISSING]
    said = report.words()
    assert f"✗ session {SESSION}: keys are missing (2 / 5) and no order that was carried" in said
    assert f"✗ session {SESSION}:缺少密钥(2 / 5),没有已执行的销毁令可以说明" in said
    assert verify(archive).good


async def test_a_kept_copy_of_the_keys_is_said(world: LedgerWorld, tmp_path: Path) -> None:
    await _sat(world)
    _, old_keys = await world.export(tmp_path / "before")
    await _erase(world, tmp_path)
    await _grow(world, tmp_path)
    archive = await _archive(world, tmp_path / "after", bytes)
    report = verify(archive, old_keys)
    assert report.good
    assert "somebody kept a copy of the keys" in report.words()


async def test_an_order_that_was_not_carried_out_explains_nothing(
    world: LedgerWorld, tmp_path: Path
) -> None:
    await _sat(world)
    await _erase(world, tmp_path)  # covered: the order, not yet what it did
    archive = await _archive(world, tmp_path / "made", bytes)
    report = verify(archive)
    assert "no record yet that it was carried out" in report.words()
    report = verify(archive, tmp_path / "made" / "keys-of-session.json")
    assert [one.damage for one in report.findings] == [Damage.KEYS_MISSING]


ORDER_SAID = {
    True: ("内容无法读出", "it cannot be read"),
    False: ("不能证明它在已签名的日志中", "nothing proves that it stands in the signed log"),
}


@pytest.mark.parametrize("at", [0, 60, 300, -40, -200])
async def test_a_changed_byte_of_the_order_is_found(
    world: LedgerWorld, tmp_path: Path, at: int
) -> None:
    await _sat(world)
    await _erase(world, tmp_path)
    await _grow(world, tmp_path)

    def changed(data: bytes) -> bytes:
        made = bytearray(data)
        made[at] ^= 1
        return bytes(made)

    report = verify(await _archive(world, tmp_path / "made", changed))
    assert [(one.damage, one.place) for one in report.findings] == [(Damage.ORDER, PLACE)]
    assert report.erased == []
    zh, en = ORDER_SAID[at == 0]
    assert f"✗ {PLACE}:销毁令不成立({zh})" in report.words()
    assert f"✗ {PLACE}: the order to destroy keys does not hold ({en})" in report.words()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[tuple[LedgerWorld, Path]]:
    folder = tmp_path / "data"
    database = Database.open(f"sqlite+aiosqlite:///{folder / DATABASE_FILE}")
    async with database.writer_engine.begin() as connection:
        await connection.run_sync(LedgerTable.metadata.create_all)
    world = LedgerWorld(database, folder / "keys")
    (folder / "keys" / "keys.json").rename(folder / "keys" / "keyring.json")
    await world.open_session()
    world.ledger.start()
    await _sat(world)
    yield world, folder
    await world.ledger.stop()
    await database.close()


async def _told(folder: Path) -> tuple[int | None, str]:
    program = await asyncio.create_subprocess_exec(
        *gongyuan("verify", folder), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await program.communicate()
    return program.returncode, said.decode()


async def _live(folder: Path) -> Report:
    return await asyncio.to_thread(verify, folder)


async def test_a_data_directory_tells_the_order_and_how_keys_are_kept(
    site: tuple[LedgerWorld, Path],
) -> None:
    world, folder = site
    erasure_id = await _erase(world, folder)
    await _grow(world, folder)
    status, said = await _told(folder)
    assert status == 0, said
    assert f"erased under order {erasure_id} at position" in said
    assert "Custody of the log's keys: file" in said
    (folder / "keys" / "keyring.json").rename(folder / "ring-apart.json")
    status, said = await _told(folder)
    assert status == 0, said
    assert "whose order it was is not known" in said


async def test_a_data_directory_finds_lost_keys_and_keys_that_came_back(
    site: tuple[LedgerWorld, Path],
) -> None:
    world, folder = site
    async with world.database.read() as session:
        held = [
            {"scope": one.scope, "version": one.version, "parent": one.parent,
             "wrapped": one.wrapped}
            for one in await session.scalars(select(KeyRow))
        ]  # fmt: skip
    mine = KeyRow.parent == session_scope(SESSION)
    async with world.database.write() as tx:
        await tx.execute(delete(KeyRow).where(mine))
    report = await _live(folder)
    assert [one.damage for one in report.findings] == [Damage.KEYS_MISSING]
    assert f"✗ session {SESSION}: keys are missing (3 / 4)" in report.words()
    assert f"✗ session {SESSION}:缺少密钥(3 / 4)" in report.words()
    async with world.database.write() as tx:
        await tx.execute(insert(KeyRow), [one for one in held if one["parent"]])
    assert (await _live(folder)).good
    await _erase(world, folder)
    await _grow(world, folder)
    async with world.database.write() as tx:
        await tx.execute(insert(KeyRow), held)
    report = await _live(folder)
    assert [one.damage for one in report.findings] == [Damage.KEYS_BACK]
    said = report.words()
    assert f"✗ session {SESSION}: keys that were destroyed under order are there again (" in said
    assert f"✗ session {SESSION}:依令销毁的密钥又出现了(" in said
