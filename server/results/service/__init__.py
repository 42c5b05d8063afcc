"""Results: the list, its publication by two people, its sheet, receipts, reviews."""

from server.results.service.agreeing import need_all_as_published
from server.results.service.applying import Applying, need_reviews_over
from server.results.service.deciding import Deciding
from server.results.service.lines_shown import LinesShown
from server.results.service.listing import Listed, Sheet, first_absent, published_rows
from server.results.service.opening import Openings
from server.results.service.portal import Portal
from server.results.service.proving import Proving
from server.results.service.publishing import Publishing, ResultsService
from server.results.service.receipts import Receipts, ReceiptWords
from server.results.service.workbook import workbook

__all__ = [
    "Applying",
    "Deciding",
    "LinesShown",
    "Listed",
    "Openings",
    "Portal",
    "Proving",
    "Publishing",
    "ReceiptWords",
    "Receipts",
    "ResultsService",
    "Sheet",
    "first_absent",
    "need_all_as_published",
    "need_reviews_over",
    "published_rows",
    "workbook",
]
