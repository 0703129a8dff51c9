"""Pseudo-header fields of requests (RFC 9113 § 8.3)."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.verdict import Broken, Level

from .asking import BOTH, Odd, ask, body_refused, fields, is_refusal, opened, pseudo, refused

MISSING = {name: pseudo(without=[b":" + name.encode()]) for name in ("method", "scheme", "path")}
INVALID = {
    "method-twice": pseudo((b":method", b"GET")),
    "scheme-twice": pseudo((b":scheme", b"http")),
    "path-twice": pseudo((b":path", b"/other")),
    "authority-twice": pseudo((b":authority", b"other")),
    "unknown": pseudo((b":foo", b"1")),
    "of-a-response": pseudo((b":status", b"200")),
    "late-method": Odd(last=[(b":method", b"GET")], without=[b":method"]),
    "late-path": Odd(last=[(b":path", b"/odd")], without=[b":path"]),
    "late-authority": Odd(last=[(b":authority", b"a.example")], without=[b":authority"]),
    "upper-case": Odd(first=[(b":PATH", b"/odd")], without=[b":path"]),
}
TRAILERS = {"path": (b":path", b"/other"), "status": (b":status", b"200"), "unknown": (b":foo", b"1")}
OCTETS = {"space": b"/a b", "control": b"/\x01", "utf-8": "/é".encode(), "delete": b"/\x7f", "latin-1": b"/\xe9"}
CONNECT = {
    "path-and-scheme": Odd(method="CONNECT"),
    "path": Odd(method="CONNECT", without=[b":scheme"]),
    "scheme": Odd(method="CONNECT", without=[b":path"]),
}


@case("rfc.http2.pseudo.missing", each=MISSING, circumstances=BOTH)
async def an_incomplete_request_is_refused(exchange: Exchange, odd: Odd) -> None:
    """A request without :method, :scheme or :path is refused and does not reach the application."""
    await refused(exchange, odd)


@case("rfc.http2.pseudo.invalid", each=INVALID, circumstances=BOTH)
async def a_wrong_pseudo_header_is_refused(exchange: Exchange, odd: Odd) -> None:
    """A pseudo-header that is repeated, unknown, of responses or behind ordinary fields is refused."""
    await refused(exchange, odd)


@case("rfc.http2.pseudo.invalid", "trailers", each=TRAILERS, circumstances=BOTH)
async def pseudo_headers_in_trailers_are_refused(exchange: Exchange, field: tuple[bytes, bytes]) -> None:
    """A request with a pseudo-header in its trailers is not taken for complete."""
    client = await opened(exchange)
    await client.start_request("POST")
    await client.send_body(b"content")
    await client.end_body([field])
    await body_refused(exchange, client, f"a request with {field[0]!r} in its trailers")


@case("rfc.http2.pseudo.empty-path", circumstances=BOTH)
async def an_empty_path_is_refused(exchange: Exchange) -> None:
    """A request with an empty :path is refused."""
    await refused(exchange, pseudo((b":path", b""), without=[b":path"]))


@case("rfc.http2.pseudo.empty-path", "asterisk", circumstances=BOTH)
async def the_asterisk_is_a_path_of_options(exchange: Exchange) -> None:
    """OPTIONS with the :path "*" reaches the application, or is refused as not implemented; a refusal is a warning."""
    client, got = await ask(exchange, Odd(method="OPTIONS", first=[(b":path", b"*")], without=[b":path"]))
    if isinstance(got, Call):
        await exchange.answered(client, got)
        return
    await is_refusal(exchange, client.connection, got, "OPTIONS *")
    raise Broken("the server takes OPTIONS with the path *", got.what, level=Level.SHOULD)


@case("rfc.http2.pseudo.path-octets", each=OCTETS, circumstances=BOTH)
async def a_path_that_is_no_uri_is_refused(exchange: Exchange, path: bytes) -> None:
    """A :path with octets that a URI cannot have is refused, and harms nothing else."""
    await refused(exchange, pseudo((b":path", path), without=[b":path"]))


@case("rfc.http2.connect-plain", each=CONNECT, circumstances=BOTH)
async def connect_with_a_path_is_refused(exchange: Exchange, odd: Odd) -> None:
    """CONNECT with :path or :scheme and without :protocol is refused."""
    await refused(exchange, odd)


@case("rfc.http2.connect-plain", "authority", circumstances=BOTH)
async def a_plain_connect_is_refused(exchange: Exchange) -> None:
    """CONNECT with :authority alone, which asks for a tunnel, is refused; a call of the application is a warning."""
    await refused(exchange, Odd(method="CONNECT", without=[b":path", b":scheme"]), Level.SHOULD)


@case("rfc.http2.field.uppercase", each={"first": b"X-a", "last": b"x-A"}, circumstances=BOTH)
async def an_upper_case_name_is_refused(exchange: Exchange, name: bytes) -> None:
    """A request with an upper-case letter in the name of a field is refused."""
    await refused(exchange, fields((name, b"1")))
