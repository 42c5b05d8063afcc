"""A data directory is verified while its server runs, after it stopped and after it was killed:
nothing there changes, and whatever was changed in the database is found at its record.
"""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import Refusal
from kernel.lease import FileLease
from kernel.settings import DATABASE_FILE
from ledger.chain import Damage
from ledger.verify import verify
from ledger.verify.living import CHECKPOINT_PLACE
from tests.e2e.serving import gongyuan
from tests.integration.ledger.site import NUMBER, Change, S, Site, T, covered, sql, verified


async def told(folder: Path) -> dict[str, Any]:
    """What the program says, in a process of its own: within one, SQLite shares its files."""
    program = await asyncio.create_subprocess_exec(
        *gongyuan("verify", folder, "--json"), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await program.communicate()
    report: dict[str, Any] = json.loads(said.splitlines()[-1])
    return report


def state(folder: Path) -> dict[str, tuple[int, str]]:
    """Every entry with its time of change and content."""
    return {
        str(path): (
            path.stat().st_mtime_ns,
            sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in [folder, *folder.rglob("*")]
    }


async def test_a_running_servers_directory_holds_and_nothing_in_it_changes(site: Site) -> None:
    before = state(site.folder)
    assert any(name.endswith("-wal") for name in before)
    report = await told(site.folder)
    assert report["good"], report
    counts = (report["streams"], report["records"], report["devices"])
    assert counts == (7, 1 + 3 * (1 + 1 + 1 + 6), 3)
    assert state(site.folder) == before
    assert report["server_public"] == site.world.ledger.server_public.hex()
    await site.people[0].save(2)
    assert (await told(site.folder))["records"] == report["records"] + 2
    assert "✓" in (await verified(site.folder)).words()


async def test_while_answers_come_in_every_view_is_consistent(site: Site) -> None:
    going = True

    async def save() -> int:
        count = 0
        while going:
            await site.people[count % 3].save(1)
            count += 1
        return count

    saving = asyncio.create_task(save())
    reports = [await verified(site.folder) for _ in range(6)]
    going = False
    assert await saving > 0
    assert [one.findings for one in reports] == [[]] * 6
    assert reports[0].records < reports[-1].records


async def test_a_tree_that_grows_and_is_published_meanwhile_is_no_rollback(site: Site) -> None:
    lease = FileLease(site.folder / "ledger" / "lock")
    sequencer = site.world.another().sequencer(site.folder / CHECKPOINT_PLACE, lease)
    await sequencer.round()
    loop, published = asyncio.get_running_loop(), 0

    async def publish() -> None:
        await site.people[0].save()
        await sequencer.round()

    def meanwhile(_done: int, _total: int) -> None:
        nonlocal published
        published += 1
        asyncio.run_coroutine_threadsafe(publish(), loop).result(30)

    report = await asyncio.to_thread(verify, site.folder, progress=meanwhile)
    await sequencer.leave()
    assert published > 0
    assert report.good, report.words()
    assert report.tree_size > 0


async def test_a_stopped_servers_directory_holds_and_nothing_appears_in_it(site: Site) -> None:
    await site.stop()
    before = state(site.folder)
    assert not any(name.endswith("-wal") for name in before)
    report = await verified(site.folder)
    assert report.good
    assert report.records == 28
    assert state(site.folder) == before


@pytest.mark.parametrize("with_index", [True, False])
async def test_a_killed_servers_directory_holds(
    site: Site, tmp_path: Path, *, with_index: bool
) -> None:
    killed = tmp_path / "killed"
    shutil.copytree(site.folder, killed)
    if not with_index:
        (killed / f"{DATABASE_FILE}-shm").unlink()
    before = state(killed)
    report = await verified(killed)
    assert report.good, report.words()
    assert report.records == 28
    assert state(killed) == before


async def test_the_key_is_compared_with_the_one_that_is_trusted(site: Site) -> None:
    assert (await verified(site.folder, site.world.ledger.server_public)).trusted
    strange = await verified(site.folder, bytes(32))
    assert strange.first is not None
    assert (strange.first.damage, strange.first.place) == (Damage.SEAL, "keys/keyring.json")


async def test_postgresql_is_told_to_export(tmp_path: Path) -> None:
    (tmp_path / "data" / "keys").mkdir(parents=True)
    with pytest.raises(Refusal, match="verify.no_database") as refused:
        await verified(tmp_path / "data")
    assert refused.value.params["file"] == DATABASE_FILE


def delete(seq: int) -> Change:
    return sql("delete from ledger_record where stream = :of and seq = ?", S, seq)


def edit(database: sqlite3.Connection) -> None:
    flip_ciphertext(database, 4)


def edit_with_hash(database: sqlite3.Connection) -> None:
    """A careful hand: the stored hash fits the changed row."""
    flip_ciphertext(database, 4)
    sql("update ledger_record set hash = ? where stream = :of and seq = 4", bytes(32), S)(database)


def flip_ciphertext(database: sqlite3.Connection, seq: int) -> None:
    asked = "select ciphertext from ledger_record where stream = :of and seq = ?"
    ((data,),) = database.execute(asked.replace(":of", NUMBER), (S, seq)).fetchall()
    changed = bytes([data[0] ^ 1]) + data[1:]
    written = "update ledger_record set ciphertext = ? where stream = :of and seq = ?"
    database.execute(written.replace(":of", NUMBER), (changed, S, seq))


def swap_rows(database: sqlite3.Connection) -> None:
    for text, values in (
        ("update ledger_record set stream = -1 where stream = :of and seq = 5", (S,)),
        ("update ledger_record set stream = :of where stream = :of and seq = 5", (S, T)),
        ("update ledger_record set stream = :of where stream = -1", (T,)),
    ):
        sql(text, *values)(database)


def reorder(database: sqlite3.Connection) -> None:
    for text in (
        "update ledger_record set seq = 99 where stream = :of and seq = 3",
        "update ledger_record set seq = 3 where stream = :of and seq = 6",
        "update ledger_record set seq = 6 where stream = :of and seq = 99",
    ):
        sql(text, S)(database)


def insert_row(database: sqlite3.Connection) -> None:
    sql(
        "insert into ledger_record (server_ms, stream, seq, epoch, key_version, salt, body_commit,"
        " hash, ciphertext) select server_ms, stream, 9, epoch, key_version, salt, body_commit,"
        " hash, ciphertext from ledger_record where stream = :of and seq = 8",
        S,
    )(database)


def drop_stream(database: sqlite3.Connection) -> None:
    database.execute("delete from ledger_stream where stream_id = ?", (S,))


CASES: tuple[tuple[str, Change, tuple[Damage, ...], str, int], ...] = (
    ("edit", edit, (Damage.EDITED,), S, 4),
    ("edit with its hash", edit_with_hash, (Damage.EDITED,), S, 4),
    ("server time", sql("update ledger_record set server_ms = 1 where stream = :of and seq = 6", S),
     (Damage.EDITED,), S, 6),
    ("key version",
     sql("update ledger_record set key_version = 3 where stream = :of and seq = 5", S),
     (Damage.WRONG_KEY_VERSION, Damage.EDITED), S, 5),
    ("drop", delete(5), (Damage.DROPPED,), S, 5),
    ("drop the first", delete(1), (Damage.DROPPED,), S, 1),
    ("truncate", delete(8), (Damage.TRUNCATED,), S, 8),
    ("insert", insert_row, (Damage.INSERTED,), S, 9),
    ("reorder", reorder, (Damage.REORDERED, Damage.EDITED), S, 3),
    ("swap", swap_rows, (Damage.EDITED, Damage.SWAPPED), S, 5),
    ("head", sql("update ledger_stream set head = ? where stream_id = ?", bytes(32), S),
     (Damage.EDITED,), S, 8),
    ("relabel", sql("update ledger_stream set stream_id = 'sitting/sitting_0' where stream_id = ?",
     S), (Damage.EDITED, Damage.RELABELLED), "sitting/sitting_0", 1),
    ("acknowledged", sql("update ledger_device set acked_through = 7 where stream = :of", S),
     (Damage.ACKNOWLEDGED,), S, 0),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "damages", "place", "seq"), [one[1:] for one in CASES], ids=[c[0] for c in CASES]
)
async def test_a_change_in_the_database_is_found_at_its_record(
    site: Site, change: Change, damages: tuple[Damage, ...], place: str, seq: int
) -> None:
    await site.stop()
    with closing(sqlite3.connect(site.file)) as database, database:
        change(database)
    report = await verified(site.folder)
    first = report.first
    assert first is not None
    assert (first.place, first.seq) == (place, seq), report.words()
    assert first.damage in damages


async def test_a_stream_without_a_head_is_found(site: Site) -> None:
    await site.stop()
    with closing(sqlite3.connect(site.file)) as database, database:
        drop_stream(database)
    first = (await verified(site.folder)).first
    assert first is not None
    assert first.damage is Damage.MISSING_STREAM


@pytest.mark.parametrize(
    ("text", "damage", "place", "seq"),
    [
        ("delete from ledger_stream where stream_id = ?", Damage.MISSING_SITTING, S, 0),
        ("update ledger_stream set next_seq = 8 where stream_id = ?", Damage.EDITED, S, 7),
        ("update ledger_seal set signature = zeroblob(64) where ? <> ''", Damage.SEAL,
         "seal of session_1", 0),
    ],
)  # fmt: skip
async def test_a_sealed_session_is_held_against_its_seal(
    site: Site, text: str, damage: Damage, place: str, seq: int
) -> None:
    await site.world.seal([(f"sitting_{n}", "number") for n in (1, 2, 3)])
    sealed = await verified(site.folder)
    assert sealed.good
    assert sealed.seals == 1
    await site.stop()
    with closing(sqlite3.connect(site.file)) as database, database:
        if damage is Damage.MISSING_SITTING:
            sql("delete from ledger_record where stream = :of", S)(database)
        database.execute(text, (S,))
    report = await verified(site.folder)
    assert (damage, place, seq) in {(one.damage, one.place, one.seq) for one in report.findings}


async def test_the_tree_of_a_data_directory_is_grown_again_from_its_records(site: Site) -> None:
    await covered(site)
    await site.people[1].save(1)  # not yet in the tree, and rightly so
    report = await verified(site.folder, site.world.ledger.server_public)
    assert report.good, report.words()
    assert report.tree_size == report.records - 1


@pytest.mark.parametrize(
    ("statement", "damage", "place"),
    [
        ("UPDATE ledger_tree SET size = size - 2", Damage.ROLLED_BACK, CHECKPOINT_PLACE),
        ("UPDATE ledger_tree SET root = zeroblob(32)", Damage.FORKED, "tree of"),
        ("DELETE FROM ledger_leaf WHERE leaf_index = 7", Damage.TREE, ""),
        ("UPDATE ledger_checkpoint SET root = zeroblob(32)", Damage.FORKED, "checkpoint of"),
        ("UPDATE ledger_checkpoint SET note = replace(note, '\n', ' ')", Damage.TREE, "checkpoint"),
        ("DELETE FROM ledger_tree", Damage.ROLLED_BACK, CHECKPOINT_PLACE),
        (
            "INSERT INTO ledger_leaf (leaf_index, tree, stream, seq) VALUES (9999, 1, 1, 9999)",
            Damage.TREE,
            "tree of",
        ),
    ],
)
async def test_what_was_changed_about_the_tree_is_found(
    site: Site, statement: str, damage: Damage, place: str
) -> None:
    await covered(site)
    await site.stop()
    with closing(sqlite3.connect(site.file)) as connection:
        connection.execute(statement)
        connection.commit()
    report = await verified(site.folder, site.world.ledger.server_public)
    assert any(one.damage is damage and one.place.startswith(place) for one in report.found), (
        report.words()
    )


async def test_a_stream_rewritten_with_its_keys_is_found_by_the_tree(site: Site) -> None:
    """The insider makes a whole new chain and a fitting head; only the leaves know better."""
    await covered(site)
    await site.stop()
    with closing(sqlite3.connect(site.file)) as connection:
        number, last = connection.execute(
            "SELECT number, next_seq - 1 FROM ledger_stream WHERE stream_id = ?", [T]
        ).fetchone()
        connection.execute("DELETE FROM ledger_record WHERE stream = ? AND seq = ?", [number, last])
        head = connection.execute(
            "SELECT hash FROM ledger_record WHERE stream = ? AND seq = ?", [number, last - 1]
        ).fetchone()[0]
        connection.execute(
            "UPDATE ledger_stream SET next_seq = ?, head = ? WHERE number = ?",
            [last, head, number],
        )
        connection.execute("UPDATE ledger_device SET acked_through = 1 WHERE stream = ?", [number])
        connection.commit()
    report = await verified(site.folder, site.world.ledger.server_public)
    assert [(one.damage, one.place, one.seq) for one in report.found] == [(Damage.TREE, T, last)]
