"""The room over HTTP: wall, queue, acts, absent list, room record; and the candidate's camera."""

from fastapi import APIRouter

from server.invigilation.api import acting, camera, closing, looking
from server.invigilation.service import InvigilationService


def router(service: InvigilationService) -> APIRouter:
    """The room's endpoints."""
    api = APIRouter(prefix="/api", tags=["invigilation"])
    camera.add(api, service)
    looking.add(api, service)
    acting.add(api, service)
    closing.add(api, service)
    return api
