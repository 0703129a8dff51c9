"""The terminal report: what it says, how wide it is, and that no candidate can act on the terminal."""

from __future__ import annotations

import copy
import re

import pytest

from asgi_conformance.reports import terminal
from asgi_conformance.reports.text import cells
from asgi_conformance.reports.timeline import steps
from asgi_conformance.results import Known
from asgi_conformance.trace import Trace
from tests.reports import sample

FAILURE = """\
── ✗ tls.extension.absent-without-tls ────────────────────────────────────────────────────── fail ──
   On a connection without TLS the "tls" extension is not in the scope.

   expected    the client's port is an int
   observed    the client's port is '54320', a str
   launch      tls
   must        On a connection without TLS the "tls" extension is not in the scope.
   written in  tls.rst § When to use this extension
               https://asgi.readthedocs.io/en/latest/specs/tls.html#when-to-use-this-extension
   run it      asgi-conformance --server 'toy --interface asgi <app>' --select tls.extension.absent-without-tls

      ms  client                                  server                                application
     0.0   ├── connect 127.0.0.1:8000 ─────────────▶│                                        │
     0.2   ├── POST /chat?room=0 HTTP/1.1\\r\\n ─────▶│                                        │
           │   host: 127.0.0.1:8000\\r\\n             │                                        │
           │   x-exchange: k0\\r\\ntransfer-encodi…   │                                        │
"""


def test_a_failure_tells_everything_that_a_server_author_needs() -> None:
    """Expected, observed, the requirement, its link, the command for just this case, and the drawn trace."""
    text = terminal.render(sample.small("fail"))
    shown = text.splitlines()
    wanted = FAILURE.splitlines()
    assert shown[: len(wanted)] == wanted


def test_the_standing_is_the_end() -> None:
    """The last lines say who was tested, what the standing is, and why."""
    *_, standing, facts = terminal.render(sample.small("fail")).splitlines()
    assert standing == " ✗ toy 2.5.0 is not conformant: 1 of 25 musts broken (34 cases in 3.2 s)"
    assert facts == "   Python 3.11.7 · asyncio · declares http 2.3, websocket 2.3, lifespan 2.0"


def test_nobody_is_conformant_by_what_did_not_run() -> None:
    """An open must, an interruption, an empty run and a selection each take the word away."""
    assert "is conformant: all 25 musts that apply kept" in terminal.render(sample.small())
    for doc, reason in (
        (sample.small("inconclusive"), "1 must could not be decided"),
        (sample.small("error"), "1 must could not be decided"),
    ):
        assert f"is undecided: {reason}" in terminal.render(doc)
    doc = sample.small()
    doc["runs"][0]["complete"] = False
    assert "is undecided: the run was interrupted after 34 cases" in terminal.render(doc)
    doc = sample.small()
    doc["runs"][0]["results"] = doc["runs"][0]["results"][:3]
    assert "did not run" in terminal.render(doc)
    doc["runs"][0]["results"] = []
    assert "is undecided: no must was judged" in terminal.render(doc)


def test_the_table_counts_by_suite() -> None:
    """One row per suite and one for all, one column per verdict that happened."""
    text = terminal.render(sample.full())
    row = re.search(r"^ all +(.*)$", text, re.MULTILINE)
    assert row is not None
    columns = ("pass", "fail", "warn", "observed", "unsupported", "not-applicable", "inconclusive", "error")
    summary = sample.full()["runs"][0]["summary"]
    assert [int(number) for number in row[1].split()] == [summary[column] for column in columns]
    assert " suite   pass   fail\n tls       34      ·\n" in terminal.render(sample.small())


def test_verbosity_decides_how_much_is_told() -> None:
    """Quiet names the failures; the default shows them in full; -v shows all that is no pass; -vv passes too."""
    doc = sample.small("fail", "warn", "observed", "unsupported")
    quiet, default, more, most = (terminal.render(doc, verbosity=verbosity) for verbosity in (-1, 0, 1, 2))
    assert quiet.splitlines()[0].startswith(" ✗ tls.extension.absent-without-tls  the client's port")
    assert len(quiet.splitlines()) == 3
    assert (default.count("run it"), more.count("run it"), most.count("run it")) == (1, 4, 4)
    assert most.count(" ✓ ") == 30


