"""The page of one candidate: what it says, that it is whole, and that nothing of a candidate becomes markup."""

from __future__ import annotations

import re

import lxml.html
import pytest
from lxml import etree

from asgi_conformance import results
from asgi_conformance.errors import UsageError
from asgi_conformance.reports import html
from asgi_conformance.reports.sections import is_known, outline
from asgi_conformance.results import document
from tests.reports import sample


def page_of(*verdicts: str) -> lxml.html.HtmlElement:
    """The parsed page of a small document."""
    return lxml.html.fromstring(html.render(sample.small(*verdicts)))


def words(element: etree._Element) -> str:
    """The text of an element, with single blanks."""
    return " ".join(" ".join(str(part) for part in element.itertext()).split())


def test_the_page_gives_its_results_back() -> None:
    """The tool reads a report as it reads the JSON that the report was made of."""
    doc = sample.full()
    assert results.loads(html.render(doc), "report.html") == doc


def test_the_first_screen_tells_who_and_how() -> None:
    """Candidate, standing, command, circumstances, what it declares against what was observed, and the counts."""
    page = page_of("fail", "warn")
    assert words(page.cssselect("h1")[0]) == "toy 2.5.0"
    assert words(page.cssselect(".standing")[0]) == "✗ not conformant 1 of 25 musts broken"
    facts = words(page.cssselect(".facts")[0])
    for fact in ("toy --interface asgi <app>", "Python 3.11.7", "Event loop asyncio", "2026-01-01 00:00:00 UTC"):
        assert fact in facts
    assert "http 2.3 nothing was judged" in words(page.cssselect(".card")[0])
    assert "tls 32 1 1" in words(page.cssselect(".counts")[0])
    assert "must 29 1 1" in words(page.cssselect(".counts")[0])


def test_declared_versions_are_held_against_what_was_observed() -> None:
    """For each protocol: the declared version, the broken musts, and what is kept of each version."""
    page = lxml.html.fromstring(html.render(document([sample.run("toy", "http", trouble=0, hostile=False)])))
    row = words(page.cssselect(".card tbody tr")[0])
    assert row.startswith("http 2.3 every must that was judged is kept kept by version: 2.0: ")


def test_every_requirement_is_there_once_in_document_order() -> None:
    """All requirements of the run, also those without a case, each in its section, sections as in the documents."""
    doc = sample.full(hostile=False)
    page = lxml.html.fromstring(html.render(doc))
    shown = [str(element.get("id")).removeprefix("requirement:") for element in page.cssselect(".req")]
    assert sorted(shown) == sorted(doc["runs"][0]["requirements"])
    headings = [words(element) for element in page.cssselect("#document-2 h3")]
    assert headings[:5] == [
        "Spec Versions",
        "HTTP",
        "HTTP Connection Scope",
        "Request - receive event",
        "Response Start - send event",
    ]
    assert [words(element) for element in page.cssselect(".chapter > h2")][3] == "RFC 9110: HTTP Semantics"
    numbers = [[int(part) for part in words(heading)[2:].split(".")] for heading in page.cssselect("#document-4 h3")]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("suite", sorted(path.parent.name for path in sample.SUITES.glob("*/requirements.toml")))
def test_the_place_of_every_section_is_known(suite: str) -> None:
    """A section that the catalogue cites has its place among the headings of its document."""
    content = sample.read(sample.SUITES / suite / "requirements.toml")
    assert [entry["section"] for entry in content["requirement"] if not is_known(entry["section"])] == []


def test_an_unknown_document_comes_last() -> None:
    """A third party's suite may cite anything."""
    run = sample.run("toy", "tls")
    first = next(iter(run["requirements"].values()))
    first["section"] = "Our handbook"
    assert [chapter.title for chapter in outline(run["requirements"])] == ["TLS extension", "Our handbook"]


