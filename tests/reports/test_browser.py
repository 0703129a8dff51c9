"""The HTML page in a real browser: it works, it is accessible, and nothing that a candidate sent runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asgi_conformance import results
from asgi_conformance.reports import html
from asgi_conformance.results import Document
from tests.reports import sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FAILURE = "tls.extension.absent-without-tls"
VERDICTS = ("fail", "warn", "inconclusive", "observed", "unsupported", "not-applicable", "error")
Open = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a document's page with a fragment; afterwards, no error may have been logged and nothing fetched."""
    complaints: list[str] = []

    def opened(doc: Document | None = None, fragment: str = "", **options: object) -> Page:
        file = tmp_path / "report.html"
        file.write_text(html.render(doc or sample.small(*VERDICTS)), encoding="utf-8")
        context = browser.new_context(offline=True, **options)  # type: ignore[arg-type]
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type != "info" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda request: None if request.url.startswith(file.as_uri()) else complaints.append(request.url)
        )
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(file.as_uri() + fragment)
        return page

    yield opened
    for context in browser.contexts:
        context.close()
    assert complaints == []


def shown(page: Page) -> list[str]:
    """The ids of the cases that are to be seen, from top to bottom."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('details.case, .case [id]')].filter(row => !row.closest('[hidden]'))"
        ".map(row => row.id)"
    )
    return found


def fragment_of(page: Page) -> str:
    """What stands behind the address, with its number sign."""
    found: str = page.evaluate("location.hash")
    return found


def test_hostile_text_does_nothing(open_page: Open) -> None:
    """With attack strings in every place and every case open, no script runs and no element was injected."""
    doc = sample.full()
    sample.attack_everywhere(doc)
    page = open_page(doc)
    page.evaluate("document.querySelectorAll('details').forEach(row => { row.open = true; })")
    page.locator("summary").first.hover()
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert page.locator("img, iframe, b b, script").count() == 2
    assert page.locator("a[href^='javascript']").count() == 0


def test_a_filter_is_kept_in_the_fragment(open_page: Open) -> None:
    """What is chosen stands in the address, and the address alone brings it back."""
    page = open_page()
    assert page.locator("output").inner_text() == "34 cases"
    page.locator("label.chip", has_text="warn").click()
    page.locator("label.chip", has_text="must").click()
    page.locator("input[type=search]").fill("port")
    assert fragment_of(page) == "#q=port&verdict=warn&level=must"
    assert shown(page) == [f"{FAILURE}/http2"]
    assert page.locator("output").inner_text() == "1 of 34 cases"
    again = open_page(fragment=fragment_of(page))
    assert shown(again) == [f"{FAILURE}/http2"]
    again.get_by_role("button", name="Show all").first.click()
    again.wait_for_function("document.querySelector('output').textContent === '34 cases'")
    assert fragment_of(again) == ""


def test_filters_by_suite_and_by_a_count(open_page: Open) -> None:
    """A number in the table of verdicts leads to the cases that it counts."""
    page = open_page(sample.full(hostile=False))
    page.locator(".counts tr", has_text="websocket").locator("a.v-warn").click()
    page.wait_for_function("document.querySelector('select[name=suite]').value === 'websocket'")
    counted = int(page.locator(".counts tr", has_text="websocket").locator("a.v-warn").inner_text())
    assert len(shown(page)) == counted > 0
    assert all(id_.startswith("websocket.") for id_ in shown(page))


def test_nothing_found_says_so(open_page: Open) -> None:
    """An empty list has words and a way back."""
    page = open_page(fragment="#q=no-such-word")
    assert page.locator("#nothing").is_visible()
    page.locator("#nothing button").click()
    page.wait_for_function("document.querySelector('#nothing').hidden")
    assert len(shown(page)) == 34


def test_failures_first_and_back(open_page: Open) -> None:
    """The order of gravity puts the failure first; the order of the documents comes back as it was."""
    page = open_page()
    documents = shown(page)
    page.locator("select[name=order]").select_option("gravity")
    assert shown(page)[0] == FAILURE
    assert sorted(shown(page)) == sorted(documents)
    page.locator("select[name=order]").select_option("")
    assert shown(page) == documents


def test_a_link_to_a_case_opens_it(open_page: Open) -> None:
    """The fragment may be a case's id, also when a filter hides it."""
    page = open_page(fragment=f"#{FAILURE}/http2")
    case = page.locator(f"[id='{FAILURE}/http2']")
    assert case.evaluate("row => row.open")
    assert case.locator(".observed").is_visible()
    page.evaluate("location.hash = '#verdict=pass'")
    page.wait_for_function("document.querySelector('output').textContent === '27 of 34 cases'")
    page.evaluate(f"location.hash = '#{FAILURE}'")
    page.wait_for_function(f"document.getElementById('{FAILURE}').open")
    assert page.locator(f"[id='{FAILURE}'] .tl").is_visible()


