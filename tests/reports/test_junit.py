"""JUnit: valid for Jenkins, true to the JSON, and safe with what XML cannot hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lxml import etree

from asgi_conformance.reports import junit
from asgi_conformance.results import Document, Known, document
from tests.reports import sample

SCHEMA = etree.XMLSchema(etree.parse(str(Path(__file__).parent / "jenkins-junit.xsd")))


def parsed(doc: Document) -> ElementTree.Element:
    """The rendered document, once the schema has accepted it."""
    xml = junit.render(doc)
    SCHEMA.assertValid(etree.fromstring(xml.encode()))
    return ElementTree.fromstring(xml)


def case_of(doc: Document, place: int = 0) -> ElementTree.Element:
    """The test case of one result."""
    wanted = doc["runs"][0]["results"][place]["case"]
    (found,) = [case for case in parsed(doc).iter("testcase") if case.get("name") == wanted]
    return found


def test_valid_for_jenkins_with_every_verdict_and_attack() -> None:
    """The schema accepts a document with everything in it, and one without a result."""
    parsed(sample.full())
    parsed(document([]))


def test_counts_equal_the_json() -> None:
    """One test suite per suite; its attributes, its elements and the JSON say the same numbers."""
    doc = sample.full()
    run = doc["runs"][0]
    root = parsed(doc)
    assert [suite.get("name") for suite in root] == ["core", "http", "websocket", "lifespan", "rfc_http1"]
    for suite in root:
        verdicts = Counter(result["verdict"] for result in run["results"] if result["suite"] == suite.get("name"))
        failures, errors = verdicts["fail"], verdicts["error"] + verdicts["inconclusive"]
        skipped = verdicts["unsupported"] + verdicts["not-applicable"]
        assert (suite.get("tests"), suite.get("failures")) == (str(verdicts.total()), str(failures))
        assert (suite.get("errors"), suite.get("skipped")) == (str(errors), str(skipped))
        elements = Counter(child.tag for case in suite.iter("testcase") for child in case)
        assert (elements["failure"], elements["error"], elements["skipped"]) == (failures, errors, skipped)
    assert root.get("tests") == str(len(run["results"]))


def test_a_failure_has_expected_and_observed() -> None:
    """In one line in the message, and with requirement, link, command and trace in the text."""
    (failure,) = case_of(sample.small("fail"))
    assert failure.tag == "failure"
    assert (
        failure.get("message") == "expected: the client's port is an int; observed: the client's port is '54320', a str"
    )
    assert failure.text is not None
    for part in (
        "expected: the client's port",
        "must: On a connection",
        "https://asgi",
        "--select tls.",
        "├── connect",
    ):
        assert part in failure.text


@pytest.mark.parametrize(
    ("verdict", "tag", "kind", "reason"),
    [
        ("error", "error", "error", "the case raised KeyError: 'headers'"),
        ("inconclusive", "error", "inconclusive", "it failed once and passed once: fail, pass"),
        ("unsupported", "skipped", "unsupported", "the scope lists no extension"),
        ("not-applicable", "skipped", "not-applicable", "the candidate declares http 2.3"),
    ],
)
def test_what_is_no_judgement_says_why(verdict: str, tag: str, kind: str, reason: str) -> None:
    """Skipped and undecided cases carry their verdict as type and their reason as message."""
    (found,) = case_of(sample.small(verdict))
    assert (found.tag, found.get("type")) == (tag, kind)
    assert reason in str(found.get("message"))


@pytest.mark.parametrize("verdict", ["warn", "observed"])
def test_warnings_and_observations_pass_and_say_what_was_seen(verdict: str) -> None:
    """A broken should does not turn a CI job red, and it does not vanish either."""
    (found,) = case_of(sample.small(verdict))
    assert found.tag == "system-out"
    assert "the client's port is '54320', a str" in str(found.text)


def test_a_known_failure_is_skipped() -> None:
    """What the baseline accounts for is as green here as in the exit code, with the baseline's reason."""
    doc = sample.small("fail")
    known: Known = {"kind": "flaky", "reason": "see #1", "link": None, "until": None, "unexpected": False}
    doc["runs"][0]["results"][0]["baseline"] = known
    (found,) = case_of(doc)
    assert (found.tag, found.get("type"), found.get("message")) == ("skipped", "known-flaky", "known flaky: see #1")
    doc["runs"][0]["results"][0]["baseline"] = {**known, "unexpected": True}
    assert case_of(doc)[0].tag == "failure"


def test_what_xml_cannot_hold_stays_readable() -> None:
    """NUL, escape, lone surrogates and U+FFFE come out as escapes, markup comes out as itself."""
    words = "<&]]> \x00 \x1b[31m \ud800 \ufffe \" '"
    doc = sample.small("fail")
    doc["runs"][0]["results"][0]["observed"] = words
    (failure,) = case_of(doc)
    assert r"observed: <&]]> \x00 \x1b[31m \ud800 \ufffe \" '".replace('\\"', '"') in str(failure.text)
    assert str(failure.get("message")).endswith(r"<&]]> \x00 \x1b[31m \ud800 \ufffe " + "\" '")


def test_runs_of_several_candidates_stay_apart() -> None:
    """The candidate's name stands before the suite's."""
    root = parsed(document([sample.run("uvicorn", "tls"), sample.run("daphne", "tls")]))
    assert [suite.get("name") for suite in root] == ["uvicorn 2.5.0: tls", "daphne 2.5.0: tls"]
