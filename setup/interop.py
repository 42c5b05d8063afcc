"""An implementation of C2SP's logs that is not ours, for the tests alone: aics-tlog (Apache-2.0).

It is pure Python; its wheel asks for Python 3.12, which its code does not need, so its files are
taken out by hash instead of being installed.
"""

from setup.console import say
from setup.places import INTEROP
from setup.wheels import Member, Wheel, extract, present

_FILES = {
    "__init__.py": "971f10cae617cb0919c15100bab668cf08aafdb76242131a02f9f6f5b58ff82e",
    "bundle.py": "531c4e6ba98f5c74ce8c6c2f1c0e521dcb9a8565de7f36d6850f1cd28473f423",
    "checkpoint.py": "1a5a1b2d9d2c028cc9b633f21df993e54212680d8ea849308f2e45051831d338",
    "cosign.py": "6ed9d4b0ed6629a8626dfa1fb2be93fadef0c148530ff6aadc2c583eaae5a693",
    "hashing.py": "245a480a5be8c599815293c23b65f4c6c83be20d3177c4332feeb205aef84aea",
    "note.py": "859b5925ec89d45b9d807b20ee647bb015c31c5b2c36c46376731ab9959f2c19",
    "remote.py": "5e26c1cca1031e084b0fc534dbd2670546e11a8674361c2ed26fc19c4933649a",
    "tiles.py": "184a72a7a546534ce9e336b3da4a1af04fafaffa75da5e119d1fdb38649f4abf",
    "tree.py": "d6c26f14f9110d965164036244cb784070b10a79ab8d66d6ff5219ff86b9e3b1",
    "verified.py": "7919e2c50c258880f029aa3ff59b88e446082832b77bfa7ecc5c323fe858a28f",
    "writer.py": "b5be6461b8c982420ff426f70b9f00df5d832faa58df907b949c58536feb5f59",
}
WHEEL = Wheel(
    project="aics-tlog",
    version="0.2.1",
    sha256="e8cd2be003001576353bbd1a139b68252baf85df8e5d356c5ff26f3c417efdfc",
    members=(
        *(Member(f"aics_tlog/{name}", f"aics_tlog/{name}", one) for name, one in _FILES.items()),
        Member(
            "aics_tlog-0.2.1.dist-info/licenses/LICENSE",
            "aics_tlog/LICENSE",
            "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
        ),
    ),
    python="3.12",
)


def prepare() -> None:
    """Put the other implementation into `.setup/interop/`, unless it is there."""
    if not present(INTEROP, WHEEL.members):
        say("取对照实现 aics-tlog(仅供测试)", "fetching aics-tlog (for the tests)")
        extract(WHEEL, INTEROP)
