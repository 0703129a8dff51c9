"""The middlewares of the table in docs/middleware.md, each as a factory that takes the application alone.

It lies on the server's path, not on the suite's: what it imports is in the server's environment.
"""

from __future__ import annotations

import importlib
from typing import Any


def _made(module: str, name: str, application: Any, **settings: Any) -> Any:
    return getattr(importlib.import_module(module), name)(application, **settings)


def gzip(application: Any) -> Any:
    """Compresses responses for clients that take it."""
    return _made("starlette.middleware.gzip", "GZipMiddleware", application)


def cors(application: Any) -> Any:
    """Allows every origin."""
    return _made("starlette.middleware.cors", "CORSMiddleware", application, allow_origins=["*"])


def sessions(application: Any) -> Any:
    """Keeps a session in a signed cookie."""
    return _made("starlette.middleware.sessions", "SessionMiddleware", application, secret_key="secret")


def trusted_host(application: Any) -> Any:
    """Takes requests for every host."""
    return _made("starlette.middleware.trustedhost", "TrustedHostMiddleware", application, allowed_hosts=["*"])


async def _on(request: Any, call_next: Any) -> Any:
    return await call_next(request)


def base_http(application: Any) -> Any:
    """Hands every request on, and its response back."""
    return _made("starlette.middleware.base", "BaseHTTPMiddleware", application, dispatch=_on)


def https_redirect(application: Any) -> Any:
    """Sends every client of plain HTTP away."""
    return _made("starlette.middleware.httpsredirect", "HTTPSRedirectMiddleware", application)


def proxy_headers(application: Any) -> Any:
    """Believes the headers of a proxy on this machine."""
    return _made("uvicorn.middleware.proxy_headers", "ProxyHeadersMiddleware", application)


def correlation_id(application: Any) -> Any:
    """Gives each request an id, which its response carries."""
    return _made("asgi_correlation_id", "CorrelationIdMiddleware", application)


def logged(application: Any) -> Any:
    """Keeps a log of requests: the example of reference_apps."""
    return _made("asgi_conformance.reference_apps.examples.logged", "Logged", application)


#: What the table shows, in its order.
NAMES = (
    "gzip",
    "cors",
    "sessions",
    "trusted_host",
    "base_http",
    "proxy_headers",
    "correlation_id",
    "logged",
    "https_redirect",
)
