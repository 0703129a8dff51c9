"""The head of a request: the application has in its scope what the client sent."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.clients.http import values
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from .holding import holds
from .line import Line

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Lines = list[tuple[bytes, bytes]]

UNRESERVED = string.ascii_letters + string.digits + "-._~"
#: What stands in a path, or in a query, as it is (RFC 3986 § 3.3, § 3.4).
IN_PATH = UNRESERVED + "/!$&'()*+,;=:@"
IN_QUERY = IN_PATH + "?"
#: What a name is made of (RFC 9110 § 5.6.2), but for the underscore, on which servers have views of their own.
IN_NAME = string.ascii_letters + string.digits + "-!#$%&'*+.^`|~"
#: What a value is made of (RFC 9110 § 5.5), the high bytes as Latin-1; what parsers look for is frequent.
IN_VALUE = "a" + "".join(map(chr, range(0x20, 0x7F))) + 4 * '\t\x80\xa0\xe9\xff ;,:="\\'
#: Characters that take one to four bytes in UTF-8, at the ends of their ranges; what decoders stumble on is frequent.
CHARACTERS = "a" + "".join(map(chr, range(128))) + 10 * "\x00 %+/?~\x7f\x80é߿ࠀ€\ufeff\uffff𐀀😀\U0010ffff"
#: Methods that have a registration, and so are known to parsers that know no others.
METHODS = (
    *("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "ACL", "BIND", "COPY", "LINK", "LOCK", "MERGE"),
    *("MKCALENDAR", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH", "REBIND", "REPORT", "SEARCH", "UNBIND", "UNLINK"),
)


@dataclass(frozen=True)
class Request:
    """The head of a request."""

    method: str = "GET"
    target: str = "/"
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.target}" + "".join(f" | {name!r}: {value!r}" for name, value in self.headers)


async def called(line: Line, request: Request) -> Call:
    """Send a request, and have the call for it answered."""
    client = await line.client()
    await client.request(request.method, request.target, request.headers)
    app = await line.call(client)
    await line.answered(client, app)
    return app


def text(alphabet: str, *, least: int = 0, most: int = 20) -> SearchStrategy[str]:
    """A text of these characters."""
    from hypothesis import strategies as st

    # st.text makes a table of all characters first, and keeps it in the user's folder.
    return st.binary(min_size=least, max_size=most).map(
        lambda drawn: "".join(alphabet[number % len(alphabet)] for number in drawn)
    )


def targets(plain: str, encoded: SearchStrategy[bytes]) -> SearchStrategy[str]:
    """Parts of a target: ``plain`` characters, and others percent-encoded in either letter case."""
    from hypothesis import strategies as st

    escapes = st.builds(_escaped, encoded, st.booleans())
    return st.lists(st.one_of(text(plain, least=1, most=8), escapes), max_size=8).map("".join)


def _escaped(data: bytes, small: bool) -> str:
    return "".join(f"%{byte:02x}" if small else f"%{byte:02X}" for byte in data)


def methods() -> SearchStrategy[Request]:
    """Requests with registered methods, and with others, for different paths."""
    from hypothesis import strategies as st

    words = text(string.ascii_uppercase + 6 * "-", least=3, most=12)
    # Many servers know registered methods only.
    names = st.sampled_from((True, True, True, False)).flatmap(
        lambda known: st.sampled_from(METHODS) if known else words
    )
    return st.builds(Request, names, text(UNRESERVED).map("/".__add__))


@case("property.request.method")
async def every_method_arrives(exchange: Exchange) -> None:
    """Whatever method in capital letters a client uses, the application gets it."""

    async def arrives(line: Line, request: Request) -> None:
        app = await called(line, request)
        expect(app.scope.get("method"), "scope['method']").equals(request.method)

    await holds(exchange, methods, arrives)


def paths() -> SearchStrategy[Request]:
    """Requests for paths of plain characters, of encoded characters and, some of them, of any bytes."""
    from hypothesis import strategies as st

    characters = text(CHARACTERS, least=1, most=6).map(str.encode)
    encoded = st.one_of(characters, characters, st.binary(min_size=1, max_size=3))
    return targets(IN_PATH, encoded).map(lambda path: Request(target=f"/{path}"))


@case("property.request.path")
async def every_path_arrives(exchange: Exchange) -> None:
    """Whatever path a client asks for, in whatever encoding, the application gets its characters and its raw bytes."""

    async def arrives(line: Line, request: Request) -> None:
        app = await called(line, request)
        raw = request.target.encode()
        expect(app.scope.get("raw_path"), "scope['raw_path']").is_one_of([raw, None])
        try:
            path = unquote_to_bytes(raw).decode()
        except UnicodeDecodeError:  # there is no right path then
            return
        expect(app.scope.get("path"), "scope['path']").equals(path)

    await holds(exchange, paths, arrives)


def queries() -> SearchStrategy[Request]:
    """Requests with queries of plain characters and of any bytes, encoded."""
    from hypothesis import strategies as st

    return targets(IN_QUERY, st.binary(min_size=1, max_size=3)).map(lambda query: Request(target=f"/?{query}"))


@case("property.request.query")
async def every_query_arrives(exchange: Exchange) -> None:
    """Whatever query a client sends, the application gets its bytes, still encoded."""

    async def arrives(line: Line, request: Request) -> None:
        app = await called(line, request)
        query = request.target.partition("?")[2].encode()
        expect(app.scope.get("query_string"), "scope['query_string']").equals(query)

    await holds(exchange, queries, arrives)


def field_values() -> SearchStrategy[bytes]:
    """Values of fields: visible characters, with spaces, tabs and high bytes within."""
    return text(IN_VALUE).map(lambda value: value.encode("latin-1").strip(b" \t"))


def fields(names: str = IN_NAME) -> SearchStrategy[Lines]:
    """Lines of fields, some of the same name; none of them means something to a server."""
    from hypothesis import strategies as st

    name = text(names, most=6).map(lambda name: f"x-{name}".encode()).filter(lambda name: name.lower() != b"x-exchange")
    return st.lists(st.tuples(name, field_values()), min_size=1, max_size=5)


def with_fields() -> SearchStrategy[Request]:
    """Requests with some lines of fields."""
    return fields().map(lambda lines: Request(headers=tuple(lines)))


@case("property.request.headers")
async def every_header_arrives(exchange: Exchange) -> None:
    """Whatever names and values header lines have, the application gets them, and those of one name in their order."""

    async def arrives(line: Line, request: Request) -> None:
        app = await called(line, request)
        for name in {name.lower() for name, _ in request.headers}:
            expect(app.header_values(name), f"the values of {name!r} in scope['headers']").equals(
                values(request.headers, name)
            )

    await holds(exchange, with_fields, arrives)


def cookies() -> SearchStrategy[Request]:
    """Requests with one to three lines of cookies."""
    from hypothesis import strategies as st

    allowed = "".join(chr(byte) for byte in range(0x21, 0x7F) if chr(byte) not in ";")
    pair = st.builds("{}={}".format, text(IN_NAME, least=1, most=4), text(allowed + " ", most=10).map(str.strip))
    lines = st.lists(st.lists(pair, min_size=1, max_size=3).map("; ".join), min_size=1, max_size=3)
    return lines.map(lambda lines: Request(headers=tuple((b"Cookie", one.encode()) for one in lines)))


@case("property.request.cookies")
async def every_cookie_arrives(exchange: Exchange) -> None:
    """Whatever cookies a client has, the application gets them byte for byte: line by line, or joined with "; "."""

    async def arrives(line: Line, request: Request) -> None:
        app = await called(line, request)
        sent = [value for _, value in request.headers]
        expect(app.header_values(b"cookie"), "the values of b'cookie' in scope['headers']").is_one_of(
            [sent, [b"; ".join(sent)]]
        )

    await holds(exchange, cookies, arrives)
