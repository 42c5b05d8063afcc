"""The preloaded shim of `shim.c`: built once per run, steered through a small mapped file."""

import mmap
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
_CONTROL = struct.Struct("=qqq")


def build(folder: Path) -> Path:
    """The compiled shim; needs gcc."""
    made = folder / "shim.so"
    words = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(made), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run(words, check=True)
    return made


class Shim:
    """What happens to one program's files below ``folder`` and to its wall clock."""

    def __init__(self, library: Path, folder: Path, *, trace: Path | None = None) -> None:
        control = folder.parent / f"{folder.name}.control"
        control.write_bytes(_CONTROL.pack(0, 0, 0))
        with control.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), _CONTROL.size)
        self.environment = {
            "LD_PRELOAD": str(library),
            "GONGYUAN_SHIM_CONTROL": str(control),
            "GONGYUAN_SHIM_FOLDER": str(folder),
        }
        if trace is not None:
            self.environment["GONGYUAN_SHIM_TRACE"] = str(trace)

    def set(self, *, clock_ms: int = 0, fsync_ms: int = 0, error: int = 0) -> None:
        """From now on: the wall clock off by, every fsync later by, every write failing with."""
        self._control[:] = _CONTROL.pack(clock_ms, fsync_ms, error)
