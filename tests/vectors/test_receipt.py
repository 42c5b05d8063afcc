"""The vectors of a receipt's proof and of an opening, which TypeScript reads too.

``python -m tests.vectors.test_receipt`` writes them anew.
"""

import json
from pathlib import Path
from typing import Any

from kernel.crypto.suite import InternationalSuite
from ledger.disclosure import Opening, check_opening, make_opening
from ledger.receipts import check_receipt_proof, read_receipt_proof
from ledger.record import ZERO_HASH, Place, seal_record
from tests.proofs import AT_MS, LOG, ORIGIN, STREAM, receipt_text, witness_keys

PATH = Path(__file__).with_name("receipt.json")
DATA_KEY, SALT = bytes(range(32)), bytes(range(32, 64))
CONTENT = {"client_seq": 1, "client_ms": AT_MS, "item_id": "item_1", "response": {"options": ["b"]}}


def made() -> dict[str, Any]:
    """Everything again from fixed keys."""
    proofs = []
    for name, witnesses, before, after in (("cosigned", 2, 5, 6), ("alone", 0, 0, 0)):
        text = receipt_text(witnesses=witnesses, before=before, after=after)
        proven = check_receipt_proof(read_receipt_proof(text), trust=LOG.public)
        proofs.append(
            {
                "name": name, "text": text, "index": proven.index, "size": proven.size,
                "cosigned": proven.cosigned,
            }
        )  # fmt: skip
    suite = InternationalSuite()
    sealed = seal_record(
        suite, DATA_KEY, Place(ORIGIN, STREAM, 1, ZERO_HASH, 1), salt=SALT, server_ms=AT_MS,
        epoch=1, kind="answer_set", content=CONTENT,
    )  # fmt: skip
    opening = make_opening(DATA_KEY, sealed.header, sealed.ciphertext)
    return {
        "public_hex": LOG.public.hex(),
        "origin": ORIGIN,
        "stream_id": STREAM,
        "witnesses": [key.text() for key in witness_keys()],
        "proofs": proofs,
        "opening": {
            "hex": opening.to_bytes().hex(), "record_hash_hex": sealed.hash.hex(),
            "data_key_hex": DATA_KEY.hex(), "content": CONTENT,
        },
    }  # fmt: skip


def kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PATH.read_text())
    return found


def test_proofs_and_openings_are_made_as_the_vectors_say() -> None:
    assert kept() == made()


def test_the_vectors_hold() -> None:
    vectors = kept()
    opened = check_opening(Opening.from_bytes(bytes.fromhex(vectors["opening"]["hex"])))
    assert opened.hash.hex() == vectors["opening"]["record_hash_hex"]
    assert opened.body.content == CONTENT
    read = read_receipt_proof(vectors["proofs"][0]["text"])
    assert check_receipt_proof(read, witnesses=witness_keys(), quorum=2).size == 12


if __name__ == "__main__":
    PATH.write_text(json.dumps(made(), ensure_ascii=False, indent=1) + "\n")
