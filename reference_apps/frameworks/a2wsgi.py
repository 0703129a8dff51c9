"""The WSGI application, through a2wsgi."""

from __future__ import annotations

from typing import Any

from a2wsgi import WSGIMiddleware

from . import wsgi_site

#: The event loops in which it runs.
LOOPS = ("asyncio",)

application: Any = WSGIMiddleware(wsgi_site.application)
