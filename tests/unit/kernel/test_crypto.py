"""kernel.crypto: every sealed thing opens only as what it was sealed as."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.crypto import digest, envelope, holders, passwords, signing
from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.suite import suite_named

KEY = bytes(range(32))


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_an_envelope_opens_only_under_its_key_and_purpose(data: bytes, purpose: bytes) -> None:
    sealed = envelope.seal(KEY, data, purpose)
    assert envelope.unseal(KEY, sealed, purpose) == data
    for key, what in ((KEY[::-1], purpose), (KEY, purpose + b"x")):
        with pytest.raises(ValueError, match="does not open"):
            envelope.unseal(key, sealed, what)


@given(st.data())
def test_one_changed_bit_in_an_envelope_is_found(data: st.DataObject) -> None:
    sealed = bytearray(envelope.seal(KEY, b"answer B", b"p"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ValueError, match=r".+"):
        envelope.unseal(KEY, bytes(sealed), b"p")


def test_hkdf_equals_the_first_case_of_rfc_5869() -> None:
    okm = digest.hkdf(
        bytes([0x0B] * 22),
        salt=bytes(range(13)),
        info=bytes(range(0xF0, 0xFA)),
        size=42,
    )
    assert okm.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_the_suite_equals_a_published_gcm_vector() -> None:
    suite = suite_named("A256GCM-SHA256")
    sealed = suite.seal(bytes(32), bytes(12), bytes(16), b"")
    assert sealed.hex() == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    with pytest.raises(ValueError, match="do not fit"):
        suite.open(bytes(32), bytes(12), sealed, b"other")
    with pytest.raises(ValueError, match="unknown suite"):
        suite_named("ROT13")


@settings(max_examples=25)
@given(st.binary(min_size=32, max_size=32), st.integers(2, 4), st.integers(0, 2))
def test_any_k_of_n_shares_rejoin_the_secret(secret: bytes, needed: int, spare: int) -> None:
    shares = holders.split(secret, needed, needed + spare)
    assert holders.join(shares[-needed:]) == secret
    assert holders.join(shares[:needed]) == secret


def test_one_share_of_two_says_nothing_and_rejoins_nothing() -> None:
    shares = holders.split(KEY, 2, 2)
    assert holders.join(shares[:1]) != KEY
    with pytest.raises(ValueError, match="needed"):
        holders.split(KEY, 1, 2)


def test_a_share_opens_only_for_its_holder_passphrase_and_purpose() -> None:
    zhang, li = holders.make_holder("密语 one"), holders.make_holder("two")
    sealed = holders.seal_to(zhang.public, b"share", b"package-1/content")
    private = holders.unlock(zhang.locked, "密语 one")
    assert holders.open_sealed(private, sealed, b"package-1/content") == b"share"
    with pytest.raises(ValueError, match="does not open"):
        holders.unlock(zhang.locked, "密语 two")
    with pytest.raises(ValueError, match="share"):
        holders.open_sealed(private, sealed, b"package-1/scoring")
    with pytest.raises(ValueError, match="share"):
        holders.open_sealed(holders.unlock(li.locked, "two"), sealed, b"package-1/content")


def test_server_and_device_signatures_hold_for_their_message_alone() -> None:
    server, device = signing.ServerKey(KEY), signing.DeviceKey()
    assert signing.server_signature_holds(server.public, b"m", server.sign(b"m"))
    assert not signing.server_signature_holds(server.public, b"n", server.sign(b"m"))
    assert not signing.server_signature_holds(b"short", b"m", server.sign(b"m"))
    assert signing.device_signature_holds(device.public, b"m", device.sign(b"m"))
    assert not signing.device_signature_holds(device.public, b"n", device.sign(b"m"))
    assert not signing.device_signature_holds(device.public, b"m", b"short")
    assert signing.is_device_public_key(device.public)
    assert not signing.is_device_public_key(b"\x04" + bytes(64))


def test_the_key_ring_file_is_private_and_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ring.json"
    wrapped = FileKeyRing(path).wrap(KEY, b"sitting/1")
    assert path.stat().st_mode & 0o777 == 0o600
    again = FileKeyRing(path)
    assert again.unwrap(wrapped, b"sitting/1") == KEY
    with pytest.raises(ValueError, match="does not open"):
        again.unwrap(wrapped, b"sitting/2")
    with pytest.raises(ValueError, match="no version"):
        again.unwrap(b"\x00\x09" + wrapped[2:], b"sitting/1")
    assert again.lookup_key("a") != again.lookup_key("b")
    assert again.signer("acks").public != again.signer("seals").public


def test_programs_that_make_the_key_ring_at_once_all_go_on_with_one(tmp_path: Path) -> None:
    together = threading.Barrier(6)

    def start(_: int) -> FileKeyRing:
        together.wait()
        return FileKeyRing(tmp_path / "ring.json")

    with ThreadPoolExecutor(6) as pool:
        rings = list(pool.map(start, range(6)))
    wrapped = rings[0].wrap(KEY, b"sitting/1")
    assert [ring.unwrap(wrapped, b"sitting/1") for ring in rings] == [KEY] * 6
    assert len(list(tmp_path.iterdir())) == 1


def test_programs_that_turn_the_key_ring_at_once_each_add_a_key(tmp_path: Path) -> None:
    rings = [FileKeyRing(tmp_path / "ring.json") for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        versions = list(pool.map(FileKeyRing.rotate, rings))
    assert sorted(versions) == list(range(2, 8))
    assert FileKeyRing(tmp_path / "ring.json").version == 7


def test_a_password_fits_only_itself() -> None:
    stored = passwords.hash_password("correct horse")
    assert passwords.password_fits(stored, "correct horse")
    assert not passwords.password_fits(stored, "correct hors")
    assert not passwords.password_fits("no hash", "x")
