"""Work that comes again: after a failure too, and not after the end."""

import asyncio
import logging

import pytest

from kernel.rounds import rounds

LOG = logging.getLogger("rounds")


async def test_a_round_that_fails_is_logged_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = asyncio.Event()
    done: list[int] = []

    async def work() -> None:
        done.append(len(done))
        if len(done) == 2:
            raise ValueError("a defect")
        if len(done) == 4:
            stop.set()

    await asyncio.wait_for(rounds(work, stop, 0.001, LOG, "not this time; tried again"), 10)
    assert done == [0, 1, 2, 3]
    assert [(one.message, one.levelname) for one in caplog.records] == [
        ("not this time; tried again", "ERROR")
    ]
    assert "a defect" in caplog.text


async def test_the_end_is_not_waited_for_and_nothing_is_done_after_it() -> None:
    stop = asyncio.Event()
    done: list[int] = []

    async def work() -> None:
        done.append(1)
        stop.set()

    await asyncio.wait_for(rounds(work, stop, 3_600, LOG, "no"), 10)
    await rounds(work, stop, 3_600, LOG, "no")
    assert done == [1]
