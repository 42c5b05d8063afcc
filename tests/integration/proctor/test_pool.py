"""The matcher processes: killed, flooded, stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.errors import Kind, Refusal
from kernel.settings import FaceSettings
from proctor.bench import bench_face
from proctor.pool import FacePool
from tests.unit.proctor import faces


def alive(process_id: int) -> bool:
    """False for a process that is gone, or dead and waiting for whoever inherited it."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def test_a_killed_worker_costs_nobody_an_answer() -> None:
    pool = FacePool(FaceSettings(workers=2))
    await pool.start()
    try:
        looks = [asyncio.create_task(pool.look(faces.frame("two_people"))) for _ in range(6)]
        await asyncio.sleep(0)
        before = pool.worker_ids
        os.kill(before[0], signal.SIGKILL)
        assert [len((await look).faces) for look in looks] == [2] * 6
        assert before[0] not in pool.worker_ids
        last = pool.worker_ids
    finally:
        await pool.stop()
    assert not any(alive(process_id) for process_id in {*before, *last})


async def test_a_full_queue_is_refused_at_once() -> None:
    pool = FacePool(FaceSettings(workers=1, queue=2))
    await pool.start()
    try:
        answers = await asyncio.gather(
            *(pool.look(faces.frame("obama_640")) for _ in range(8)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, Refusal)]
        assert len(refused) == 5
        assert {(one.code, one.kind) for one in refused} == {("proctor.busy", Kind.UNAVAILABLE)}
        assert len((await pool.look(faces.frame("obama_640"))).faces) == 1
    finally:
        await pool.stop()


async def test_a_stopped_pool_refuses() -> None:
    pool = FacePool(FaceSettings())
    await pool.stop()
    with pytest.raises(Refusal, match=r"proctor.stopped"):
        await pool.look(faces.frame("obama_640"))


async def test_a_start_without_models_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"face.model_missing"):
        await FacePool(FaceSettings(models_dir=tmp_path)).start()


PARENT = """
import asyncio
from kernel.settings import FaceSettings
from proctor.pool import FacePool
async def main():
    pool = FacePool(FaceSettings())
    await pool.start()
    print(pool.worker_ids[0], flush=True)
    await asyncio.Event().wait()
if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert parent.stdout is not None
    worker = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    assert await parent.stdout.read() == b""  # ends when the worker, too, has let go of it
    assert not alive(worker)


def test_the_web_process_loads_no_vision_library() -> None:
    asked = (
        "import sys, proctor.service, proctor.pool, proctor.commands, proctor.bench;"
        "sys.exit(any(name in sys.modules for name in ('cv2', 'dlib', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


async def test_the_pool_keeps_most_of_what_the_models_can_do() -> None:
    lines: list[dict[str, object]] = []
    result = await bench_face(
        faces.frame("obama_640"), FaceSettings(), rounds=15, emit=lines.append
    )
    assert result.ours_per_core_s > 0.5 * result.limit_per_core_s > 0
    assert lines[0]["bench"] == "face"


async def test_thumbnails_are_made_in_the_pool(pool: FacePool) -> None:
    assert len(await pool.thumbnail(faces.frame("obama_640"), 160)) < 10_000
