"""The site in a real browser: it filters, its pages lead to one another, it is accessible."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asgi_conformance.reports import site
from asgi_conformance.results import document
from tests.reports import sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def site_root(tmp_path: Path) -> Path:
    """The folder of a site of three candidates, one of them hostile."""
    runs = [sample.run(name, "tls", "http", seed=seed, hostile=False) for seed, name in enumerate(("a", "b", "c"))]
    doc = document(runs)
    sample.attack_everywhere(document(runs[2:]))
    for path, text in site.render(doc).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_matrix_filters_and_leads_to_cases(browser: Browser, site_root: Path) -> None:
    """Filters are kept in the fragment; a cell opens its case; a requirement has its page; nothing hostile runs."""
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((site_root / "index.html").as_uri())
    visible = "document.querySelectorAll('tr.row:not([hidden])').length"
    everything = page.evaluate(visible)
    page.locator("label.chip", has_text="only musts").click()
    page.locator("label.chip", has_text="where they disagree").click()
    assert 0 < page.evaluate(visible) < everything
    assert page.evaluate("location.hash") == "#only=disagree,musts"
    page.locator("tr.row:not([hidden]) td a.v-fail").first.click()
    page.locator("details[open] .observed").wait_for()
    page.locator("details[open]").locator("xpath=..").get_by_role("link", name="all candidates").click()
    page.get_by_role("heading", name="Who does what").wait_for()
    assert page.evaluate("getComputedStyle(document.querySelector('.lv')).borderRadius") != "0px"
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("name", ["index.html", "requirements/http.scope.client.shape.html"])
def test_the_site_is_accessible(browser: Browser, site_root: Path, name: str) -> None:
    """The axe engine finds nothing to object to."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = browser.new_page()
    page.goto((site_root / name).as_uri())
    found = axe.Axe().run(page).response["violations"]
    page.context.close()
    assert [(entry["id"], [node["html"][:200] for node in entry["nodes"][:3]]) for entry in found] == []
