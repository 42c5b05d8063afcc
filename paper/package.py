"""The sealed paper package: one file that carries a paper from the bank to the hall.

Rules kept here: content and scoring key are two ciphertexts under two keys; the manifest is public,
canonical and signed; every part is named by its SHA-256; a form's hash covers everything a
candidate may see, in the bank's order. Layout in docs/formats/package.md. Encryption is done by the
callers.
"""

import hashlib
import io
import zipfile

import msgspec

from kernel.codec import canonical_json, encode
from kernel.errors import DAMAGED_ZIP, Refusal
from paper.items import FormItem
from paper.scoring import Key

FORMAT = "gongyuan-package-1"
_PARTS = ("manifest.json", "manifest.sig", "content.bin", "scoring.bin")
_PART_LIMIT_BYTES = 64 * 1024 * 1024
_UNREADABLE: tuple[type[Exception], ...] = (*DAMAGED_ZIP, msgspec.DecodeError)


class Form(msgspec.Struct, frozen=True):
    """One form (卷 A, B …): its items in the bank's order."""

    form_code: str
    items: tuple[FormItem, ...]


class Content(msgspec.Struct, frozen=True):
    """What the content key opens."""

    title: str
    forms: tuple[Form, ...]


class Scoring(msgspec.Struct, frozen=True):
    """What the scoring key opens: item id → key."""

    keys: dict[str, Key]


class SealedShare(msgspec.Struct, frozen=True):
    """One holder's share: ``sealed`` is hex of the HPKE ciphertext."""

    holder_id: str
    sealed: str


class FormSummary(msgspec.Struct, frozen=True):
    """What may be known of a form before release. ``form_hash`` is hex SHA-256."""

    form_code: str
    item_count: int
    full_score: str
    form_hash: str


class Manifest(msgspec.Struct, frozen=True):
    """The public part. Hashes are hex SHA-256 of the ciphertexts as they lie in the package."""

    format: str
    package_id: str
    occupation_code: str
    occupation_name: str
    level: int
    title: str
    pass_score: str
    sealed_at_ms: int
    forms: tuple[FormSummary, ...]
    content_sha256: str
    scoring_sha256: str
    shares_needed: int
    content_shares: tuple[SealedShare, ...]
    scoring_shares: tuple[SealedShare, ...]
    signer_public: str


class Package(msgspec.Struct, frozen=True):
    """The parts of the file."""

    manifest: Manifest
    manifest_bytes: bytes
    signature: bytes
    content: bytes
    scoring: bytes


def form_hash(form: Form) -> bytes:
    """SHA-256 over the canonical frame of the form."""
    body = canonical_json(msgspec.to_builtins(form))
    return hashlib.sha256(encode("form", 1, [form.form_code, body])).digest()


def manifest_bytes(manifest: Manifest) -> bytes:
    """The bytes that are stored and, framed by ``signed_bytes``, signed."""
    return canonical_json(msgspec.to_builtins(manifest))


def signed_bytes(stored_manifest: bytes) -> bytes:
    """The frame under the bank's signature."""
    return encode("package-manifest", 1, [stored_manifest])


def part_purpose(package_id: str, part: str) -> bytes:
    """Associated data of ``content`` or ``scoring``: a part of one package opens nowhere else."""
    return encode("package-part", 1, [package_id, part])


def share_info(package_id: str, part: str, holder_id: str) -> bytes:
    """HPKE info of a share."""
    return encode("package-share", 1, [package_id, part, holder_id])


def pack(package: Package) -> bytes:
    """The file: a ZIP, stored without compression, parts in fixed order and with a fixed date."""
    out = io.BytesIO()
    parts = (package.manifest_bytes, package.signature, package.content, package.scoring)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        for name, data in zip(_PARTS, parts, strict=True):
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def unpack(data: bytes) -> Package:
    """The parts, with both hashes checked (the signature is the caller's to check).

    Raises ``package.unreadable``, ``package.format``, ``package.hash``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            if tuple(file.namelist()) != _PARTS:
                raise Refusal("package.unreadable", detail="parts")
            if any(info.file_size > _PART_LIMIT_BYTES for info in file.infolist()):
                raise Refusal("package.unreadable", detail="size")
            stored, signature, content, scoring = (file.read(name) for name in _PARTS)
        manifest = msgspec.json.decode(stored, type=Manifest)
    except _UNREADABLE as wrong:
        raise Refusal("package.unreadable", detail=str(wrong)[:120]) from wrong
    if manifest.format != FORMAT or manifest_bytes(manifest) != stored:
        raise Refusal("package.format", format=manifest.format[:40])
    for name, part, named in (
        ("content", content, manifest.content_sha256),
        ("scoring", scoring, manifest.scoring_sha256),
    ):
        if hashlib.sha256(part).hexdigest() != named:
            raise Refusal("package.hash", part=name)
    return Package(manifest, stored, signature, content, scoring)