def test_a_case_has_all_that_a_reader_needs() -> None:
    """Expected, observed, the requirement with its link, the command, and the three-lane timeline with times."""
    page = page_of("fail")
    (case,) = page.cssselect("details[data-v=fail]")
    said = words(case)
    for part in (
        "the client's port is an int",
        "the client's port is '54320', a str",
        "--select tls.extension.absent-without-tls",
        "client to server: 96 bytes POST /chat?room=0 HTTP/1.1\\r\\n host: 127.0.0.1:8000",
        "server to application: call http POST /chat",
        "application to server: send http.response.start status=200",
    ):
        assert part in said
    requirement = case.getparent()
    assert requirement is not None
    (link,) = requirement.cssselect(".where a")
    assert link.get("href") == "https://asgi.readthedocs.io/en/latest/specs/tls.html#when-to-use-this-extension"


def test_a_requirement_without_a_case_says_why() -> None:
    """Untestable ones with the reason, those of applications as such, and those that a selection left out."""
    doc = sample.small()
    doc["runs"][0]["results"] = doc["runs"][0]["results"][:3]
    said = html.render(doc)
    assert "No case can show it: " in said
    assert "No case of it ran." in said
    assert "It obliges applications, not servers." in html.render(document([sample.run("toy", "core")]))


def test_nothing_of_a_candidate_becomes_markup() -> None:
    """A page with hostile strings everywhere has the elements and attributes of a harmless one, and no others."""

    def shape(hostile: bool) -> set[tuple[str, ...]]:
        doc = sample.small(*["fail"] * 30)
        if hostile:
            sample.attack_everywhere(doc)
        page = lxml.html.fromstring(html.render(doc))
        return {(str(element.tag), *sorted(map(str, element.attrib))) for element in page.iter(etree.Element)}

    assert shape(hostile=True) <= shape(hostile=False) | {("details", "class", "data-v", "id", "open")}


def test_only_our_script_may_run_and_nothing_may_be_fetched() -> None:
    """The page's policy names the hash of its one script; no address is loaded."""
    text = html.render(sample.full())
    page = lxml.html.fromstring(text)
    (policy,) = page.cssselect('meta[http-equiv="Content-Security-Policy"]')
    assert str(policy.get("content")).startswith("default-src 'none'; script-src 'sha256-")
    assert [element.get("type") for element in page.cssselect("script")] == ["application/gzip+base64", None]
    assert page.cssselect("[src], link, iframe, object, embed, base") == []
    assert {str(link.get("href"))[:8] for link in page.cssselect("a")} - {"https://"} <= {
        href for link in page.cssselect("a") if (href := str(link.get("href"))[:8]).startswith("#")
    }


def test_the_page_can_be_encoded_and_stays_small() -> None:
    """Lone surrogates do not reach the file; a run of everything with a third in trouble is below two megabytes."""
    everything = sorted(path.parent.name for path in sample.SUITES.glob("*/requirements.toml"))
    doc = document([sample.run("toy", *everything, trouble=0.35)])
    for result in doc["runs"][0]["results"]:
        result["trace"] = result["trace"] * 12
    assert len(html.render(doc).encode("utf-8")) < 2_000_000


def test_equal_documents_give_equal_pages() -> None:
    """A report is a function of the results alone."""
    assert html.render(sample.full()) == html.render(sample.full())


def test_one_page_is_of_one_candidate() -> None:
    """Several runs are a site's matter, and the message says so."""
    with pytest.raises(UsageError, match=r"there are 2 runs\.\nGive one run, or have a site made"):
        html.render(document([sample.run("a", "tls"), sample.run("b", "tls")]))


def test_long_traces_keep_both_ends() -> None:
    """The rows that are left out are counted in the middle."""
    doc = sample.small("fail")
    doc["runs"][0]["results"][0]["trace"] = sample.trace(8) * 20
    said = html.render(doc)
    assert re.search(r"160 rows in between are left out here", said)
