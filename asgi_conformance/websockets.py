"""How a WebSocket begins: over which connection it goes, and whether the server calls the application for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_conformance.call import Call
from asgi_conformance.clients.http import HttpClient
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.http2_client import Http2Client
from asgi_conformance.clients.http2_frames import Setting
from asgi_conformance.clients.http2_websocket import Http2Carrier
from asgi_conformance.clients.websocket import Http1Carrier, WebSocketClient
from asgi_conformance.errors import SuiteError
from asgi_conformance.refusal import Refusal
from asgi_conformance.verdict import Broken, Unsupported

if TYPE_CHECKING:
    from asgi_conformance.opening import WebSocketOpening


def websocket_over(client: HttpClient) -> WebSocketClient:
    """A WebSocket, before its handshake, over a connection or stream on which an HTTP client could send a request.

    Raises:
        Unsupported: over HTTP/2, where the server's SETTINGS do not offer it (RFC 8441 § 3).
    """
    if isinstance(client, Http1Client):
        return WebSocketClient(Http1Carrier(client))
    if not isinstance(client, Http2Client):
        raise SuiteError(f"no WebSocket goes over a {type(client).__name__}")
    offered = client.connection.state.settings.get(Setting.ENABLE_CONNECT_PROTOCOL)
    if offered != 1:
        value = "is not among them" if offered is None else f"is {offered}"
        raise Unsupported(f"its SETTINGS offer no WebSocket over HTTP/2: SETTINGS_ENABLE_CONNECT_PROTOCOL {value}")
    return WebSocketClient(Http2Carrier(client))


async def websocket_call(exchange: WebSocketOpening, client: WebSocketClient) -> Call:
    """The call of the type ``websocket`` that the handshake of ``client`` caused.

    A server that offers WebSockets over HTTP/2 and takes none breaks one requirement, and not all others.

    Raises:
        Unsupported: the candidate takes no WebSocket at all, not even by the plainest handshake.
        Broken: it takes WebSockets, and made no such call for this one.
    """
    got = await exchange.call_or_refusal(client)
    if isinstance(got, Call) and got.scope.get("type") == "websocket":
        return got
    what = _otherwise(got)
    plain = await exchange.websocket()
    await plain.start_handshake()
    again = await exchange.call_or_refusal(plain)
    if isinstance(again, Call) and again.scope.get("type") == "websocket":
        raise Broken("the server calls the application with a websocket scope for this handshake", what)
    if not _says_no(again):
        raise Broken("the server takes or refuses a WebSocket handshake", _otherwise(again))
    over = " over HTTP/2, though its SETTINGS offer them" if isinstance(plain.carrier, Http2Carrier) else ""
    raise Unsupported(f"the candidate takes no WebSocket{over}: {_otherwise(again)}")


def _otherwise(got: Call | Refusal) -> str:
    if isinstance(got, Call):
        return f"it called the application with the scope type {got.scope.get('type')!r}"
    return got.what


def _says_no(got: Call | Refusal) -> bool:
    """Whether it is what a server without WebSockets does: an ordinary request, or an ordinary answer."""
    if isinstance(got, Call):
        return got.scope.get("type") == "http"
    return got.response is not None and got.response.status != 101
