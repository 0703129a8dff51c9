"""What follows a response on its connection: the answer to the next request, or nothing and the end."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.clients.http import Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, TimedOut

from ..leaving import ending

NEXT = b"the answer to the next request"


def is_last(response: Response) -> bool:
    """Whether nothing may follow a response: it said so, or the connection has ended with it."""
    return response.ended is not None or b"close" in response.tokens(b"connection")


async def in_step(exchange: Exchange, client: Http1Client, response: Response, *, pipelined: bool = False) -> None:
    """See that the next request on the connection gets its own answer, or that nothing follows and it is closed.

    ``pipelined``: it has been sent already, as the client's last request.

    Raises:
        Broken: other bytes follow, or the next request is left without an answer on an open connection.
    """
    if not is_last(response):
        if not pipelined:
            await client.request("GET", "/next")
        try:
            app = await exchange.call_or_refusal(client)
        except TimedOut as late:
            raise TimedOut(
                "the next request on the connection is served, or the connection closed",
                f"neither happened: {late.observed}",
            ) from None
        if not isinstance(app, Refusal):
            await app.respond(203, body=NEXT)
            answer = await client.response()
            expect((answer.status, answer.body), "the answer to the next request").equals((203, NEXT))
            app.end_by_return()
            return
        if app.response is not None or client.wire.ending is None:
            raise Broken("the next request on the connection is served, or the connection closed", app.what)
    await nothing_more(exchange, client, announced=b"close" in response.tokens(b"connection"))


async def sent_or_refused(exchange: Exchange, client: Http1Client, app: Call, *messages: object) -> Response | None:
    """Have the application send what it should not, and return, also when send() raised.

    (An exception in the midst of a response is another matter, which can harm a whole server.)

    Gives the response that the client got, whole or cut, or None for the end of the connection without one. When
    send() raised and then nothing at all comes, which counts as ``http.app.raises-before-start``, the client leaves.
    """
    raised = await app.try_send(*messages)
    app.end_by_return()
    try:
        return await ending(exchange, client)
    except TimedOut:
        if raised is None or client.seen:
            raise
        exchange.remark(f"send() raised {raised}, and the request was left without an answer")
        await client.close()
        return None


async def in_step_or_closed(
    exchange: Exchange, client: Http1Client, response: Response | None, *, pipelined: bool = False
) -> None:
    """As :func:`in_step`, where there may be no response, or one that was cut off."""
    if response is None or not response.complete:
        await nothing_more(exchange, client)
    else:
        await in_step(exchange, client, response, pipelined=pipelined)


async def nothing_more(
    exchange: Exchange, client: Http1Client, what: str = "the response", *, announced: bool = False
) -> None:
    """See that the connection ends, with no byte behind ``what``, and that the server goes on serving others.

    Whether an ``announced`` end comes is the matter of ``rfc.http1.connection.close-honoured``.
    """
    try:
        await client.wire.ended(exchange.patience.prompt)
    except TimedOut:
        if not announced:
            raise
        exchange.remark("the server had announced that it would close the connection, and left it open")
    expect(client.surplus, f"what follows {what} on the connection").equals(b"")
    await exchange.still_serves()
