"""What malformed requests of every kind have in common: how they are answered, and what becomes of the connection."""

from __future__ import annotations

from collections.abc import Mapping

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, KEPT
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.verdict import Broken, Level, TimedOut

from .raw import AFTER, ask, is_about_the_request, nothing_follows, received, shown
from .request_chunks import FRAMING, LAST_SIZES, SIZES
from .request_fields import CARRIAGE_RETURNS, INDENTED, NAMES, NULS, SPACED
from .request_framing import CONFLICTING, INVALID, NOT_FINAL, TWICE, UNKNOWN
from .request_hosts import DUPLICATE, MISSING
from .request_hosts import INVALID as HOSTS
from .request_lines import METHODS, TARGETS, VERSIONS


def _some(kind: str, table: Mapping[str, bytes], *names: str) -> dict[str, bytes]:
    """Rows of a table, with what they are about in their names."""
    return {f"{kind}-{name}": table[name] for name in names or table}


#: Requests of which the framing is not known from the head.
UNFRAMED = {
    **_some("length", CONFLICTING),
    **_some("length", INVALID, "plus", "minus", "hexadecimal", "empty", "letter-behind"),
    **_some("coding", NOT_FINAL),
    **_some("coding", UNKNOWN, "like-chunked"),
    **_some("coding-twice", TWICE),
}
#: Requests whose framing breaks within the content.
UNCHUNKED = {
    **_some("size", SIZES, "minus", "hexadecimal-prefix", "empty", "no-digit"),
    **_some("last-size", LAST_SIZES, "minus-zero"),
    **_some("chunk", FRAMING, "data-too-long", "no-line-end", "two-bytes-for-line-end"),
}
#: Other requests of which the head is wrong, one of each kind.
MALFORMED = {
    **_some("name", NAMES, "byte-20", "byte-00", "byte-28", "byte-80", "empty", "no-colon"),
    **_some("colon", SPACED, "space", "tab"),
    **_some("indented", INDENTED, "space"),
    **_some("cr", CARRIAGE_RETURNS, "in-value", "in-name"),
    "nul-in-value": NULS["middle"][0],
    **_some("host-missing", MISSING, "alone"),
    **_some("host-twice", DUPLICATE, "different"),
    **_some("host", HOSTS, "space", "open-bracket"),
    **_some("method", METHODS, "paren", "empty", "nul"),
    **_some("target", TARGETS, "space", "nul", "empty"),
    **_some("version", VERSIONS, "letter-behind", "two-letters", "no-point", "none", "3.0"),
}


@case("rfc.http1.request.error-response", each={**UNFRAMED, **UNCHUNKED, **MALFORMED})
async def a_malformed_request_is_answered(exchange: Exchange, request: bytes) -> None:
    """A malformed request is answered with 4xx, 501 or 505, and not by the end of the connection alone."""
    client, called = await _sent(exchange, request)
    response = await client.next_response_or_end()
    await exchange.still_serves()
    expected = f"the server answers {shown(request)} with 4xx, 501 or 505"
    if response is None:
        raise Broken(expected, "it ended the connection without an answer")
    # An application that heard of it has ended without an answer, for which a server may make up a 500.
    fits = is_about_the_request(response.status) or (called and response.status >= 500)
    if not response.complete or not fits:
        raise Broken(expected, f"it answered {response.status}, {'' if response.complete else 'in'}completely")


@case("rfc.http1.request.error-closes", each=UNFRAMED, circumstances=(DEFAULT, KEPT))
async def a_request_without_a_length_ends_the_connection(exchange: Exchange, request: bytes) -> None:
    """After a request whose length cannot be known the connection is closed, and nothing more is processed."""
    client, _ = await _sent(exchange, request)
    await _closes(exchange, client)


@case("rfc.http1.request.error-closes", each=UNCHUNKED)
async def an_error_in_the_content_ends_the_connection(exchange: Exchange, request: bytes) -> None:
    """After an error in chunked content the connection is closed, and nothing more is processed.

    The document asks for it less strictly than for an error in the head: a late close is a warning.
    """
    client, _ = await _sent(exchange, request)
    await _closes(exchange, client, Level.SHOULD)


async def _sent(exchange: Exchange, request: bytes) -> tuple[Http1Client, bool]:
    """Send a malformed request; the application may hear of it when it hears too that the content breaks off.

    Gives the client, and whether the application did.

    Raises:
        NotApplicable: the server takes the request for a good one.
    """
    client, got = await ask(exchange, request.partition(AFTER)[0] + AFTER)
    if isinstance(got, Call):
        body = await received(got)
        if body is not None and body.complete:
            raise exchange.not_applicable("the server takes this request for a good one")
        await got.finish()
    return client, isinstance(got, Call)


async def _closes(exchange: Exchange, client: Http1Client, level: Level | None = None) -> None:
    try:
        await client.wire.ended(exchange.patience.prompt)
    except TimedOut as late:
        raise Broken(late.expected, late.observed, level=level) from None
    await nothing_follows(exchange)
