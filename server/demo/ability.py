"""How well the demo's candidates know their subject, so that its results look like a class's.

Rules kept here: the keys come from the bank through its API, as its keeper may read them; who knows
what is a lot of sitting and item, so two demos have the same spread.
"""

from collections.abc import Mapping
from typing import Any

from kernel.lot import permutation
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Day
from server.rehearsal.run import choice

ABILITIES_PCT = (92, 78, 64, 55, 84, 71)
LETTERS = "ABCDEFGH"


class Learned:
    """The keys of a bank's items, asked for once each."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._ids: dict[str, str] = {}
        self._items: dict[str, Mapping[str, Any]] = {}

    async def response(
        self, item: Mapping[str, Any], sitting_id: str, ability_pct: int
    ) -> dict[str, Any]:
        """The right response in ``ability_pct`` of all items, a valid wrong one in the others."""
        turn = permutation(f"{sitting_id}/{item['item_id']}".encode(), "demo-ability", 100)[0]
        if item["type"] != "short" and turn < ability_pct:
            return {"options": await self._right(item)}
        return choice(dict(item), turn)

    async def _right(self, item: Mapping[str, Any]) -> list[str]:
        known = await self._known(item["item_id"])
        if item["type"] == "judge":
            return list(known["key"])
        texts = {known["options"][LETTERS.index(letter)] for letter in known["key"]}
        return sorted(option["id"] for option in item["options"] if option["text"] in texts)

    async def _known(self, version_id: str) -> Mapping[str, Any]:
        """The item behind a form's entry, which names the version that was sealed."""
        if version_id not in self._ids:
            await self._list()
        if version_id not in self._items:
            path = f"/api/bank/items/{self._ids[version_id]}"
            self._items[version_id] = await self._ask(path)
        return self._items[version_id]

    async def _list(self) -> None:
        for blueprint in await self._ask("/api/bank/blueprints"):
            page, listed, total = 1, 0, 1
            while listed < total:
                found = await self._ask(
                    "/api/bank/items", blueprint_id=blueprint["blueprint_id"], page=page
                )
                self._ids |= {one["version_id"]: one["item_id"] for one in found["items"]}
                page, listed, total = page + 1, listed + len(found["items"]), found["total"]

    async def _ask(self, path: str, **params: str | int) -> Any:
        return await self._day.call(DEMO.bank_keeper.account, "GET", path, params=params)
