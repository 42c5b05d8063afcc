"""Signatures checked in a process of its own: the same answers, whatever becomes of the process."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.crypto.aside import Check, ChecksAside
from kernel.crypto.signing import DeviceKey


@pytest.fixture
async def aside() -> AsyncIterator[ChecksAside]:
    made = ChecksAside()
    yield made
    await made.stop()


def checks() -> tuple[list[Check], list[bool]]:
    """Good ones, and every way of not being good."""
    key, other = DeviceKey(), DeviceKey()
    message = "考生的作答".encode()
    signature = key.sign(message)
    return [
        (key.public, message, signature),
        (other.public, message, signature),
        (key.public, message + b"x", signature),
        (key.public, message, signature[:-1]),
        (key.public, message, bytes(64)),
        (bytes(65), message, signature),
        (b"", b"", b""),
        (key.public, b"", key.sign(b"")),
    ], [True, False, False, False, False, False, False, True]


async def test_each_signature_is_judged_by_itself(aside: ChecksAside) -> None:
    asked, expected = checks()
    assert await aside.hold(asked) == expected
    assert await aside.hold([]) == []
    assert await aside.hold(asked * 300) == expected * 300


async def test_a_process_that_was_killed_is_done_without_and_started_again(
    aside: ChecksAside,
) -> None:
    asked, expected = checks()
    await aside.hold(asked)
    for _ in range(2):
        os.kill(child(), signal.SIGKILL)
        assert await aside.hold(asked) == expected
        assert await aside.hold(asked) == expected
        assert child() > 0


async def test_a_process_whose_end_was_noticed_before_the_question_is_started_again(
    aside: ChecksAside,
) -> None:
    asked, expected = checks()
    await aside.hold(asked)
    os.kill(before := child(), signal.SIGKILL)
    while Path(f"/proc/{before}").exists():  # noqa: ASYNC110, ASYNC240 - the loop takes it away
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)  # its pipes are closed, too
    assert await aside.hold(asked) == expected
    assert await aside.hold(asked) == expected
    assert child() not in (0, before)


async def test_a_process_killed_in_the_middle_of_a_question_is_done_without(
    aside: ChecksAside,
) -> None:
    asked, expected = checks()
    await aside.hold(asked)
    answering = asyncio.create_task(aside.hold(asked * 2_000))
    await asyncio.sleep(0.02)
    os.kill(child(), signal.SIGKILL)
    assert await answering == expected * 2_000


async def test_a_process_that_stands_still_is_not_waited_for_and_started_again(
    aside: ChecksAside, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, expected = checks()
    await aside.hold(asked)
    os.kill(still := child(), signal.SIGSTOP)
    monkeypatch.setattr("kernel.crypto.aside.PATIENCE_S", 0.5)
    assert await asyncio.wait_for(aside.hold(asked), 10) == expected
    assert child() == 0
    monkeypatch.undo()
    assert await aside.hold(asked) == expected
    assert child() not in (0, still)


async def test_a_question_given_up_is_not_answered_to_the_next(aside: ChecksAside) -> None:
    asked, expected = checks()
    given_up = asyncio.create_task(aside.hold(asked[:1] * 9))
    await asyncio.sleep(0.01)
    given_up.cancel()
    await asyncio.wait([given_up])
    assert given_up.cancelled()
    assert await aside.hold(asked) == expected


async def test_it_lets_ctrl_c_be_for_the_program_that_asks(aside: ChecksAside) -> None:
    asked, expected = checks()
    await aside.hold(asked)
    before = child()
    os.kill(before, signal.SIGINT)
    assert await aside.hold(asked) == expected
    assert child() == before


async def test_nothing_is_left_when_it_is_stopped(aside: ChecksAside) -> None:
    await aside.hold(checks()[0])
    await aside.stop()
    assert child() == 0


def child() -> int:
    """The process that answers; 0 when there is none."""
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - names are enough
        try:
            with open(f"/proc/{name}/stat") as stat, open(f"/proc/{name}/cmdline") as said:  # noqa: PTH123 - as above
                mine = int(stat.read().rpartition(")")[2].split()[1]) == os.getpid()
                if mine and "kernel.crypto.aside" in said.read():
                    return int(name)
        except OSError:
            continue
    return 0
