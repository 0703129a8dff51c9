"""What a server may agree to when permessage-deflate is offered (RFC 6455 § 9, RFC 7692 § 5, § 7)."""

from __future__ import annotations

from collections.abc import Sequence

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.websocket import HandshakeResponse
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from ..websocket.conversation import receives, text
from ..websocket.sending import comes
from .compression import NAME, PLAIN, needs_compression, offering, takes, talk_uncompressed

OFFERS: dict[str, Sequence[str]] = {
    "plain": PLAIN,
    "server-no-context-takeover": (f"{NAME}; server_no_context_takeover",),
    "client-no-context-takeover": (f"{NAME}; client_no_context_takeover",),
    "server-window-9": (f"{NAME}; server_max_window_bits=9",),
    "server-window-10-quoted": (f'{NAME}; server_max_window_bits="10"',),
    "server-window-15": (f"{NAME}; server_max_window_bits=15",),
    "client-window": (f"{NAME}; client_max_window_bits",),
    "client-window-10": (f"{NAME}; client_max_window_bits=10",),
    "all": (
        f"{NAME}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12;"
        " client_max_window_bits=12",
    ),
    "two-offers": (f"{NAME}; server_max_window_bits=10", NAME),
    "behind-an-unknown-one": ("x-unknown", NAME),
}
INVALID = {
    "server-window-7": "server_max_window_bits=7",
    "server-window-16": "server_max_window_bits=16",
    "server-window-without-value": "server_max_window_bits",
    "server-window-word": "server_max_window_bits=large",
    "server-window-leading-zero": "server_max_window_bits=010",
    "client-window-7": "client_max_window_bits=7",
    "client-window-16": "client_max_window_bits=16",
    "unknown": "foo=1",
    "unknown-without-value": "foo",
    "repeated": "server_max_window_bits=10; server_max_window_bits=11",
    "repeated-flag": "client_no_context_takeover; client_no_context_takeover",
    "flag-with-value": "server_no_context_takeover=1",
}
WINDOWS = [str(bits) for bits in range(8, 16)]


@case("rfc.websocket.deflate.only-when-offered", circumstances=(DEFAULT, HTTP2))
async def nothing_is_compressed_without_an_offer(exchange: Exchange) -> None:
    """When no compression was offered none is agreed to, and no message comes with RSV1."""
    client, app, answer = await offering(exchange, ())
    expect(answer.extensions, "the extensions in the answer").equals("")
    await talk_uncompressed(client, app)


@case("rfc.websocket.deflate.optional", circumstances=(DEFAULT, HTTP2))
async def a_server_may_decline_compression(exchange: Exchange) -> None:
    """A server that declines the offer of compression sends and takes messages without it."""
    client, app, answer = await offering(exchange, PLAIN)
    if takes(answer):
        await client.send_text("compressed", compressed=True)
        await receives(app, "compressed")
        raise exchange.observed(f"it takes the offer {NAME}")
    await talk_uncompressed(client, app)
    raise exchange.observed(f"it declines the offer {NAME}, and messages pass uncompressed")


@case("rfc.websocket.deflate.response-parameters", each=OFFERS, circumstances=(DEFAULT, HTTP2))
async def the_answer_is_one_that_the_offer_allows(exchange: Exchange, offers: Sequence[str]) -> None:
    """What the server agrees to is what one of the client's offers allows, and messages pass under it."""
    client, app, answer = await offering(exchange, offers)
    if not takes(answer):
        await needs_compression(exchange)
        exchange.remark("the server declined the offer")
        await talk_uncompressed(client, app)
        return
    agreed = parameters(answer)
    allowed = [read(offer) for offer in offers if offer.startswith(NAME)]
    wrong = [flaw(agreed, offer) for offer in allowed]
    if all(wrong):
        raise Broken(f"the answer is one that the offer {', '.join(offers)} allows", f"{answer.extensions}: {wrong[0]}")
    await client.send_text("compressed", compressed=True)
    await receives(app, "compressed")
    await app.send(text("answer " * 50))
    await comes(client, "answer " * 50)


@case("rfc.websocket.deflate.invalid-offer", each=INVALID)
async def an_invalid_offer_is_declined(exchange: Exchange, invalid: str) -> None:
    """An offer with a parameter that is unknown, repeated or invalid is declined.

    That the whole handshake is refused for it is no more than a warning.
    """
    client, app, answer = await offering(exchange, [f"{NAME}; {invalid}"], refusable=True)
    if takes(answer):
        raise Broken(f"the server declines the offer with {invalid}", f"it agreed to {answer.extensions}")
    await talk_uncompressed(client, app)
    await needs_compression(exchange)


@case("rfc.websocket.deflate.invalid-offer", "before-a-valid-one", each=INVALID)
async def an_invalid_offer_spoils_no_other(exchange: Exchange, invalid: str) -> None:
    """Behind an offer that is invalid a valid one is taken as it is, or declined too."""
    client, app, answer = await offering(
        exchange, [f"{NAME}; {invalid}", f"{NAME}; server_no_context_takeover"], refusable=True
    )
    if not takes(answer):
        await talk_uncompressed(client, app)
        await needs_compression(exchange)
        return
    agreed = parameters(answer)
    expect(agreed, f"what the server agreed to, {answer.extensions},").contains("server_no_context_takeover")
    await client.send_text("compressed", compressed=True)
    await receives(app, "compressed")


def read(extension: str) -> dict[str, str | None]:
    """The parameters of an offer or of an answer."""
    pairs = [parameter.strip().partition("=") for parameter in extension.split(";")[1:]]
    return {key.strip(): value.strip().strip('"') if equals else None for key, equals, value in pairs}


def parameters(answer: HandshakeResponse) -> dict[str, str | None]:
    """The parameters to which the server agreed, each of which has to stand there once."""
    names = [part.partition("=")[0].strip() for part in answer.extensions.split(";")[1:]]
    expect(len(set(names)) == len(names), f"the answer {answer.extensions}").is_true("has each parameter once")
    return read(answer.extensions)


def flaw(agreed: dict[str, str | None], offered: dict[str, str | None]) -> str:
    """What is wrong with an agreement under an offer, or nothing."""
    for key, value in agreed.items():
        if key.endswith("_no_context_takeover"):
            if value is not None:
                return f"{key} has a value"
        elif key not in ("server_max_window_bits", "client_max_window_bits"):
            return f"{key} is no parameter of permessage-deflate"
        elif value not in WINDOWS:
            return f"{key} is {value}"
        elif key == "client_max_window_bits" and key not in offered:
            return f"{key} was not offered"
        elif int(value) > int(offered.get(key) or 15):
            return f"{key} is larger than the one that was offered"
    if "server_no_context_takeover" in offered and "server_no_context_takeover" not in agreed:
        return "server_no_context_takeover is missing, though it was asked for"
    if offered.get("server_max_window_bits") and "server_max_window_bits" not in agreed:
        return "server_max_window_bits is missing, though it was asked for"
    return ""
