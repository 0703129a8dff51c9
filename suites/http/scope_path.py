"""The path in the scope: the decoded request target without its query."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, EVERY_HTTP_AND_10, HTTP2, KEPT
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect, show

from .refusals import refuses

# Targets, and the paths that they are decoded to.
PERCENT_DECODED = {
    "all-kinds": ("/a%20b%3Fc%23d%7e", "/a b?c#d~"),
    "percent-sign": ("/100%25", "/100%"),
    "tab": ("/a%09b", "/a\tb"),
    "hex-case": ("/%c3%A9%C3%a9", "/éé"),
}
SLASH = {
    "middle": ("/a%2Fb", "/a/b"),
    "lower-hex": ("/a%2fb", "/a/b"),
    "last": ("/a%2F", "/a/"),
}
ONCE = {
    "space": ("/a%2520b", "/a%20b"),
    "slash": ("/a%252Fb", "/a%2Fb"),
    "percent-sign": ("/a%2525", "/a%25"),
}
UTF8 = {
    "two-to-four-bytes": ("/%C3%A9/%E2%82%AC/%F0%9F%98%80", "/é/€/😀"),
    "combining": ("/e%CC%81", "/e\u0301"),
    "beside-plain": ("/caf%C3%A9.html", "/café.html"),
}
KEPT_AS_THEY_ARE = {
    "plus": ("/a+b", "/a+b"),
    "parameters": ("/a;c=1;d/e", "/a;c=1;d/e"),
    "delimiters": ("/d:e@f!g$h&i'j(k)l*m,n=o", "/d:e@f!g$h&i'j(k)l*m,n=o"),
}
NOT_NORMALISED = {
    "dots": ("/a/./b/../c", "/a/./b/../c"),
    "double-slash": ("/a//b///c", "/a//b///c"),
    "double-slash-first": ("//a/b", "//a/b"),
    "last-slash": ("/a/b/", "/a/b/"),
    "encoded-dots": ("/a/%2e%2E/b", "/a/../b"),
}
#: What is no path of its own: a query behind it.
QUERIES = {
    "value": ("/p?x=1", "/p"),
    "slash-in-query": ("/p?/q/../r", "/p"),
    "two-question-marks": ("/p?x=1?y=2", "/p"),
    "empty": ("/p?", "/p"),
    "root": ("/?x=1", "/"),
}
UNDECODABLE = {
    "never-valid": "/%FF%FE",
    "cut-short": "/%E2%82",
    "overlong": "/%C0%AF",
    "surrogate": "/%ED%A0%80",
}


def path_of(app: Call) -> object:
    """The path of a call's scope; None where there is none, which is the breach of another requirement."""
    return app.scope.get("path")


async def the_path_is(exchange: Exchange, target: str, path: str) -> None:
    """Ask for a target and see which path the application gets."""
    client, app = await exchange.dialogue("GET", target)
    expect(path_of(app), f"scope['path'] of a request for {target!r}").equals(path)
    await exchange.answered(client, app)


@case("http.scope.path.percent-decoded", each=PERCENT_DECODED, circumstances=EVERY_HTTP_AND_10)
async def the_path_is_percent_decoded(exchange: Exchange, given: tuple[str, str]) -> None:
    """Percent-encoded characters of the target are decoded in the path."""
    await the_path_is(exchange, *given)


@case("http.scope.path.percent-decoded-slash", each=SLASH, circumstances=EVERY_HTTP)
async def an_encoded_slash_is_decoded(exchange: Exchange, given: tuple[str, str]) -> None:
    """An encoded slash becomes a slash in the path, like any other character."""
    await the_path_is(exchange, *given)


@case("http.scope.path.decoded-once", each=ONCE, circumstances=EVERY_HTTP)
async def the_path_is_decoded_once(exchange: Exchange, given: tuple[str, str]) -> None:
    """What is encoded twice is decoded once."""
    await the_path_is(exchange, *given)


