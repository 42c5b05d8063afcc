"""Records before the measured ones, in the database that a server will run on.

Rules kept here: they are records of the ledger itself (opened streams, keys, chains, bodies under
their keys), many to a transaction, and in the signed tree before the server begins; they belong to
a session of their own, so no answer of the measured one is theirs.
"""

from collections.abc import Callable

from kernel.clock import SystemClock
from kernel.settings import Settings
from ledger.bench import fill_ledger
from ledger.stored import stored_bytes
from server.app import build

SESSION = "session_filled"


async def fill_records(
    settings: Settings, wanted: int, told: Callable[[int], None] = lambda _held: None
) -> int:
    """Until the database holds ``wanted`` records, all in the tree; how many there are then.

    No server may be running on the database.
    """
    services = build(settings, SystemClock(settings.clock_path))
    database, ledger = services.database, services.ledger
    try:
        async with database.write() as tx:
            await ledger.open_session(tx, SESSION)
        await fill_ledger(database, ledger, SESSION, wanted, told)
        while await services.sequencer.round():
            continue
        async with database.read() as session:
            held, _ = await stored_bytes(session)
        return held
    finally:
        await services.sequencer.leave()
        await database.close()
