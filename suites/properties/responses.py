"""Responses: the client gets what the application sent."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asgi_conformance.cases import case
from asgi_conformance.clients.http import values
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.values import Digest

from .bodies import contents
from .holding import holds
from .line import Line
from .requests import fields

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: Statuses whose responses have no content.
_BODYLESS = (204, 205, 304)


@dataclass(frozen=True)
class Answer:
    """A response in ``parts``, each of which is one message; ``declared``: with a Content-Length."""

    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()
    parts: tuple[bytes, ...] = (b"",)
    declared: bool = True

    @property
    def content(self) -> bytes:
        """All parts."""
        return b"".join(self.parts)

    def messages(self) -> list[dict[str, object]]:
        """What the application sends."""
        length = [(b"content-length", b"%d" % len(self.content))] if self.declared else []
        bodies = [{"type": "http.response.body", "body": part, "more_body": True} for part in self.parts]
        bodies[-1]["more_body"] = False
        return [{"type": "http.response.start", "status": self.status, "headers": [*self.headers, *length]}, *bodies]

    def __str__(self) -> str:
        headers = "".join(f" | {name!r}: {value!r}" for name, value in self.headers)
        length = "with" if self.declared else "without"
        return f"a response {self.status}{headers} {length} Content-Length, in the parts {show(list(self.parts))}"


def heads() -> SearchStrategy[Answer]:
    """Responses of all statuses that have content, with headers of which some may be cookies."""
    from hypothesis import strategies as st

    statuses = st.integers(200, 599).filter(lambda status: status not in _BODYLESS)
    cookies = st.tuples(st.just(b"set-cookie"), st.sampled_from([b"a=1", b"a=2; Path=/", b"b=3, 4", b"a=1"]))
    lines = st.tuples(fields(string.ascii_lowercase + string.digits + "-!#$%&'*+.^`|~"), st.lists(cookies, max_size=3))
    return st.builds(lambda status, pair: Answer(status, (*pair[0], *pair[1])), statuses, lines)


@case("property.response.head")
async def every_status_and_header_goes_out(exchange: Exchange) -> None:
    """Whatever status and headers an application sends, the client gets them, those of one name in their order."""

    async def goes_out(line: Line, answer: Answer) -> None:
        client = await line.client()
        await client.request()
        app = await line.call(client)
        response = await line.answered(client, app, answer.status, answer.headers)
        expect(response.status, "the status").equals(answer.status)
        for name in dict(answer.headers):
            expect(response.values(name), f"the values of {name!r}").equals(values(answer.headers, name))

    await holds(exchange, heads, goes_out)


def bodies() -> SearchStrategy[Answer]:
    """Responses in one to six parts, some of them empty."""
    from hypothesis import strategies as st

    parts = st.lists(contents(), min_size=1, max_size=6).map(tuple)
    return st.builds(lambda parts, declared: Answer(parts=parts, declared=declared), parts, st.booleans())


@case("property.response.body")
async def every_content_goes_out(exchange: Exchange) -> None:
    """Whatever messages an application makes a response of, the client gets their bytes, and its end."""

    async def goes_out(line: Line, answer: Answer) -> None:
        client = await line.client()
        await client.request()
        app = await line.call(client)
        sending = app.begin_send(*answer.messages(), last=True)
        response = await line.response(client)
        await sending.result()
        whole = len(answer.content) <= 1000
        got, sent = (response.body, answer.content) if whole else map(Digest.of, (response.body, answer.content))
        expect(got, "the response's body").equals(sent)

    await holds(exchange, bodies, goes_out)
