"""Violations of the base document in scopes and events of every kind."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from ..application import Event, Receive, Scope, Send
from . import F, around, on_received, on_scope, on_send

#: The newest scope.
BEFORE: list[Scope] = []
#: The extensions that all requests share.
EXTENSIONS: dict[str, Any] = {}
#: The first client that was forwarded on a connection, by the port of its other end.
CLIENTS: dict[int, str] = {}


# scopes of every kind


@around("scope.made", name="core.scope.is-dict/proxy", follows=["*"])
def scope_as_a_proxy(original: Any, scope: Scope, server: Any) -> Any:
    """The scope is a mapping that is no dict."""
    return MappingProxyType(original(scope, server))


@around("scope.made", name="core.scope.type.present/missing", follows=["*"])
def scope_without_type(original: Any, scope: Scope, server: Any) -> Scope:
    """The scope of requests and WebSockets has its type under another name."""
    found: Scope = original(scope, server)
    found["kind"] = found.pop("type")
    return found


@around("scope.made", name="core.scope.type.str/bytes", follows=["*"])
def type_as_bytes(original: Any, scope: Scope, server: Any) -> Scope:
    """The type of the scope is a byte string."""
    found: Scope = original(scope, server)
    found["type"] = found["type"].encode()
    return found


@around("scope.made", name="core.scope.asgi.present/missing", follows=["*"])
def scope_without_asgi(original: Any, scope: Scope, server: Any) -> Scope:
    """The scope has nothing about ASGI."""
    found: Scope = original(scope, server)
    del found["asgi"]
    return found


@around(
    "scope.made",
    name="core.scope.asgi.version.present/missing",
    also=["lifespan.scope.asgi.version"],
    follows=["core.scope.*"],
)
def asgi_without_version(original: Any, scope: Scope, server: Any) -> Scope:
    """The version of ASGI is missing."""
    found: Scope = original(scope, server)
    del found["asgi"]["version"]
    return found


@around(
    "scope.made",
    name="core.scope.asgi.version.str/float",
    also=["lifespan.scope.asgi.version"],
    follows=["core.scope.*"],
)
def asgi_version_as_a_number(original: Any, scope: Scope, server: Any) -> Scope:
    """The version of ASGI is a float."""
    found: Scope = original(scope, server)
    found["asgi"]["version"] = 3.0
    return found


@around("scope.made", name="core.scope.asgi.version.value/legacy", follows=["core.scope.*"])
def asgi_version_of_legacy_applications(original: Any, scope: Scope, server: Any) -> Scope:
    """The version of ASGI is "2.0"."""
    found: Scope = original(scope, server)
    found["asgi"]["version"] = "2.0"
    return found


@on_scope("core.scope.asgi.version.same-in-all-scopes/newer", kind="lifespan")
def lifespan_of_a_newer_version(scope: Scope) -> None:
    """The version of ASGI in the lifespan scope is "3.1"."""
    scope["asgi"]["version"] = "3.1"


@around("scope.made", name="core.scope.keys.str/bytes")
def a_key_of_bytes(original: Any, scope: Scope, server: Any) -> Scope:
    """The scope has a key of the server's own that is a byte string."""
    found: Scope = original(scope, server)
    found[b"x-own"] = 1  # type: ignore[index]
    return found


@around("scope.made", name="core.extensions.is-dict/list", follows=["core.extensions.*", "extension.*", "tls.*"])
def extensions_as_a_list(original: Any, scope: Scope, server: Any) -> Scope:
    """The extensions are a list of their names."""
    found: Scope = original(scope, server)
    if "extensions" in found:
        found["extensions"] = list(found["extensions"])
    return found


@around("scope.made", name="core.extensions.names-str/bytes", follows=["core.extensions.*", "extension.*", "tls.*"])
def extensions_with_names_of_bytes(original: Any, scope: Scope, server: Any) -> Scope:
    """The names of extensions are byte strings."""
    found: Scope = original(scope, server)
    if "extensions" in found:
        found["extensions"] = {name.encode(): entry for name, entry in found["extensions"].items()}
    return found


# whose a scope is


@on_scope("core.scope.own-dict-per-call/kept", follows=["*"])
def deleted_keys_stay_deleted(scope: Scope) -> None:
    """When an application has deleted the asgi dict from its scope, it is in no later one."""
    if any("asgi" not in before for before in BEFORE):
        del scope["asgi"]
    BEFORE.append(scope)


@on_scope("core.scope.nested-values-not-shared/extensions")
def extensions_are_shared(scope: Scope) -> None:
    """All requests share one dict of extensions."""
    EXTENSIONS.update(scope["extensions"])
    scope["extensions"] = EXTENSIONS


@on_send("core.scope.server-survives-scope-mutation/relies-on-it")
async def the_scope_is_relied_on(send: Send, event: Any, scope: Scope) -> None:
    """Sending looks at the method in the scope that the application has."""
    assert scope["method"]
    await send(event)


@on_received("core.scope.stable-during-call/marked")
def a_scope_is_marked(event: Event, scope: Scope) -> Event:
    """A key is added to the scope when an event is received."""
    scope["x-received"] = True
    return event


@on_scope("core.middleware.server-wrappers-copy-scope/first-client")
def the_first_forwarded_client_stays(scope: Scope) -> None:
    """X-Forwarded-For changes the client, and what it was for the first request stays for the next ones."""
    forwarded = [value.decode() for name, value in scope["headers"] if name == b"x-forwarded-for"]
    if forwarded and scope["client"]:
        scope["client"] = [CLIENTS.setdefault(scope["client"][1], forwarded[0]), 0]


# events of every kind


def on_every_event(name: str, **registration: Any) -> Callable[[F], F]:
    """Change the events that calls of every kind receive; the decorated function is called with the event."""

    def register(function: F) -> F:
        def spoil(original: Any, self: Any, scope: Scope, receive: Receive, send: Send) -> Any:
            async def spoilt() -> Any:
                return function(await receive())

            return original(self, scope, spoilt, send)

        spoil.__doc__ = function.__doc__
        around("server.Server.guard", name=name, **registration)(spoil)
        return function

    return register


@on_every_event("core.event.is-dict/proxy", follows=["*"])
def event_as_a_proxy(event: Event) -> Any:
    """Events are mappings that are no dicts."""
    return MappingProxyType(event)


@on_every_event("core.event.type.str/bytes", follows=["*"])
def event_type_as_bytes(event: Event) -> Event:
    """The types of events are byte strings."""
    return {**event, "type": event["type"].encode()}


@on_every_event("core.event.type.namespaced/bare", follows=["*"])
def event_type_without_its_protocol(event: Event) -> Event:
    """The types of events have no protocol in them."""
    return {**event, "type": event["type"].partition(".")[2]}


@on_every_event("core.event.keys.str/bytes", follows=["http.request.truncated-is-disconnect"])
def an_event_key_of_bytes(event: Event) -> Event:
    """Events have a key that is a byte string."""
    return {**event, b"x-own": 1}  # type: ignore[dict-item]


@on_every_event("core.event.serialisable/object", follows=["http.request.truncated-is-disconnect"])
def an_object_in_every_event(event: Event) -> Event:
    """Events have an object in a key of the server's own."""
    return {**event, "x-own": memoryview(b"x")}
