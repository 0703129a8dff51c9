"""One self-contained page about one candidate: it opens offline, and holds its own results."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from asgi_conformance._embed import element
from asgi_conformance.errors import UsageError
from asgi_conformance.reports.pages import Limits, asset, context, environment, policy
from asgi_conformance.results import Document, dumps

#: A page has to stay below two megabytes: what it shows of traces shrinks until it does.
LARGEST = 1_950_000
_LIMITS = [Limits(rows, size) for rows, size in ((120, 512), (60, 256), (40, 128), (24, 96), (12, 64), (0, 0))]


def render(document: Document, *, home: str | None = None, requirement_page: Callable[[str], str] | None = None) -> str:
    """The page of the document's only run.

    In a site, ``home`` is the address of the first page, and ``requirement_page`` gives that of a requirement's page.

    Raises:
        UsageError: the document holds no run, or several, of which the ``site`` report makes many pages.
    """
    if len(document["runs"]) != 1:
        raise UsageError(
            f"This report is of one candidate, and there are {len(document['runs'])} runs.",
            hint="Give one run, or have a site made of them all.",
        )
    script = asset("report.js")
    fixed = {
        "css": asset("report.css"),
        "script": script,
        "policy": policy(script),
        "embedded": Markup(element(dumps(document))),  # base64 and nothing else
        "home": home,
        "requirement_page": requirement_page,
    }
    template = environment().get_template("report.html")
    page = ""
    for limits in _LIMITS:
        page = template.render(**context(document["runs"][0], limits), **fixed)
        if len(page.encode("utf-8")) < LARGEST:
            break
    return page
