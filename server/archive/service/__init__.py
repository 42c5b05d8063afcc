"""The archive: five volumes of one session, provable by a stranger."""

from server.archive.service.exporting import Archive, ArchiveService, unsealed

__all__ = ["Archive", "ArchiveService", "unsealed"]
