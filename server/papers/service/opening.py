"""Opening the parts of a package with a key that is at hand.

Rules kept here: what opens must be what the signed manifest names; anything else is refused with
the part or form that differs.
"""

import msgspec

from kernel.codec import encode
from kernel.crypto import envelope
from kernel.crypto.signing import server_signature_holds
from kernel.errors import Kind, Refusal
from paper.package import Content, Package, Scoring, part_purpose, signed_bytes
from server.papers.rules import Part, check_content


def signature_holds(package: Package) -> bool:
    """True when the manifest's signer signed exactly these manifest bytes."""
    try:
        public = bytes.fromhex(package.manifest.signer_public)
    except ValueError:
        return False
    message = signed_bytes(package.manifest_bytes)
    return server_signature_holds(public, message, package.signature)


def open_content(package: Package, key: bytes) -> Content:
    """Raises ``papers.key_wrong``, ``papers.form_differs``."""
    plain = _unsealed(package, key, Part.CONTENT)
    try:
        content = msgspec.json.decode(plain, type=Content)
    except msgspec.DecodeError as wrong:
        raise Refusal("papers.form_differs", Kind.CONFLICT, form="*") from wrong
    check_content(package.manifest, content)
    return content


def open_scoring(package: Package, key: bytes) -> Scoring:
    """Raises ``papers.key_wrong``."""
    try:
        return msgspec.json.decode(_unsealed(package, key, Part.SCORING), type=Scoring)
    except msgspec.DecodeError as wrong:
        raise Refusal("papers.key_wrong", Kind.CONFLICT, part=Part.SCORING.value) from wrong


def wrap_purpose(session_id: str, package_id: str, part: Part) -> bytes:
    """What the key ring binds a kept key to."""
    return encode("papers-key", 1, [session_id, package_id, part.value])


def _unsealed(package: Package, key: bytes, part: Part) -> bytes:
    sealed = package.content if part is Part.CONTENT else package.scoring
    purpose = part_purpose(package.manifest.package_id, part.value)
    try:
        return envelope.unseal(key, sealed, purpose)
    except ValueError as wrong:
        raise Refusal("papers.key_wrong", Kind.CONFLICT, part=part.value) from wrong
