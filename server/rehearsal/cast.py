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
    """The parts. A cast file is this as JSON."""

    officer: Account
    chief: Account
    invigilators: tuple[Account, ...]
    holders: tuple[Account, ...]
    marker: Account
    bank_keeper: Account
    administrator: Account
    supervisor: Account

    @property
    def everyone(self) -> tuple[Account, ...]:
        return (
            self.administrator, self.officer, self.chief, *self.invigilators, *self.holders,
            self.marker, self.bank_keeper, self.supervisor,
        )  # fmt: skip


DEMO = Cast(
    administrator=Account("xt001", "demo-xt001", "系统管理员 罗敏", ("administrator",)),
    officer=Account("kw001", "demo-kw001", "考务 程远", ("officer",), "1001"),
    chief=Account("zk001", "demo-zk001", "主考 秦岚", ("chief",), "2001"),
    invigilators=(
        Account("jk001", "demo-jk001", "监考 沈洁", ("invigilator",), "3001"),
        Account("jk002", "demo-jk002", "监考 贺川", ("invigilator",), "3002"),
    ),
    holders=(
        Account("my001", "demo-my001", "密钥 方正", ("key_holder",), passphrase="甲-青山-4417"),  # noqa: S106  # the demo prints it
        Account("my002", "demo-my002", "密钥 于宁", ("key_holder",), passphrase="乙-长河-9026"),  # noqa: S106  # the demo prints it
    ),
    marker=Account("yj001", "demo-yj001", "阅卷 林珊", ("marker",)),
    bank_keeper=Account("tk001", "demo-tk001", "题库 何舟", ("bank_keeper", "author", "reviewer")),
    supervisor=Account("dd001", "demo-dd001", "督导 江澄", ("supervisor",)),
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
