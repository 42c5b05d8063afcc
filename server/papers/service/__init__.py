"""Papers: holders, packages, release. Keys never leave this room but as opened papers."""

from server.papers.service.holders import Holder, Holders
from server.papers.service.receiving import PackageView, Receiving, manifest_of, package_row
from server.papers.service.releasing import PapersService, Release

__all__ = [
    "Holder",
    "Holders",
    "PackageView",
    "PapersService",
    "Receiving",
    "Release",
    "manifest_of",
    "package_row",
]