@case("http.scope.path.utf8-decoded", each=UTF8, circumstances=EVERY_HTTP_AND_10)
async def encoded_utf8_becomes_characters(exchange: Exchange, given: tuple[str, str]) -> None:
    """Percent-encoded UTF-8 becomes characters in the path."""
    await the_path_is(exchange, *given)


@case("http.scope.path.plus-and-params-kept", each=KEPT_AS_THEY_ARE, circumstances=EVERY_HTTP)
async def plain_characters_stay(exchange: Exchange, given: tuple[str, str]) -> None:
    """Characters that are not percent-encoded stay as they are: a plus sign is no space, parameters are no query."""
    await the_path_is(exchange, *given)


@case("http.scope.path.excludes-query", each=QUERIES, circumstances=EVERY_HTTP_AND_10)
async def the_path_has_no_query(exchange: Exchange, given: tuple[str, str]) -> None:
    """The path ends where the query begins."""
    await the_path_is(exchange, *given)


@case("http.scope.path.not-normalised", each=NOT_NORMALISED, circumstances=EVERY_HTTP)
async def the_path_is_not_normalised(exchange: Exchange, given: tuple[str, str]) -> None:
    """Dot segments and double slashes of the target are in the path as they were sent.

    A server may refuse such a target.
    """
    target, path = given
    client = await exchange.connect()
    await client.request("GET", target)
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await refuses(exchange, app, f"a request for {target!r}")
        return
    expect(path_of(app), f"scope['path'] of a request for {target!r}").equals(path)
    await exchange.answered(client, app)


@case("http.scope.path.raw-utf8", circumstances=(DEFAULT, KEPT, HTTP2), exclusive=True)
async def raw_utf8_is_decoded_or_refused(exchange: Exchange) -> None:
    """Unencoded UTF-8 in a target, where the server lets it through, becomes characters in the path.

    It is not legal there, so that every way of refusing it is right.
    """
    target = "/€/é".encode()
    client = await exchange.connect()
    await client.request("GET", target)
    app = await exchange.call_or_refusal(client)
    if not isinstance(app, Refusal):
        expect(path_of(app), f"scope['path'] of a request for {target!r}").equals("/€/é")
        await exchange.answered(client, app)
    await exchange.still_serves()


@case("http.scope.path.invalid-utf8", each=UNDECODABLE, circumstances=EVERY_HTTP)
async def undecodable_paths_break_nothing(exchange: Exchange, target: str) -> None:
    """A path that is no UTF-8 when it is decoded is handed over as some str, or the request is refused with 4xx."""
    client = await exchange.connect()
    await client.request("GET", target)
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        response = app.response
        expect(response is not None and 400 <= response.status < 500, "the answer").is_true(
            "is a call of the application or a status 4xx", app.what
        )
    else:
        exchange.remark(f"{target!r} gives the path {show(path_of(app))}")
        await exchange.answered(client, app)
    await exchange.still_serves()


@case("http.scope.path.absolute-form")
async def the_absolute_form_gives_a_path(exchange: Exchange) -> None:
    """A target in absolute form gives a path without the query: the path component, or the whole URI."""
    client = await exchange.http1()
    uri = "http://" + client.wire.address.authority.decode() + "/p"
    await client.send_head("GET", f"{uri}?x=1")
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await exchange.still_serves()
        raise exchange.not_applicable(f"the target does not reach the application: {app.what}")
    what = f"of a request for {uri + '?x=1'!r}"
    expect(path_of(app), f"scope['path'] {what}").is_one_of(["/p", uri])
    expect(app.scope.get("query_string"), f"scope['query_string'] {what}").equals(b"x=1")
    await exchange.answered(client, app)


@case("http.scope.path.asterisk-form", circumstances=(DEFAULT, HTTP2))
async def the_asterisk_form_is_a_path_of_its_own(exchange: Exchange) -> None:
    """The target of "OPTIONS *", where it reaches the application, gives the path "*" or an empty one.

    A server may answer or refuse it by itself.
    """
    client = await exchange.connect()
    await client.request("OPTIONS", "*")
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await exchange.still_serves()
        return
    expect(path_of(app), "scope['path'] of a request for '*'").is_one_of(["*", ""])
    await exchange.answered(client, app)
