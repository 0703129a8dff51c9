"""The site of many candidates: its files, what they say, and that all of them lead to one another."""

from __future__ import annotations

import json
import posixpath
from urllib.parse import unquote, urldefrag

import lxml.html
import pytest
from lxml import etree

from asgi_conformance import results
from asgi_conformance.errors import UsageError
from asgi_conformance.reports import site
from asgi_conformance.reports.matrix import matrix
from asgi_conformance.results import Document, document, summarise
from tests.reports import sample

REQUIREMENT = "tls.extension.absent-without-tls"


def three(*verdicts: str) -> Document:
    """Three candidates with these verdicts on one requirement, and passes elsewhere."""
    runs = []
    for name, verdict in zip(("uvicorn", "hypercorn", "daphne"), verdicts, strict=True):
        made = sample.small(verdict)["runs"][0]
        made["candidate"]["name"] = name
        made["results"] = [result for result in made["results"] if result["case"] != f"{REQUIREMENT}/http2"]
        made["summary"] = summarise(made["results"])
        runs.append(made)
    return document(runs)


def test_the_files_of_a_site() -> None:
    """The matrix, a page for each candidate and requirement, badges, the results of each, and a feed."""
    doc = three("pass", "fail", "warn")
    files = site.render(doc)
    assert {path for path in files if not path.startswith("requirements/")} == {
        "index.html",
        "site.css",
        "clauses.json",
        *(f"results/{name}.json" for name in ("uvicorn", "hypercorn", "daphne")),
        *(f"candidates/{name}.html" for name in ("uvicorn", "hypercorn", "daphne")),
        *(f"badges/{name}.{kind}" for name in ("uvicorn", "hypercorn", "daphne") for kind in ("svg", "json")),
    }
    assert len([path for path in files if path.startswith("requirements/")]) == len(doc["runs"][0]["requirements"])
    assert results.loads(files["results/daphne.json"], "daphne.json") == document([doc["runs"][2]])
    assert results.loads(files["candidates/daphne.html"], "daphne.html") == document([doc["runs"][2]])


def test_every_link_inside_the_site_leads_somewhere() -> None:
    """Files are there, and so is every place in a page that a link names."""
    files = site.render(three("pass", "fail", "warn"))
    pages = {path: lxml.html.fromstring(text) for path, text in files.items() if path.endswith(".html")}
    places = {path: {str(element.get("id")) for element in page.cssselect("[id]")} for path, page in pages.items()}
    dead = []
    for path, page in pages.items():
        for link in page.cssselect("a[href], link[href]"):
            address, place = urldefrag(str(link.get("href")))
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), address)) if address else path
            if address.startswith("https://") or "=" in place:
                continue
            if target not in files or (place and unquote(place) not in places[target]):
                dead.append((path, link.get("href")))
    assert dead == []


def test_the_matrix_knows_where_candidates_disagree() -> None:
    """Differing judgements disagree; no judgement is no disagreement."""

    def row(*verdicts: str) -> tuple[bool, bool]:
        (found,) = [row for row in matrix(three(*verdicts)).rows if row.id == REQUIREMENT]
        assert found.verdicts == list(verdicts)
        return found.disagree, found.failed_by_all

    assert row("pass", "pass", "pass") == (False, False)
    assert row("pass", "fail", "pass") == (True, False)
    assert row("fail", "fail", "warn") == (True, True)
    assert row("fail", "inconclusive", "not-applicable") == (False, True)
    assert row("inconclusive", "error", "not-applicable") == (False, False)


def test_a_requirement_says_who_does_what() -> None:
    """Its page has words, link and readings, and each candidate's cases with what was seen."""
    page = lxml.html.fromstring(site.render(three("pass", "fail", "unsupported"))[f"requirements/{REQUIREMENT}.html"])
    said = " ".join(" ".join(str(part) for part in page.itertext()).split())
    assert "On a connection without TLS" in said
    assert "hypercorn 2.5.0 ✗ fail" in said
    assert "the client's port is '54320', a str expected: the client's port is an int" in said
    assert "daphne 2.5.0 – unsupported" in said


def test_a_requirement_that_nobody_is_judged_by_says_why() -> None:
    """One that obliges applications says so, in place of a table."""
    run = sample.run("toy", "core")
    (id_, *_) = (id_ for id_, entry in run["requirements"].items() if entry["subject"] == "application")
    page = lxml.html.fromstring(site.render(document([run]))[site.page_of(id_)])
    assert [paragraph.text_content() for paragraph in page.cssselect("main p")] == [
        "It obliges applications, not servers."
    ]
    assert not page.cssselect("table")


def test_clauses_say_who_implements_what() -> None:
    """A feed for tools: each requirement with those who keep it and those who do not."""
    feed = json.loads(site.render(three("pass", "fail", "inconclusive"))["clauses.json"])
    assert feed["format"] == "asgi-conformance-clauses/1"
    assert feed["candidates"]["daphne"]["version"] == "2.5.0"
    assert feed["candidates"]["daphne"]["results"] == "results/daphne.json"
    clause = feed["clauses"][REQUIREMENT]
    assert clause["level"] == "must"
    assert clause["url"].endswith("#when-to-use-this-extension")
    assert {word: clause[word] for word in ("kept", "broken", "observed", "unsupported", "undecided")} == {
        "kept": ["uvicorn"],
        "broken": ["hypercorn"],
        "observed": [],
        "unsupported": [],
        "undecided": ["daphne"],
    }


def test_paths_cannot_leave_the_site() -> None:
    """Whatever an id holds, its page is a plain file in one folder, and different ids have different files."""
    ids = ["http.a", "../../etc/passwd", "a/b", "a_b", "A b", "a%2fb", ".", "..x", "a\x00b"]
    paths = [site.page_of(id_) for id_ in ids]
    assert len(set(paths)) == len(ids)
    assert all(posixpath.normpath(path) == path and path.startswith("requirements/") for path in paths)


def test_nothing_of_a_candidate_becomes_markup() -> None:
    """Matrix and requirement pages have the same elements with hostile strings as without."""

    def shape(doc: Document) -> set[tuple[str, ...]]:
        found = set()
        for path, text in site.render(doc).items():
            if path.endswith(".html") and not path.startswith("candidates/"):
                text.encode("utf-8")
                page = lxml.html.fromstring(text)
                found |= {(str(element.tag), *sorted(map(str, element.attrib))) for element in page.iter(etree.Element)}
        return found

    harmless, hostile = three("fail", "warn", "pass"), three("fail", "warn", "pass")
    sample.attack_everywhere(hostile)
    assert shape(hostile) <= shape(harmless)


def test_a_site_needs_a_run() -> None:
    """An empty document is refused with a sentence."""
    with pytest.raises(UsageError, match="at least one run"):
        site.render(document([]))
