"""The vectors are what the code writes, and they prove themselves without it."""

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.codec import decode_any, encode
from kernel.crypto.signing import device_signature_holds, server_signature_holds
from kernel.crypto.suite import InternationalSuite
from ledger.record import open_record
from tests.vectors.make import FOLDER, as_text, vectors


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(vectors()))
def test_the_file_is_fresh(name: str) -> None:
    stored = (FOLDER / name).read_text(encoding="utf-8")
    assert stored == as_text(vectors()[name]), "run python -m tests.vectors.make"


def test_the_devices_signatures_hold() -> None:
    client = load("client.json")
    public = bytes.fromhex(client["public_key_hex"])
    for part in (client["batch"], client["final"]):
        message, signature = (
            bytes.fromhex(part["message_hex"]),
            bytes.fromhex(part["signature_hex"]),
        )
        assert device_signature_holds(public, message, signature)
        assert not device_signature_holds(public, message + b"\0", signature)
    content = hashlib.sha256(b"".join(bytes.fromhex(e["hex"]) for e in client["events"])).digest()
    assert decode_any(bytes.fromhex(client["batch"]["message_hex"]))[2][-1] == content


def test_the_servers_signatures_hold() -> None:
    acks = load("ack.json")
    public = bytes.fromhex(acks["server_public_hex"])
    for part in (acks["ack"], acks["receipt"], load("seal.json")):
        frame, signature = bytes.fromhex(part["frame_hex"]), bytes.fromhex(part["signature_hex"])
        assert server_signature_holds(public, frame, signature)
        assert not server_signature_holds(public, frame[:-1], signature)


def test_records_chain_and_open_by_the_published_steps_alone() -> None:
    """docs/formats/ledger.md, written again from its text with the cryptography library."""
    file = load("record.json")
    key, previous = bytes.fromhex(file["data_key_hex"]), bytes(32)
    for one in file["records"]:
        header, ciphertext = bytes.fromhex(one["header_hex"]), bytes.fromhex(one["ciphertext_hex"])
        kind, version, fields = decode_any(header)
        assert (kind, version) == ("record-header", 1)
        assert fields[3] == previous
        info = encode("record-keys", 1, [fields[0], fields[1], fields[7]])
        derived = HKDF(SHA256(), length=76, salt=fields[8], info=info).derive(key)
        body = AESGCM(derived[:32]).decrypt(derived[32:44], ciphertext, header)
        commit = hashlib.sha256(encode("body-commit", 1, [derived[44:], len(body), body])).digest()
        assert commit == fields[9]
        size = int.from_bytes(body[:4], "big")
        assert not any(body[4 + size :])
        found = decode_any(body[4 : 4 + size])[2]
        assert (found[0], json.loads(found[1])) == (one["kind"], one["content"])
        previous = hashlib.sha256(encode("record", 1, [header, ciphertext])).digest()
        assert previous.hex() == one["hash_hex"]
        assert open_record(InternationalSuite(), key, header, ciphertext).kind == one["kind"]
