"""The staff of a rehearsal: who plays which part, and their sign-in.

Rules kept here: each act is done by the person whose act it is; two-person acts take two people.
"""

from dataclasses import dataclass

import httpx
import msgspec

from server.rehearsal.api import Api
from server.rehearsal.figures import Figures


class Account(msgspec.Struct, frozen=True):
    """One member of staff. Key holders also have the passphrase of their shares."""

    account: str
    password: str
    name: str
    roles: tuple[str, ...]
    pin: str = ""
    passphrase: str = ""


class Cast(msgspec.Struct, frozen=True):
    """The parts. A cast file is this as JSON. ``deciders`` are who else is needed to destroy the
    keys of a session: an order names three, and whoever lifted a hold is none of them.
    """

    officer: Account
    chief: Account
    invigilators: tuple[Account, ...]
    holders: tuple[Account, ...]
    marker: Account
    bank_keeper: Account
    second_keeper: Account
    administrator: Account
    supervisor: Account
    deciders: tuple[Account, ...] = ()

    @property
    def everyone(self) -> tuple[Account, ...]:
        return (
            self.administrator, self.officer, self.chief, *self.invigilators, *self.holders,
            self.marker, self.bank_keeper, self.second_keeper, self.supervisor,
            *self.deciders,
        )  # fmt: skip


# Shown on the demo's own start page; no installation has these accounts.
FIRST_PHRASE = "green hills by the river"
SECOND_PHRASE = "long road to the north"

DEMO = Cast(
    administrator=Account("xt001", "demo-xt001", "系统管理员 罗敏", ("administrator",)),
    officer=Account("kw001", "demo-kw001", "考务 程远", ("officer",), "100142"),
    chief=Account("zk001", "demo-zk001", "主考 秦岚", ("chief",), "200153"),
    invigilators=(
        Account("jk001", "demo-jk001", "监考 沈洁", ("invigilator",), "300164"),
        Account("jk002", "demo-jk002", "监考 贺川", ("invigilator",), "300175"),
    ),
    holders=(
        Account("my001", "demo-my001", "密钥 方正", ("key_holder",), "", FIRST_PHRASE),
        Account("my002", "demo-my002", "密钥 于宁", ("key_holder",), "", SECOND_PHRASE),
    ),
    marker=Account("yj001", "demo-yj001", "阅卷 林珊", ("marker",)),
    bank_keeper=Account("tk001", "demo-tk001", "题库 何舟", ("bank_keeper", "author", "reviewer")),
    second_keeper=Account("tk002", "demo-tk002", "题库 钟毓", ("bank_keeper", "reviewer")),
    supervisor=Account("dd001", "demo-dd001", "督导 江澄", ("supervisor",)),
    deciders=(
        Account("kw002", "demo-kw002", "考务 顾言", ("officer",)),
        Account("dd002", "demo-dd002", "督导 姚清", ("supervisor",)),
    ),
)


@dataclass
class Signed:
    """A member of staff, signed in."""

    who: Account
    account_id: str
    api: Api


async def sign_in(http: httpx.AsyncClient, who: Account, figures: Figures) -> Signed:
    """Raises ``Refused`` with accounts.* codes."""
    api = Api(http, figures)
    reply = await api.insist(
        "staff_sign_in", "POST", "/api/staff/sign-in",
        json={"account": who.account, "password": who.password},
    )  # fmt: skip
    api.token = reply["token"]
    return Signed(who, reply["account_id"], api)
