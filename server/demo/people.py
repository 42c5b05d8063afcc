"""Accounts, site and key holders of the demo.

Rules kept here: the first administrator is made on the machine itself; everybody else through the
API.
"""

import httpx

from server.app import Services
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Day


async def first_administrator(services: Services) -> None:
    """The one account that no other can make."""
    who = DEMO.administrator
    await services.accounts.ensure_administrator(
        account=who.account, name=who.name, password=who.password
    )


async def staff_and_site(day: Day) -> str:
    """Everybody else, the key holders' passphrases, one site; returns the site id."""
    admin = DEMO.administrator.account
    for who in DEMO.everyone:
        if who.account != admin:
            await day.call(
                admin,
                "POST",
                "/api/staff",
                json={
                    "account": who.account,
                    "name": who.name,
                    "roles": list(who.roles),
                    "password": who.password,
                    "pin": who.pin or None,
                },
            )
    await day.gather()
    for who in DEMO.holders:
        await day.call(
            who.account, "POST", "/api/papers/holders", json={"passphrase": who.passphrase}
        )
    officer = DEMO.officer.account
    body = await day.call(
        officer, "POST", "/api/bodies", json={"code": "AH0001", "name": "演示评价机构"}
    )
    site = await day.call(
        officer,
        "POST",
        "/api/sites",
        json={
            "body_id": body["body_id"],
            "code": "KD01",
            "name": "贡院演示考点",
            "address": "演示路 1 号实训楼 3 层",
        },
    )
    return str(site["site_id"])


async def holder_ids(day: Day) -> list[str]:
    """The enrolled key holders."""
    listed = await day.call(DEMO.officer.account, "GET", "/api/papers/holders")
    return [one["holder_id"] for one in listed]


def in_process(app: object) -> httpx.AsyncClient:
    """A client that calls the application without a socket, for seeding before it serves."""
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # any ASGI application
    return httpx.AsyncClient(transport=transport, base_url="http://seed", timeout=300)
