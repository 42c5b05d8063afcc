"""Devices' signatures checked in a process of its own, for who has many while the loop is busy.

A check in a thread comes back for the interpreter's lock after every signature, and beside a busy
event loop waits for it some milliseconds each time; a process waits for nobody (ADR 0031).

Rules kept here: the other process gets public keys, messages and signatures, and no secret; it ends
when its input ends, also when this process was killed; whatever it does not answer, or not in time,
is checked here, so it can only be slow and never wrong to lose it.

    question = length(u32, big-endian) MessagePack(list of (public, message, signature))
    answer = length(u32, big-endian) bytes(one for each, 1 for a good one)
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from struct import Struct

import msgspec

from kernel.crypto.signing import DevicePublicKey

Check = tuple[bytes, bytes, bytes]
"""Public key (65 bytes), message, signature (r ‖ s)."""

PATIENCE_S = 5.0
"""Hundreds of checks take less than a tenth of a second."""
_LENGTH = Struct(">I")
_BROKEN = (OSError, EOFError, asyncio.IncompleteReadError)
"""``TimeoutError`` is an ``OSError``."""


class ChecksAside:
    """Starts its process at the first question, and again when it is gone."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._keys: dict[bytes, DevicePublicKey] = {}

    async def hold(self, checks: Sequence[Check]) -> list[bool]:
        """Whether each signature is good; one question at a time."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                process = self._process or await self._start()
                answer = await _ask(process, msgspec.msgpack.encode(checks))
        except _BROKEN:
            await self.stop()
            answer = judged(checks, self._keys)
        except asyncio.CancelledError:  # its answer would be taken for that of the next question
            await self.stop()
            raise
        return [one == 1 for one in answer]

    async def stop(self) -> None:
        """Ends the process; the next question starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return self._process


async def _ask(process: asyncio.subprocess.Process, question: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    try:
        process.stdin.write(_LENGTH.pack(len(question)) + question)
    except RuntimeError as closed:  # uvloop's word for a pipe that it has closed
        raise BrokenPipeError from closed
    await process.stdin.drain()
    (size,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
    return await process.stdout.readexactly(size)


def judged(checks: Sequence[Check], keys: dict[bytes, DevicePublicKey]) -> bytes:
    """One byte for each check; ``keys`` remembers what was read."""
    return bytes(_judge(check, keys) for check in checks)


KEYS_KEPT = 20_000


def _judge(check: Check, keys: dict[bytes, DevicePublicKey]) -> int:
    public, message, signature = check
    key = keys.get(public)
    if key is None:
        try:
            key = DevicePublicKey(public)
        except ValueError:
            return 0
        if len(keys) >= KEYS_KEPT:
            keys.clear()
        keys[public] = key
    return int(key.holds(message, signature))


def main() -> None:
    """Answers until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that asks
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    decoder, keys = msgspec.msgpack.Decoder(list[Check]), dict[bytes, DevicePublicKey]()
    while len(size := questions.read(_LENGTH.size)) == _LENGTH.size:
        question = questions.read(_LENGTH.unpack(size)[0])
        answer = judged(decoder.decode(question), keys)
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    main()
