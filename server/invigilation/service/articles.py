"""Rule sets on violations: data with an issuing authority, inactive until a body confirms them.

Rules kept here: nothing can be cited in a room before the body that runs its site has confirmed the
set, with a reason and by name.
"""

import json
from dataclasses import dataclass
from importlib import resources

from sqlalchemy import select
from typing_extensions import TypedDict

from kernel.access import Principal, Role
from kernel.clock import Clock
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from kernel.words import Sentence
from server.bodies.tables import BodyRow, RoomRow, SiteRow
from server.checkin.service import Reason
from server.invigilation.rules import Article
from server.invigilation.tables import RuleSetRow


class ArticleClass(TypedDict):
    """A class of articles and what follows from them."""

    id: str
    effect: Sentence


ArticleLine = TypedDict(  # ``class`` is a keyword of Python
    "ArticleLine",
    {
        "article_id": str, "class": str, "zh": str, "en": str, "needs_reminder": bool,
        "applicable": bool,
    },
)  # fmt: skip


class ArticleTable(TypedDict):
    """A rule set; ``active_bodies`` are those that confirmed it."""

    authority: str
    title: Sentence
    note: Sentence
    classes: list[ArticleClass]
    active_bodies: list[str]
    articles: list[ArticleLine]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A set as it stands in its file."""

    authority: str
    title: Sentence
    note: Sentence
    classes: list[ArticleClass]
    articles: dict[str, Article]


def read_rule_set(name: str = "violations.json") -> RuleSet:
    """The set beside this room's modules."""
    text = resources.files("server.invigilation").joinpath(name).read_text(encoding="utf-8")
    data = json.loads(text)
    articles = [Article(**entry) for entry in data["articles"]]
    return RuleSet(
        data["authority"], data["title"], data["note"], data["classes"],
        {article.id: article for article in articles},
    )  # fmt: skip


class RuleSets:
    """Which set applies where."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._set = read_rule_set()

    @property
    def authority(self) -> str:
        """The issuing authority's short name."""
        return self._set.authority

    def article(self, article_id: str) -> Article | None:
        """An article by its id."""
        return self._set.articles.get(article_id)

    async def is_active(self, session: ReadSession, room_id: str) -> bool:
        """True when the body of the room's site has confirmed the set."""
        room = await session.get(RoomRow, room_id)
        site = None if room is None else await session.get(SiteRow, room.site_id)
        if site is None:
            return False
        return await session.get(RuleSetRow, (site.body_id, self.authority)) is not None

    async def confirm(self, principal: Principal, body_id: str, reason: Reason) -> None:
        """The body's administrator or chief puts the set in force. Raises ``bodies.unknown``."""
        principal.need(Role.ADMINISTRATOR, Role.CHIEF)
        reason.need()
        async with self._db.write() as tx:
            if await tx.get(BodyRow, body_id) is None:
                raise Refusal("bodies.unknown", Kind.NOT_FOUND, id=body_id)
            await tx.merge(
                RuleSetRow(
                    body_id=body_id, authority=self.authority, confirmed_by=principal.subject,
                    reason_text=reason.text, confirmed_at_ms=self._clock.now_ms(),
                )
            )  # fmt: skip

    async def table(self) -> ArticleTable:
        """The whole table, and the bodies where it is in force."""
        async with self._db.read() as session:
            found = await session.execute(
                select(RuleSetRow.body_id).where(RuleSetRow.authority == self.authority)
            )
            active = sorted(found.scalars())
        return ArticleTable(
            authority=self._set.authority,
            title=self._set.title,
            note=self._set.note,
            classes=self._set.classes,
            active_bodies=active,
            articles=[
                {
                    "article_id": article.id, "class": article.article_class,
                    "zh": article.zh, "en": article.en, "needs_reminder": article.needs_reminder,
                    "applicable": article.applicable,
                }
                for article in self._set.articles.values()
            ],
        )  # fmt: skip
