"""paper.package: parts that do not fit the manifest never come out."""

import hashlib
import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refusal
from paper.items import FormItem, ItemType, Option
from paper.package import (
    FORMAT,
    Form,
    FormSummary,
    Manifest,
    Package,
    form_hash,
    manifest_bytes,
    pack,
    part_purpose,
    share_info,
    unpack,
)

ITEM = FormItem(
    "i1", ItemType.JUDGE, "题", (Option("true", "正确"), Option("false", "错误")), "1", "A"
)
FORM = Form("A", (ITEM,))


def _package(content: bytes = b"content", scoring: bytes = b"scoring") -> Package:
    manifest = Manifest(
        format=FORMAT,
        package_id="p1",
        occupation_code="4-04-05-05",
        occupation_name="人工智能训练师",
        level=3,
        title="理论",
        pass_score="60",
        sealed_at_ms=1,
        forms=(FormSummary("A", 1, "1", form_hash(FORM).hex()),),
        content_sha256=hashlib.sha256(content).hexdigest(),
        scoring_sha256=hashlib.sha256(scoring).hexdigest(),
        shares_needed=2,
        content_shares=(),
        scoring_shares=(),
        signer_public="00",
    )
    return Package(manifest, manifest_bytes(manifest), b"sig", content, scoring)


def test_a_package_comes_out_as_it_went_in_and_packs_to_the_same_bytes() -> None:
    packed = pack(_package())
    assert unpack(packed) == _package()
    assert pack(unpack(packed)) == packed


@pytest.mark.parametrize("flip", [1, 2, 4, 0x80, 0xFF])
def test_every_single_damaged_byte_is_refused_or_harms_nothing(flip: int) -> None:
    packed = pack(_package())
    for at in range(len(packed)):
        damaged = packed[:at] + bytes([packed[at] ^ flip]) + packed[at + 1 :]
        with suppress(Refusal):
            found = unpack(damaged)
            assert (found.content, found.scoring) == (b"content", b"scoring")


@given(st.data())
def test_no_changed_byte_yields_other_parts(data: st.DataObject) -> None:
    packed = bytearray(pack(_package()))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    try:
        found = unpack(bytes(packed))
    except Refusal:
        return
    assert (found.content, found.scoring) == (b"content", b"scoring")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip at all"])
def test_a_broken_zip_is_refused_with_words(data: bytes) -> None:
    with pytest.raises(Refusal, match="package.unreadable"):
        unpack(data)


def test_a_zip_with_other_parts_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("../manifest.json", "{}")
    with pytest.raises(Refusal, match="package.unreadable"):
        unpack(out.getvalue())


def test_content_that_is_not_the_manifests_is_refused() -> None:
    honest = _package()
    swapped = Package(honest.manifest, honest.manifest_bytes, b"sig", b"other", honest.scoring)
    with pytest.raises(Refusal, match="package.hash"):
        unpack(pack(swapped))


def test_purposes_of_parts_and_shares_are_all_different() -> None:
    purposes = {
        part_purpose("p1", "content"),
        part_purpose("p1", "scoring"),
        part_purpose("p2", "content"),
        share_info("p1", "content", "h1"),
        share_info("p1", "content", "h2"),
        share_info("p1", "scoring", "h1"),
    }
    assert len(purposes) == 6


def test_the_form_hash_covers_every_word_and_the_order() -> None:
    second = FormItem("i2", ItemType.JUDGE, "题2", ITEM.options, "1", "A")
    hashes = {
        form_hash(FORM),
        form_hash(Form("B", (ITEM,))),
        form_hash(Form("A", (ITEM, second))),
        form_hash(Form("A", (second, ITEM))),
    }
    assert len(hashes) == 4
