"""``gongyuan face evaluate PAIRS.csv`` and ``gongyuan face replay SESSION``."""

import argparse
import asyncio
from pathlib import Path

from kernel.errors import Refusal
from kernel.settings import FaceSettings, Settings
from server.app import build, face_commands


def face_arguments(command: argparse.ArgumentParser) -> None:
    """Two acts; both print JSON lines."""
    acts = command.add_subparsers(dest="act", required=True, metavar="ACT")
    evaluate = acts.add_parser("evaluate", help="FMR/FNMR table of labelled pairs · 评测")
    evaluate.add_argument("pairs", type=Path, help="CSV with columns a,b,same · 样本对")
    evaluate.add_argument("--engine", choices=("sface", "dlib"), help="default: settings · 引擎")
    replay = acts.add_parser("replay", help="recompute every stored score · 复算")
    replay.add_argument("session", help="session id · 场次编号")


def run_face(chosen: argparse.Namespace) -> int:
    """Replay exits 1 when one score comes out differently."""
    settings = Settings()
    if chosen.act == "replay":
        return asyncio.run(_replay(settings, chosen.session))
    face = settings.face
    if chosen.engine:
        face = FaceSettings.model_validate({**face.model_dump(), "engine": chosen.engine})
    asyncio.run(face_commands.evaluate(chosen.pairs, face))
    return 0


async def _replay(settings: Settings, session_id: str) -> int:
    services = build(settings)
    await services.pool.start()
    try:
        summary = await face_commands.replay(session_id, services.proctor)
    finally:
        await services.pool.stop()
        await services.database.close()
    if not summary.comparisons:
        raise Refusal("cli.nothing_compared", session=session_id)
    return 0 if summary.holds else 1
