"""Every story here is told on both loops: asyncio's own, and the one that uvicorn serves with."""

import asyncio
from collections.abc import Callable, Mapping

import uvicorn

from kernel.web import SERVING


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    served = uvicorn.Config("kernel", **SERVING).get_loop_factory()
    assert served is not None
    return {"asyncio": asyncio.SelectorEventLoop, "served": served}
