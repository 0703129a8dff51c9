"""WebSockets, as the code of a page opens and uses them."""

from __future__ import annotations

from contextlib import suppress

from asgi_conformance.expect import expect, show

from .applications import visited
from .visit import Visit

#: Empty messages and the code of the close are the matter of other requirements.
MESSAGES = ("a text", "t\u00ebxt \U0001f600", b"bytes \x00\xff", "x" * 70_000)
#: The close that an application makes when it is told to: see reference_apps/examples/echo.py.
CODE = 4001


@visited("interop.websocket.conversation", "sockets")
async def messages_go_both_ways(visit: Visit) -> None:
    """Texts and bytes of any length come back as they were sent, in the subprotocol that was agreed on."""
    async with visit.websocket("/ws", ["other", "echo"]) as socket:
        expect(socket.subprotocol, "the subprotocol").equals("echo")
        for message in MESSAGES:
            if isinstance(message, bytes) and "bytes" not in visit.application.does:
                continue
            await socket.send(message)
            expect(await visit.message(socket), "the message that came back").equals(message)
    call = await visit.call()
    await call.until(lambda one: one.ended is not None)
    last = call.received[-1] if call.received else None
    told = isinstance(last, dict) and last.get("type") == "websocket.disconnect"
    expect(told, "the application").is_true(
        "receives websocket.disconnect when the page closes", f"the last event that it received is {show(last)}"
    )


@visited("interop.websocket.closed", "closes")
async def an_application_closes(visit: Visit) -> None:
    """A page whose WebSocket the application closes is told its code."""
    from websockets.exceptions import ConnectionClosed

    async with visit.websocket("/ws") as socket:
        await socket.send("close")
        with suppress(ConnectionClosed):
            await visit.message(socket)
        await visit.call()
        expect(socket.close_code, "the code with which the WebSocket was closed").equals(CODE)


@visited("interop.websocket.refused", "refuses")
async def an_unknown_websocket_is_refused(visit: Visit) -> None:
    """A WebSocket that the application does not take is no WebSocket for the page: the handshake is answered so."""
    from websockets.exceptions import InvalidStatus

    status = 101
    try:
        async with visit.websocket("/nowhere"):
            pass
    except InvalidStatus as refused:
        status = refused.response.status_code
    call = await visit.call()
    await call.until(lambda one: one.ended is not None)
    # Where the server can, an application may answer with a response of its own.
    denials = [one.event.get("status") for one in call.sent if isinstance(one.event, dict) and "status" in one.event]
    expect(status, "the status of the answer to the handshake").equals(denials[0] if denials else 403)
