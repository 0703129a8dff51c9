"""The formats of machines: GitHub's workflow commands, SARIF, badges."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from asgi_conformance.reports import badge, github, sarif
from asgi_conformance.results import Document, Known, document
from tests.reports import sample

KNOWN: Known = {"kind": "failing", "reason": "see #7", "link": None, "until": None, "unexpected": False}


def attacked() -> Document:
    """A small document with hostile strings everywhere."""
    doc = sample.small(*["fail"] * 20)
    sample.attack_everywhere(doc)
    return doc


class TestGithub:
    """Annotations."""

    def test_each_requirement_in_trouble_has_an_annotation(self) -> None:
        """A broken must is an error, a broken should or an open case a warning, the standing a notice."""
        lines = github.render(sample.small("fail", "warn", "inconclusive")).splitlines()
        assert lines[0] == (
            "::error title=toy 2.5.0%3A tls.extension.absent-without-tls::expected: the client's port is an int"
            "%0Aobserved: the client's port is '54320', a str"
            '%0Amust: On a connection without TLS the "tls" extension is not in the scope.'
            "%0Atls.rst § When to use this extension"
            " https://asgi.readthedocs.io/en/latest/specs/tls.html#when-to-use-this-extension"
        )
        assert [line.split(" ")[0] for line in lines[1:]] == ["::warning", "::warning", "::notice"]
        assert lines[-1] == "::notice title=toy 2.5.0::not conformant: 1 of 24 musts broken"

    def test_no_text_begins_another_command(self) -> None:
        """Every line is one command of ours; percent signs, colons and line ends are escaped."""
        for line in github.render(attacked()).split("\n")[:-1]:
            name, title, message = line[2:].replace(" title=", "::", 1).split("::", 2)
            assert name in ("error", "warning", "notice")
            assert not set(title) & set(":,\r\n")
            assert "\r" not in message

    def test_a_known_failure_is_a_notice(self) -> None:
        """What the baseline accounts for does not turn anything red."""
        doc = sample.small("fail")
        doc["runs"][0]["results"][0]["baseline"] = KNOWN
        assert github.render(doc).startswith("::notice ")


class TestSarif:
    """SARIF 2.1.0."""

    @pytest.fixture
    def run(self) -> Any:
        """The only run of a small log."""
        doc = sample.small("fail", "warn", "observed", "unsupported", "inconclusive")
        doc["runs"][0]["results"][0]["baseline"] = KNOWN
        log = json.loads(sarif.render(doc))
        assert log["version"] == "2.1.0"
        return log["runs"][0]

    def test_cases_are_results_of_rules(self, run: Any) -> None:
        """Each result points at its rule by id and index, and each rule has its words and its link."""
        rules = run["tool"]["driver"]["rules"]
        assert len(run["results"]) == 34
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert rules[0]["shortDescription"]["text"].startswith("On a connection without TLS")
        assert rules[0]["helpUri"].startswith("https://asgi.readthedocs.io/")
        assert rules[0]["defaultConfiguration"] == {"level": "error"}

    def test_verdicts_become_kinds_and_levels(self, run: Any) -> None:
        """Only broken requirements have a level; what could not be decided is open."""
        kinds = [(result["kind"], result["level"]) for result in run["results"][:6]]
        assert kinds == [
            ("fail", "error"),
            ("fail", "warning"),
            ("informational", "none"),
            ("notApplicable", "none"),
            ("open", "none"),
            ("pass", "none"),
        ]

    def test_a_known_failure_is_suppressed(self, run: Any) -> None:
        """With the baseline's reason as its justification."""
        accepted = {"kind": "external", "status": "accepted", "justification": "see #7"}
        assert run["results"][0]["suppressions"] == [accepted]
        assert "suppressions" not in run["results"][1]

    def test_a_faulty_or_interrupted_run_was_no_success(self) -> None:
        """executionSuccessful is about the tool, not about the candidate."""
        doc = sample.small("fail")
        assert json.loads(sarif.render(doc))["runs"][0]["invocations"][0]["executionSuccessful"] is True
        for changed in (sample.small("error"), sample.small()):
            changed["runs"][0]["complete"] = bool(changed["runs"][0]["summary"]["error"])
            assert json.loads(sarif.render(changed))["runs"][0]["invocations"][0]["executionSuccessful"] is False

    def test_hostile_text_is_text(self) -> None:
        """No lone surrogate is left, braces are doubled, no embedded link is made."""
        run = json.loads(sarif.render(attacked()))["runs"][0]
        messages = [result["message"]["text"] for result in run["results"]]
        assert any("{{{{ 7*7 }}}}" in message for message in messages)
        assert any("[link] (javascript:alert(1))" in message for message in messages)
        json.dumps(run, ensure_ascii=False).encode("utf-8")


class TestBadge:
    """Badges."""

    @pytest.mark.parametrize(
        ("verdict", "message", "colour"),
        [
            ("pass", "conformant", "brightgreen"),
            ("fail", "not conformant: 1 of 25 musts broken", "red"),
            ("inconclusive", "undecided: 1 must could not be decided", "yellow"),
        ],
    )
    def test_a_badge_says_the_standing(self, verdict: str, message: str, colour: str) -> None:
        """As an image with a title, and as the JSON from which badge services draw."""
        files = badge.render(sample.small(verdict))
        assert json.loads(files["toy.json"]) == {
            "schemaVersion": 1,
            "label": "ASGI",
            "message": message,
            "color": colour,
        }
        image = ElementTree.fromstring(files["toy.svg"])
        assert image.get("aria-label") == f"ASGI: {message}"

    def test_names_of_files_are_safe_and_unique(self) -> None:
        """Candidates that are called alike get numbers; nothing but letters, digits and hyphens is left."""
        runs = [sample.run(name, "tls") for name in ("../../etc/passwd", "uvicorn", "uvicorn", "日本")]
        runs[1]["candidate"]["variant"] = "httptools & uvloop"
        runs[2]["candidate"]["variant"] = "httptools-uvloop"
        assert list(badge.slugs(document(runs))) == [
            "etc-passwd",
            "uvicorn-httptools-uvloop",
            "uvicorn-httptools-uvloop-2",
            "candidate",
        ]

    def test_the_image_is_valid_whatever_it_says(self) -> None:
        """Counts are all that a badge shows of a run, so nothing hostile can get in."""
        for name, text in badge.render(attacked()).items():
            if name.endswith(".svg"):
                ElementTree.fromstring(text)
