"""Violations that show with few of all possible messages (suite ``properties``)."""

from __future__ import annotations

from collections.abc import Callable

from ..application import Scope
from . import on_scope

Field = tuple[bytes, bytes]


# the head of a request


@on_scope("property.request.method/last-dash-lost")
def a_dash_is_lost(scope: Scope) -> None:
    """A dash at the end of a method is lost."""
    scope["method"] = scope["method"].rstrip("-")


@on_scope("property.request.path/delete-lost")
def a_control_character_is_lost(scope: Scope) -> None:
    """The character U+007F is lost from paths."""
    scope["path"] = scope["path"].replace("\x7f", "")


@on_scope("property.request.path/raw-tilde-encoded")
def a_tilde_is_encoded(scope: Scope) -> None:
    """A tilde is percent-encoded in raw_path."""
    scope["raw_path"] = scope["raw_path"].replace(b"~", b"%7E")


@on_scope("property.request.query/tilde-encoded")
def a_tilde_of_a_query_is_encoded(scope: Scope) -> None:
    """A tilde in a query is percent-encoded."""
    scope["query_string"] = scope["query_string"].replace(b"~", b"%7E")


def _on_fields(name: str) -> Callable[[Callable[[Field], Field | None]], Callable[[Field], Field | None]]:
    """Change header lines on their way into scopes; what becomes None is left out."""

    def register(change: Callable[[Field], Field | None]) -> Callable[[Field], Field | None]:
        def spoil(scope: Scope) -> None:
            scope["headers"] = [field for field in map(change, scope["headers"]) if field is not None]

        spoil.__doc__ = change.__doc__
        on_scope(name)(spoil)
        return change

    return register


@_on_fields("property.request.headers/bar-lost")
def a_name_with_a_bar_is_lost(field: Field) -> Field | None:
    """A header line whose name has a vertical bar is lost."""
    return None if b"|" in field[0] else field


@_on_fields("property.request.headers/last-comma-lost")
def a_comma_is_lost(field: Field) -> Field:
    """A comma at the end of a header's value is lost."""
    return field[0], field[1].rstrip(b",")


@_on_fields("property.request.cookies/empty-value")
def an_equals_sign_is_lost(field: Field) -> Field:
    """The equals sign behind a cookie without a value is lost."""
    name, value = field
    return (name, value.rstrip(b"=")) if name == b"cookie" else field