def test_a_known_failure_says_so() -> None:
    """A verdict that the baseline accounts for is marked, with the baseline's reason and link."""
    doc = sample.small("fail")
    known: Known = {"kind": "failing", "reason": "reported", "link": "https://x/1", "until": None, "unexpected": False}
    doc["runs"][0]["results"][0]["baseline"] = known
    text = terminal.render(doc)
    assert " fail · known ──\n" in text
    assert "baseline    known failing: reported\n               https://x/1\n" in text
    assert "(34 cases in 3.2 s, 1 known)" in text


@pytest.mark.parametrize("width", [72, 80, 100, 160])
@pytest.mark.parametrize("verbosity", [-1, 0, 1, 2])
def test_no_line_is_wider_than_asked(width: int, verbosity: int) -> None:
    """Only commands and links, which are there to be copied, and the standing may be longer."""
    text = terminal.render(sample.full(), width=width, verbosity=verbosity)
    too_wide = [line for line in text.splitlines() if cells(line) > width]
    assert [line for line in too_wide if not re.search("run it|https?://| is not conformant", line)] == []


def test_no_candidate_can_act_on_the_terminal() -> None:
    """Control characters, directional marks and surrogates come out as escapes, and the text can be encoded."""
    for verbosity in (-1, 0, 1, 2):
        text = terminal.render(sample.full(), verbosity=verbosity)
        assert (
            re.findall(r"[^\n -~\xa0-\u200a\u2010-\u2027\u202f-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufff8]", text)
            == []
        )
        text.encode("utf-8")
    assert r"\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b2J\x7f" in terminal.render(sample.full())


def test_colours_only_when_asked() -> None:
    """Without colours there is no escape; with them, taking them out gives the same text."""
    doc = sample.full()
    plain, coloured = terminal.render(doc), terminal.render(doc, color=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == plain


def test_one_mistake_in_many_circumstances_is_told_once() -> None:
    """Cases of one requirement share a block: the circumstances alike in a list, others with what they showed."""
    doc = sample.small("fail", "fail")
    run = doc["runs"][0]
    extra = copy.deepcopy(run["results"][1])
    extra["case"], extra["observed"] = "tls.extension.absent-without-tls/kept", "the connection was lost"
    run["results"].append(extra)
    run["cases"][extra["case"]] = run["cases"]["tls.extension.absent-without-tls"]
    text = terminal.render(doc)
    assert "also in     http2\n               kept: the connection was lost\n" in text
    assert text.count("run it") == 1
    assert terminal.render(doc, verbosity=1).count("run it") == 3
    assert " ✗ tls.extension.absent-without-tls  " in terminal.render(doc, verbosity=-1)


def test_a_long_reason_keeps_its_beginning_and_its_end() -> None:
    """The traceback of a faulty case is cut in the middle, unless more is asked for."""
    doc = sample.small("error")
    doc["runs"][0]["results"][0]["reason"] = "\n".join(
        ["it failed", *(f"line {number}" for number in range(30)), "end"]
    )
    text = terminal.render(doc)
    assert "line 29\n               end\n" in text
    assert "line 15" not in text
    assert "line 15" in terminal.render(doc, verbosity=1)


def test_events_and_scopes_are_told_by_their_names() -> None:
    """In the drawing an event begins with its type, a call with its scope's type, method and path."""
    trace = Trace()
    scope = "{'http_version': '1.1', 'type': 'http', 'method': 'GET', 'path': '/a'}"
    trace.record("application", "call", scope, call=1)
    trace.record("application", "send", "{'type': 'http.response.start', 'status': 200}", call=1)
    trace.record("application", "send", "not an event", call=1)
    trace.record("application", "returned", "the application call returned", call=1)
    trace.record("application", "returned", "", call=1)
    rows = steps(trace.entries())
    assert [f"{row.label} {row.payload}".strip() for row in rows] == [
        f"call http GET /a {scope}",
        "send http.response.start 'status': 200",
        "send not an event",
        "the application call returned",
        "returned",
    ]
