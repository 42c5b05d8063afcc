"""The pictures that stand in for faces: a portrait and camera frames per person.

A folder holds ``id/<name>_id.jpg`` and ``capture/<name>*.jpg`` (the layout of the project's
public-domain set); whoever has no other frame shows the portrait's.
"""

from dataclasses import dataclass
from pathlib import Path

from kernel.errors import Refusal


@dataclass(frozen=True, slots=True)
class FaceSet:
    """One stand-in: portrait and usable camera frames, all JPEG bytes."""

    name: str
    portrait: bytes
    frames: tuple[bytes, ...]


OWN = Path(__file__).parent / "pictures"


def load_faces(folder: Path | None = None) -> dict[str, FaceSet]:
    """Every person of the folder (default: the product's own set). Raises
    ``rehearsal.no_faces``.
    """
    folder = folder or OWN
    found: dict[str, FaceSet] = {}
    for portrait in sorted(folder.glob("id/*_id.jpg")):
        name = portrait.name.removesuffix("_id.jpg")
        frames = sorted(folder.glob(f"capture/{name}*_640.jpg"))
        found[name] = FaceSet(name, portrait.read_bytes(), tuple(f.read_bytes() for f in frames))
    usable = {name: face for name, face in found.items() if face.frames}
    if not usable:
        raise Refusal("rehearsal.no_faces", folder=str(folder))
    return usable
