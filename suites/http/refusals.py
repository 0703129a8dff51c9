"""Requests that a server may refuse."""

from __future__ import annotations

from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.verdict import Broken


async def refuses(exchange: Exchange, refusal: Refusal, what: str) -> None:
    """See that a refusal is one: a status 4xx or 5xx, or the end of the connection, by a server that serves others.

    Raises:
        Broken: it answered as if the request were a good one.
    """
    if refusal.response is not None and refusal.response.status < 400:
        raise Broken(f"the server calls the application for {what}, or refuses it", refusal.what)
    await exchange.still_serves()
