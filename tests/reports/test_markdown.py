"""Markdown: what a CI job's summary says, and that no text of a candidate has a meaning in it."""

from __future__ import annotations

import copy
import re

import lxml.html
from lxml import etree
from markdown_it import MarkdownIt

from asgi_conformance.reports import markdown
from asgi_conformance.reports.markup import code, fenced, link, plain
from asgi_conformance.results import Document, Known
from tests.reports import sample

FAILURE = """\
<details><summary>✗ <code>tls.extension.absent-without-tls</code> On a connection without TLS the "tls" extension is \
not in the scope.</summary>

**Expected**

```
the client's port is an int
```

**Observed**

```
the client's port is '54320', a str
```

Must: On a connection without TLS the "tls" extension is not in the scope. ([tls.rst § When to use this extension]\
(<https://asgi.readthedocs.io/en/latest/specs/tls.html#when-to-use-this-extension>))

```sh
asgi-conformance --server 'toy --interface asgi <app>' --select tls.extension.absent-without-tls
```

```
      ms  client"""


def page(doc: Document) -> lxml.html.HtmlElement:
    """The rendered Markdown as HTML."""
    return lxml.html.fromstring(MarkdownIt("commonmark").enable("table").render(markdown.render(doc)))


def test_a_summary_has_standing_counts_and_failures() -> None:
    """Heading, facts, table, and each failure with both sentences, citation, command and trace."""
    text = markdown.render(sample.small("fail", "warn"))
    assert text.startswith("## ✗ toy 2.5.0: not conformant\n\n1 of 25 musts broken. 34 cases in 3.2 s · Python 3.11.7")
    assert "| suite | pass | fail | warn |\n| --- | ---: | ---: | ---: |\n| tls | 32 | 1 | 1 |\n" in text
    assert FAILURE in text
    assert text.index("### Broken musts (1)") < text.index("### Warnings (1)")


def test_hostile_text_has_no_meaning() -> None:
    """No element, link, image or heading of a candidate's appears; every value is still readable."""
    harmless, hostile = sample.small(*["fail"] * 30), sample.small(*["fail"] * 30)
    sample.attack_everywhere(hostile)

    def shape(doc: Document) -> set[tuple[object, ...]]:
        return {(element.tag, *element.attrib) for element in page(doc).iter(etree.Element)}

    assert shape(hostile) <= shape(harmless)
    links = {str(element.get("href")) for element in page(hostile).iter("a")}
    assert all(re.match("https://asgi|https://www.rfc-editor", address) for address in links)
    assert "<script>window.pwned=1</script>" in page(hostile).text_content()
    markdown.render(hostile).encode("utf-8")


def test_helpers_neutralise() -> None:
    """Mentions, references, emoji and pipes are words; fences grow; a link needs a safe address."""
    assert plain("@all #1 :x: a|b") == "&#64;all &#35;1 &#58;x&#58; a&#124;b"
    assert code("a`b\nc") == "<code>a&#96;b&#92;nc</code>"
    assert fenced("````", "sh") == "`````sh\n````\n`````"
    assert link("here", "https://x/") == "[here](<https://x/>)"
    assert link("[here]", None) == "&#91;here&#93;"


def test_known_failures_and_repeated_ones_are_marked() -> None:
    """A baseline's reason stands beside the case; further circumstances are in one list."""
    doc = sample.small("fail", "fail")
    known: Known = {"kind": "failing", "reason": "see #7", "link": None, "until": None, "unexpected": False}
    doc["runs"][0]["results"][0]["baseline"] = known
    text = markdown.render(doc)
    assert "(known failing: see &#35;7)</summary>" in text
    assert "**Also in**\n\n```\nhttp2\n```" in text


def test_a_summary_stays_below_a_megabyte() -> None:
    """GitHub refuses larger ones: what is too much is counted."""
    doc = sample.full(trouble=0.9, hostile=False)
    for result in doc["runs"][0]["results"]:
        result["trace"] = copy.deepcopy(sample.trace(8)) * 10
    text = markdown.render(doc)
    assert len(text.encode()) < 1_000_000
    assert re.search(r"… and [0-9]+ requirements more\.", text) or text.count("<details>") < 400


def test_an_interrupted_run_says_so() -> None:
    """Nobody takes a partial report for a whole one."""
    doc = sample.small()
    doc["runs"][0]["complete"] = False
    assert "**The run was interrupted; this report is partial.**" in markdown.render(doc)
