"""Request targets on which readings or servers differ."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken


@case("http.scope.query-string.raw-bytes", circumstances=(DEFAULT, HTTP2))
async def raw_bytes_in_the_query_do_not_break_the_server(exchange: Exchange) -> None:
    """Unencoded bytes outside ASCII in the query are passed on, or the request is refused without a server error."""
    client = await exchange.connect()
    await client.request("GET", b"/p?q=\xe2\x82\xac\xff")
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        if app.response is not None and not 400 <= app.response.status < 500:
            raise Broken("the request is passed on, or refused as the client's mistake", app.what)
        await exchange.still_serves()
        return
    query = app.scope.get("query_string")
    expect(query, "scope['query_string']").satisfies(
        "is the query as it was sent, or percent-encoded",
        lambda value: isinstance(value, bytes) and value.lower() in (b"q=\xe2\x82\xac\xff", b"q=%e2%82%ac%ff"),
    )
    await exchange.answered(client, app)


@case("http.scope.raw-path.absolute-form")
async def raw_path_of_an_absolute_target(exchange: Exchange) -> None:
    """For a target in absolute form, raw_path is the path component or the whole target."""
    client = await exchange.http1()
    await client.send_head("GET", b"http://a.example/a%20b?c", [(b"host", b"a.example")])
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await exchange.still_serves()
        raise exchange.observed(f"it refuses a target in absolute form: {app.what}")
    found = {key: app.scope.get(key) for key in ("path", "raw_path", "query_string")}
    await exchange.answered(client, app)
    raise exchange.observed(f"for the target http://a.example/a%20b?c the scope has {show(found)}")