def test_the_keyboard_is_enough(open_page: Open) -> None:
    """Find, move, open, filter and order without a mouse; keys typed into the search field are text."""
    page = open_page()
    page.keyboard.press("/")
    page.keyboard.type("jkfgx")
    assert page.locator("input[type=search]").input_value() == "jkfgx"
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.wait_for_function("document.querySelector('output').textContent === '34 cases'")
    page.keyboard.press("f")
    assert shown(page) == [FAILURE]
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    assert page.locator(f"[id='{FAILURE}']").evaluate("row => row.open")
    page.keyboard.press("f")
    page.keyboard.press("g")
    assert fragment_of(page) == "#order=gravity"
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()


def test_copy_as_issue_gives_a_bug_report(open_page: Open) -> None:
    """Markdown with the citation, both sentences, the command, the circumstances and the timeline."""
    page = open_page(fragment="#" + FAILURE)
    page.get_by_role("button", name="Copy as issue").first.click()
    page.get_by_text("Issue copied").wait_for()
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith('toy 2.5.0: On a connection without TLS the "tls" extension is not in the scope.\n')
    for part in (
        "*must* of [tls.rst § When to use this extension](https://asgi.readthedocs.io/en/latest/specs/tls.html#when-",
        "**Expected**\n\n```\nthe client's port is an int\n```",
        "**Observed**\n\n```\nthe client's port is '54320', a str\n```",
        "```sh\nasgi-conformance --server 'toy --interface asgi <app>' --select " + FAILURE,
        "- Python: ` 3.11.7 `",
        "0.2  client to server: 96 bytes  POST /chat?room=0 HTTP/1.1",
    ):
        assert part in text


def test_copied_markdown_keeps_hostile_text_fenced(open_page: Open) -> None:
    """A fence is longer than any run of backticks in what it holds."""
    doc = sample.small("fail")
    doc["runs"][0]["results"][0]["observed"] = "```\n</details><img src=x>\n`````"
    page = open_page(doc, "#" + FAILURE)
    page.get_by_role("button", name="Copy as issue").first.click()
    page.get_by_text("Issue copied").wait_for()
    assert "``````\n```\n</details><img src=x>\n`````\n``````\n" in page.evaluate("navigator.clipboard.readText()")


def test_bytes_are_shown_as_hexadecimal_on_demand(open_page: Open) -> None:
    """The dump is of the bytes that travelled, and switching back gives the text again."""
    page = open_page(fragment="#" + FAILURE)
    code = page.locator(f"[id='{FAILURE}'] code.d").nth(1)
    before = code.inner_text()
    page.locator(f"[id='{FAILURE}'] [data-act=hex]").click()
    assert code.inner_text().splitlines() == [
        "0000  34 0d 0a 57 69 6b 69 0d  4..Wiki.",
        "0008  0a 35 0d 0a 70 65 64 69  .5..pedi",
        "0010  61 0d 0a 30 0d 0a 0d 0a  a..0....",
        "0018  ff 00 5c                 ..\\",
    ]
    page.locator(f"[id='{FAILURE}'] [data-act=hex]").click()
    assert code.inner_text() == before


def test_the_results_can_be_saved(open_page: Open, tmp_path: Path) -> None:
    """The file is the JSON of the run."""
    doc = sample.full()
    page = open_page(doc)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the results").click()
    download.value.save_as(tmp_path / "saved.json")
    assert results.load(tmp_path / "saved.json") == doc


def test_readable_without_javascript(open_page: Open) -> None:
    """Everything is there and opens; what needs the script is not."""
    page = open_page(java_script_enabled=False)
    assert not page.locator(".filters").is_visible()
    page.locator("details[data-v=fail] > summary").click()
    assert page.locator("details[data-v=fail] .observed").is_visible()
    assert page.locator("details[data-v=fail] .tl li").count() == 6
    assert not page.locator("details[data-v=fail] .act").is_visible()


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_no_width_needs_sideways_scrolling(open_page: Open, width: int) -> None:
    """The page fits a telephone as it fits a desk, with a case open."""
    page = open_page(fragment="#" + FAILURE, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_printing_opens_what_is_no_pass(open_page: Open) -> None:
    """On paper there is no opening: everything notable is open, and the controls are gone."""
    page = open_page()
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.case[open]").count() == len(VERDICTS)
    for control in (".filters", "nav", ".tools", ".act"):
        assert not page.locator(control).first.is_visible()


def test_the_theme_follows_the_system_and_can_be_chosen(open_page: Open) -> None:
    """Dark where the system is dark; the button goes through light and dark, and the choice is kept."""
    page = open_page(color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.locator("#theme").click()
    assert page.evaluate(paper) != dark
    page.reload()
    assert page.evaluate(paper) != dark
    page.locator("#theme").click()
    assert page.evaluate(paper) == dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(open_page: Open, scheme: str) -> None:
    """The axe engine finds nothing to object to, with every case open, in light and dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = open_page(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(row => { row.open = true; })")
    found = axe.Axe().run(page).response["violations"]
    told = [(entry["id"], entry["help"], [node["html"][:200] for node in entry["nodes"][:3]]) for entry in found]
    assert told == [], json.dumps(told, indent=1)
