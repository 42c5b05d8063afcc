"""``gongyuan demo [--host H] [--port P] [--data DIR]``."""

import argparse
from pathlib import Path

from kernel.settings import Settings
from server.demo.program import Wish, run


def demo_arguments(command: argparse.ArgumentParser) -> None:
    """Where to listen, and where to keep the data."""
    command.add_argument("--host", default="127.0.0.1", help="listen here · 监听地址")
    command.add_argument("--port", type=int, default=8000, help="listen here; +1: practice · 端口")
    command.add_argument("--data", type=Path, help="keep the data here · 保留数据的目录")


def run_demo(chosen: argparse.Namespace) -> int:
    """Until Ctrl-C."""
    settings = Settings()
    return run(
        Wish(
            host=chosen.host,
            port=chosen.port,
            data=chosen.data,
            client=settings.client_dir,
            models=settings.face.models_dir,
        )
    )
