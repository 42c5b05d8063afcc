"""What of a candidate is sealed at rest: ID number, telephone, portrait.

Rules kept here: each field is bound to its candidate and its name, so that none opens as another.
"""

from kernel.codec import encode
from kernel.crypto import envelope
from kernel.crypto.keyring import KeyRing


class Sealer:
    """Seals and opens fields. ``field`` is ``id_number``, ``phone`` or ``portrait``."""

    def __init__(self, keyring: KeyRing) -> None:
        self._key = keyring.lookup_key("registration/sealed-fields")

    def seal(self, candidate_id: str, field: str, plain: bytes) -> bytes:
        """The envelope."""
        return envelope.seal(self._key, plain, _purpose(candidate_id, field))

    def open(self, candidate_id: str, field: str, sealed: bytes) -> bytes:
        """The plain bytes. Raises ValueError when it is not this candidate's field."""
        return envelope.unseal(self._key, sealed, _purpose(candidate_id, field))


def portrait_blob(session_id: str, candidate_id: str) -> str:
    """Where a sealed portrait lies."""
    return f"registration/{session_id}/{candidate_id}.portrait"


def _purpose(candidate_id: str, field: str) -> bytes:
    return encode("candidate-field", 1, [candidate_id, field])
