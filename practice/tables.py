"""What the public program stores: the released papers, as they came."""

from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Table


class PracticeTable(Table):
    """Base of the practice program's tables."""

    __abstract__ = True
    metadata = MetaData()


class PaperRow(PracticeTable):
    """One released paper: canonical JSON of ``paper.bundle.ReleasedPaper``."""

    __tablename__ = "practice_paper"
    paper_id: Mapped[str] = mapped_column(primary_key=True)
    bundle_sha256: Mapped[bytes]
    title: Mapped[str]
    released_at_ms: Mapped[int]
    content: Mapped[bytes]
