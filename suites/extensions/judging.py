"""What the cases about the extensions of responses share: how they are listed, refused, and kept from the response."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.clients.http import HttpClient, Response
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.step import Raised
from asgi_conformance.verdict import Broken, TimedOut

Message = dict[str, object]


def start(status: int = 200, *headers: tuple[bytes, bytes], **keys: object) -> Message:
    """The start of a response."""
    return {"type": "http.response.start", "status": status, "headers": list(headers), **keys}


def body(content: bytes = b"", *, more: bool = False) -> Message:
    """A part of the body of a response."""
    return {"type": "http.response.body", "body": content, "more_body": more}


async def has_a_dict(exchange: Exchange, extension: str) -> None:
    """The scope of a request lists an extension with a dict. Raises Unsupported where it does not list it.

    What is usable and not listed is the matter of core.extensions.listed-when-supported.
    """
    client, app = await exchange.dialogue()
    await exchange.answered(client, app)
    if extension not in app.extensions:
        raise exchange.unsupported(f"the scope does not list the extension {extension}")
    expect(app.extensions[extension], f"scope['extensions'][{extension!r}]").is_a(dict)


async def whole(client: HttpClient, app: Call, content: bytes, *, status: int = 200) -> Response:
    """The response that the application has sent, which has to be complete, with this status and content."""
    app.end_by_return()
    response = await client.response()
    expect(response.status, "the status").equals(status)
    expect(response.body, "the response's body").equals(content)
    expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")
    return response


async def is_refused(exchange: Exchange, client: HttpClient, app: Call, event: Message, raised: Raised | None) -> None:
    """An event made send() raise, and the server goes on serving."""
    await app.finish()
    await client.close()
    await exchange.still_serves()
    if raised is None:
        raise Broken(f"send() of {show(event)} raises an exception", "send() returned without one")


async def ending(client: HttpClient) -> Response | None:
    """What came of a response that may have been spoilt: None where the client got none that it can read.

    Raises TimedOut where neither the response nor the connection ends.
    """
    try:
        return await client.response()
    except TimedOut:
        raise
    except Broken:
        return None
