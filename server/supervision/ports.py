"""What supervision asks of others: the picture of a capture."""

from typing import Protocol

from server.invigilation.tables import CaptureRow


class Pictures(Protocol):
    """Pictures of the camera, where they are kept."""

    async def image(self, capture: CaptureRow) -> bytes:
        """JPEG. Raises a Refusal, KeyError or FileNotFoundError once it is gone."""
        ...
