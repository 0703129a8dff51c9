"""Close codes: those that a peer may send, those that none may (RFC 6455 § 7.4)."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.websocket import Frame, Opcode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import TimedOut

from ..websocket.closing import closing
from ..websocket.conversation import close, leave_when_closed
from .failing import PROTOCOL_ERROR, attends, expect_clean, failed_by, some, talking


def named(*codes: int) -> dict[str, int]:
    """Codes by their names."""
    return {str(code): code for code in codes}


#: Those of RFC 6455 § 7.4.1 that may be sent, and the ends of the ranges of § 7.4.2.
VALID = named(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3001, 3999, 4000, 4001, 4999)
#: In no range, reserved, or never to be sent.
INVALID = named(0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 65535)
#: For what an endpoint tells its own application, and never its peer.
INSIDE = named(1005, 1006, 1015)
ANSWERED: dict[str, int | None] = {"empty": None, **INSIDE}
#: A payload of one byte is half a code.
HALVES = {"low": b"\x03", "high": b"\xff"}


@case("rfc.websocket.close.code-valid", each=VALID)
@case("rfc.websocket.close.code-valid", each=some(VALID, "1001", "3999"), circumstances=(HTTP2,))
async def a_code_that_may_be_sent_is_taken(exchange: Exchange, code: int) -> None:
    """A close frame with a code that a client may send is answered as any other, not as a failure of the protocol."""
    client, app = await talking(exchange)
    attends(app)
    await client.close(code)
    seen = await client.failed()
    leave_when_closed(client)
    expect_clean(seen)
    if code not in (1002, 1007):
        expect(seen.code, "the code of the answer").satisfies(
            "is not that of a failure", lambda answer: answer not in (1002, 1007)
        )


@case("rfc.websocket.close.code-invalid", each=INVALID)
@case("rfc.websocket.close.code-invalid", each=some(INVALID, "999", "1005"), circumstances=(HTTP2,))
async def a_code_that_no_one_may_send_is_a_failure(exchange: Exchange, code: int) -> None:
    """A close frame with a code that must not be sent, or has no meaning, is answered with 1002."""
    client, app = await talking(exchange)
    frame = Frame(Opcode.CLOSE, code.to_bytes(2, "big") + b"why")
    client.close_sent = True
    await failed_by(exchange, client, app, encode(frame), f"a close frame with the code {code}", PROTOCOL_ERROR)


@case("rfc.websocket.close.payload-one-byte", each=HALVES)
@case("rfc.websocket.close.payload-one-byte", each=some(HALVES, "low"), circumstances=(HTTP2,))
async def a_close_frame_with_one_byte_is_a_failure(exchange: Exchange, payload: bytes) -> None:
    """A close frame whose payload is one byte, half a code, is answered with 1002."""
    client, app = await talking(exchange)
    frame = Frame(Opcode.CLOSE, payload)
    client.close_sent = True
    await failed_by(exchange, client, app, encode(frame), str(frame), PROTOCOL_ERROR)


@case("rfc.websocket.close.no-reserved-sent", "asked-for", each=INSIDE, circumstances=(DEFAULT, HTTP2))
async def a_code_for_inside_is_not_sent_when_asked_for(exchange: Exchange, code: int) -> None:
    """No close frame with 1005, 1006 or 1015 goes out, also where the application asks for it; send() may raise."""
    raised, seen = await closing(exchange, close(code=code))
    exchange.remark(f"send() raised {raised}" if raised else f"this was seen: {seen}")


@case("rfc.websocket.close.no-reserved-sent", "answer", each=ANSWERED, circumstances=(DEFAULT, HTTP2), revision=2)
async def a_code_for_inside_is_not_sent_in_an_answer(exchange: Exchange, code: int | None) -> None:
    """The answer to a close frame without a code, or with one that must not be sent, has none of 1005, 1006, 1015."""
    client, app = await talking(exchange)
    attends(app)
    client.deadline = exchange.patience.prompt
    await client.close(code)
    try:
        seen = await client.failed()
    except TimedOut:
        await exchange.still_serves()
        answer = "no answer came, which rfc.websocket.close.echo and rfc.websocket.close.code-invalid are about"
        raise exchange.not_applicable(answer) from None
    leave_when_closed(client)
    exchange.remark(f"this was seen: {seen}")
    await exchange.still_serves()
