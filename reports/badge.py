"""Badges: an SVG, and the JSON from which badge services (the shields.io "endpoint") draw their own."""

from __future__ import annotations

import json
import re

from markupsafe import escape

from asgi_conformance.reports.text import clip, one_line
from asgi_conformance.reports.view import standing
from asgi_conformance.results import Document, Run

_LABEL = "ASGI"
_COLOURS = {"pass": ("brightgreen", "#2f7d32"), "fail": ("red", "#b3261e"), "inconclusive": ("yellow", "#8a6100")}
# Widths of Verdana's letters at 11 pixels, by shape; what is not listed is of the common width.
_NARROW, _WIDE, _COMMON = "fijlrt.,:;'|!()[] ", "mwMWGOQ%@", 6.9


def render(document: Document) -> dict[str, str]:
    """Two files for each run, named after the candidate: ``NAME.svg`` and ``NAME.json``."""
    files: dict[str, str] = {}
    for slug, run in slugs(document).items():
        files[f"{slug}.svg"] = svg(run)
        files[f"{slug}.json"] = endpoint(run)
    return files


def slugs(document: Document) -> dict[str, Run]:
    """The runs by a name that can stand in an address: candidate and variant, numbered where several are alike."""
    named: dict[str, Run] = {}
    for run in document["runs"]:
        candidate = run["candidate"]
        words = f"{candidate['name']} {candidate['variant'] or ''}".lower()
        slug = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:80] or "candidate"
        unique, number = slug, 2
        while unique in named:
            unique, number = f"{slug}-{number}", number + 1
        named[unique] = run
    return named


def words_of(run: Run) -> str:
    """What a badge says of a run."""
    found = standing(run)
    return found.word if found.word == "conformant" else f"{found.word}: {found.sentence}"


def endpoint(run: Run) -> str:
    """The JSON for a badge service."""
    message = clip(one_line(words_of(run)), 60)
    colour = _COLOURS[standing(run).tone][0]
    return json.dumps({"schemaVersion": 1, "label": _LABEL, "message": message, "color": colour}) + "\n"


def svg(run: Run) -> str:
    """A flat badge, 20 pixels high. ``textLength`` makes it fit whatever the fonts are."""
    message = clip(one_line(words_of(run)), 60)
    colour = _COLOURS[standing(run).tone][1]
    left, right = _width(_LABEL), _width(message)
    text = escape(message)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"'
        f' aria-label="{_LABEL}: {text}">\n'
        f"<title>{_LABEL}: {text}</title>\n"
        f'<clipPath id="round"><rect width="{left + right}" height="20" rx="3"/></clipPath>\n'
        f'<g clip-path="url(#round)"><rect width="{left}" height="20" fill="#444"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>\n'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">\n'
        f'<text x="{left / 2:g}" y="14" textLength="{left - 12}">{_LABEL}</text>\n'
        f'<text x="{left + right / 2:g}" y="14" textLength="{right - 12}">{text}</text>\n'
        "</g>\n</svg>\n"
    )


def _width(text: str) -> int:
    return round(sum(4.1 if char in _NARROW else 9.9 if char in _WIDE else _COMMON for char in text)) + 12
