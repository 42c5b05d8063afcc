"""The results room over HTTP: lists and receipts, the candidates' page, reviews."""

from server.results.api.lists import router
from server.results.api.portal import portal_router
from server.results.api.proofs import proofs_router
from server.results.api.reviews import reviews_router

__all__ = ["portal_router", "proofs_router", "reviews_router", "router"]
