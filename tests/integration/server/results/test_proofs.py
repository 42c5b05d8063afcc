"""Proof files by code and for the candidate, and the sheet whose QR code gives the file back."""

import io

import pytest
from pypdf import PdfReader

from kernel.errors import Refusal
from kernel.printing import symbols
from ledger.receipts import check_receipt_proof, read_receipt_proof
from ledger.tree.entry import tree_entry
from server.results.service import Proving
from server.results.service.sheet import receipt_pdf
from server.sittings.tables import SittingRow
from setup.places import FONTS
from tests.integration.server.after import ORIGIN, ROOM, SESSION, Afternoon, sitting_of, staff
from tests.proofs import SmallTree, receipt_text, witness_keys
from tests.qr import images_of, read_qr

FONT = FONTS / "NotoSansSC-Regular.ttf"
INVIGILATOR = staff("invigilator")


@pytest.fixture
async def tree(hall: Afternoon) -> SmallTree:
    """Every receipt's last record is in it."""
    made = SmallTree(origin=ORIGIN, signer=hall.keyring.signer("ledger"))
    for name in ("alice", "bob", "chen", "erik"):
        receipt = await receipt_of(hall, name)
        stated = read_frame(receipt)
        made.place(tree_entry(*stated), before=3, after=2)
    return made


@pytest.fixture
def proving(hall: Afternoon, tree: SmallTree) -> Proving:
    return Proving(hall.database, hall.clock, hall.ledger, tree)


async def receipt_of(hall: Afternoon, name: str) -> dict[str, str]:
    async with hall.database.read() as session:
        row = await session.get_one(SittingRow, sitting_of(name))
        assert row.receipt is not None
        return row.receipt


def read_frame(receipt: dict[str, str]) -> tuple[str, int, bytes]:
    from ledger.receipts import read_receipt_frame

    stated = read_receipt_frame(bytes.fromhex(receipt["frame_hex"]))
    return stated.stream_id, stated.count, stated.head


async def test_the_proof_is_found_by_code_and_holds_offline(
    hall: Afternoon, proving: Proving
) -> None:
    receipt = await receipt_of(hall, "alice")
    made = await proving.by_code(receipt["receipt_code"].lower(), address="a")
    assert made.code == receipt["receipt_code"]
    proven = check_receipt_proof(
        read_receipt_proof(made.text), trust=hall.ledger.server_public, witnesses=witness_keys(),
        quorum=2,
    )  # fmt: skip
    assert proven.stated.head.hex() == receipt["head_hex"]
    assert proven.stated.stream_id == f"sitting/{sitting_of('alice')}"
    assert "Alice" not in made.text
    assert made.text == (await proving.own(sitting_of("alice"))).text


async def test_without_a_covering_checkpoint_there_is_no_proof_yet(
    tree: SmallTree, proving: Proving
) -> None:
    tree.entries.clear()
    with pytest.raises(Refusal, match="receipt.not_covered"):
        await proving.own(sitting_of("alice"))
    with pytest.raises(Refusal, match="receipt.not_covered"):
        await proving.sheets(INVIGILATOR, SESSION, ROOM)


async def test_who_has_not_handed_in_has_no_proof(proving: Proving) -> None:
    with pytest.raises(Refusal, match="receipt.unknown"):
        await proving.own(sitting_of("dora"))
    with pytest.raises(Refusal, match="receipt.unknown"):
        await proving.by_code("000000000000", address="a")


async def test_guessing_codes_is_paced(proving: Proving) -> None:
    for _ in range(20):
        with pytest.raises(Refusal, match="receipt.unknown"):
            await proving.by_code("000000000000", address="a")
    with pytest.raises(Refusal, match="receipt.too_many"):
        await proving.by_code("000000000000", address="a")


async def test_the_sheet_says_what_it_proves_and_its_code_scans_back(proving: Proving) -> None:
    printed = await proving.sheet(INVIGILATOR, sitting_of("alice"))
    assert printed.proof is not None
    pdf = receipt_pdf([printed], FONT)
    [image] = images_of(pdf)
    assert read_qr(image) == printed.proof.text
    words = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    code = printed.proof.code
    assert f"{code[:4]}-{code[4:8]}-{code[8:]}" in words
    assert "不证明" in words
    assert "It does not prove" in words
    assert "2 个见证签名" in words
    assert "Alice" not in words
    assert "A" in words


async def test_an_uncosigned_proof_says_so_on_paper(tree: SmallTree, proving: Proving) -> None:
    tree.witnesses = 0
    pdf = receipt_pdf([await proving.sheet(INVIGILATOR, sitting_of("bob"))], FONT)
    assert "not yet cosigned" in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


async def test_the_rooms_stack_has_a_page_for_everybody_who_handed_in(proving: Proving) -> None:
    sheets = await proving.sheets(INVIGILATOR, SESSION, ROOM)
    assert len(sheets) == 4
    pdf = receipt_pdf(sheets, FONT)
    texts = [read_qr(image) for image in images_of(pdf)]
    assert texts == [one.proof.text for one in sheets if one.proof is not None]


async def test_whose_receipt_is_not_made_yet_has_a_page_that_says_so_and_stops_no_other(
    hall: Afternoon, proving: Proving
) -> None:
    async with hall.database.write() as tx:
        (await tx.get_one(SittingRow, sitting_of("bob"))).receipt = None
    sheets = await proving.sheets(INVIGILATOR, SESSION, ROOM)
    pdf = receipt_pdf(sheets, FONT)
    texts = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    without = [at for at, text in enumerate(texts) if "回执尚未生成" in text]
    assert (len(texts), len(images_of(pdf)), len(without)) == (4, 3, 1)
    [lacking] = [one for one in sheets if one.sitting.id == sitting_of("bob")]
    assert lacking.candidate.ticket_no in texts[without[0]]
    assert "not made yet" in texts[without[0]]
    with pytest.raises(Refusal, match="receipt.unknown"):
        await proving.sheet(INVIGILATOR, sitting_of("bob"))


@pytest.mark.parametrize("name", ["marker", "outsider"])
async def test_others_print_nothing(proving: Proving, name: str) -> None:
    with pytest.raises(Refusal, match="access.role_missing|sessions.not_staffed"):
        await proving.sheet(staff(name), sitting_of("alice"))


@pytest.mark.parametrize("path", [0, 10, 17, 20])
def test_one_symbol_holds_the_proof_of_a_tree_of_a_million(path: int) -> None:
    import numpy as np
    from PIL import Image

    text = receipt_text(path=path)
    [png] = symbols(text)
    assert read_qr(np.asarray(Image.open(io.BytesIO(png)).convert("L"))) == text


def test_a_longer_one_is_spread_over_a_sequence() -> None:
    import numpy as np
    from PIL import Image

    text = receipt_text(path=40, witnesses=3)
    images = symbols(text)
    assert 2 <= len(images) <= 4
    parts = [read_qr(np.asarray(Image.open(io.BytesIO(one)).convert("L"))) for one in images]
    assert "".join(parts) == text
