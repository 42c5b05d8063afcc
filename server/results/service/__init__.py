"""Results: the list, its publication by two people, its sheet, and public receipts."""

from server.results.service.listing import Listed, Sheet, published_rows
from server.results.service.publishing import Publishing, ResultsService
from server.results.service.receipts import Receipts, ReceiptWords
from server.results.service.workbook import workbook

__all__ = [
    "Listed",
    "Publishing",
    "ReceiptWords",
    "Receipts",
    "ResultsService",
    "Sheet",
    "published_rows",
    "workbook",
]
