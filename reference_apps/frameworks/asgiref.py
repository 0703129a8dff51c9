"""The WSGI application, through asgiref's adapter."""

from __future__ import annotations

from typing import Any

from asgiref.wsgi import WsgiToAsgi

from . import wsgi_site

#: The event loops in which it runs.
LOOPS = ("asyncio",)

application: Any = WsgiToAsgi(wsgi_site.application)
