"""The paths of the examples, with Django and Channels: HTTP views of both kinds, sessions, and a consumer."""

from __future__ import annotations

import hashlib
from typing import Any

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import SessionMiddlewareStack
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, re_path

from .common import BLOCK, BLOCKS, CODE, SECRET, SUBPROTOCOL, blocks, events, pieces

#: The event loops in which it runs.
LOOPS = ("asyncio",)

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    INSTALLED_APPS=["django.contrib.sessions", "channels"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=SECRET,
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)
django.setup()


def text(content: str) -> HttpResponse:
    """A response in plain text."""
    return HttpResponse(content, content_type="text/plain; charset=utf-8")


def hello(request: HttpRequest) -> HttpResponse:
    """A page, made in a thread."""
    return text("hello")


async def greet(request: HttpRequest, name: str) -> HttpResponse:
    """A page that reads its address, made in the event loop."""
    return text(f"{name}, from {request.GET['from']}")


def echo(request: HttpRequest) -> HttpResponse:
    """What was posted."""
    return HttpResponse(request.body, content_type=request.headers["content-type"])


def upload(request: HttpRequest) -> HttpResponse:
    """Length and digest of an upload."""
    digest, length = hashlib.sha256(), 0
    while chunk := request.read(65536):
        digest.update(chunk)
        length += len(chunk)
    return text(f"{length} {digest.hexdigest()}")


async def download(request: HttpRequest) -> StreamingHttpResponse:
    """A large file."""
    headers = {"content-length": str(len(BLOCK) * BLOCKS)}
    return StreamingHttpResponse(blocks(), headers=headers, content_type="application/octet-stream")


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    """A response in pieces."""
    return StreamingHttpResponse(pieces(), content_type="text/plain")


async def sse(request: HttpRequest) -> StreamingHttpResponse:
    """Server-sent events."""
    return StreamingHttpResponse(events(), content_type="text/event-stream")


def visits(request: HttpRequest) -> HttpResponse:
    """A session that counts."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    response = text(str(request.session["visits"]))
    response.set_cookie("seen", "yes")
    return response


async def fail(request: HttpRequest) -> HttpResponse:
    """A page with a bug."""
    raise ValueError("this application has a bug")


class Echo(AsyncWebsocketConsumer):
    """Sends every message back."""

    async def connect(self) -> None:
        """Take the WebSocket."""
        await self.accept(SUBPROTOCOL if SUBPROTOCOL in self.scope["subprotocols"] else None)

    async def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
        """Send a message back, or close."""
        if text_data == "close":
            await self.close(CODE)
        else:
            await self.send(text_data, bytes_data)


class Refusing(AsyncWebsocketConsumer):
    """Takes no WebSocket."""

    async def connect(self) -> None:
        """Refuse."""
        await self.close()


urlpatterns = [
    path("hello", hello),
    path("greet/<name>", greet),
    path("echo", echo),
    path("upload", upload),
    path("download", download),
    path("stream", stream),
    path("events", sse),
    path("visits", visits),
    path("fail", fail),
]

application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": SessionMiddlewareStack(
            URLRouter([path("ws", Echo.as_asgi()), re_path("", Refusing.as_asgi())]),
        ),
    }
)
