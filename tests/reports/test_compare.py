"""Comparing two runs: what changed, and why."""

from __future__ import annotations

import copy

from asgi_conformance.reports import compare
from asgi_conformance.results import Document, document
from tests.reports import sample


def two() -> tuple[Document, Document]:
    """A small document and the same of the server's next version."""
    before = sample.small("fail", "warn")
    after = copy.deepcopy(before)
    after["runs"][0]["candidate"]["version"] = "2.6.0"
    return before, after


def causes(before: Document, after: Document) -> dict[str, str]:
    """The cause of each change, by case."""
    return {change.case: change.cause for change in compare.compare(before["runs"][0], after["runs"][0]).changes}


def test_another_verdict_on_another_server_is_the_servers_doing() -> None:
    """The case is the same, so the server changed."""
    before, after = two()
    after["runs"][0]["results"][0]["verdict"] = "pass"
    assert causes(before, after) == {"tls.extension.absent-without-tls": "server"}


def test_another_verdict_by_another_revision_is_the_cases_doing() -> None:
    """A case that judges otherwise says nothing about the server."""
    before, after = two()
    changed = after["runs"][0]["results"][0]
    changed["verdict"] = "pass"
    after["runs"][0]["cases"][changed["case"]]["revision"] = 2
    assert causes(before, after) == {changed["case"]: "case"}


def test_another_verdict_without_any_change_is_unstable() -> None:
    """Same server, same case: this is what flakiness looks like, and it is called by its name."""
    before = sample.small("fail")
    after = copy.deepcopy(before)
    after["runs"][0]["results"][0]["verdict"] = "pass"
    assert causes(before, after) == {"tls.extension.absent-without-tls": "unstable"}


def test_new_and_gone_cases_are_no_changes_of_verdicts() -> None:
    """They are told apart, and are neither better nor worse."""
    before, after = two()
    gone = before["runs"][0]["results"][-1]["case"]
    new = after["runs"][0]["results"][-2]["case"]
    del after["runs"][0]["results"][-1], before["runs"][0]["results"][-2]
    assert causes(before, after) == {gone: "gone", new: "new"}
    assert "32 verdicts as before, 0 worse, 0 better." in compare.render(after, against=before)


def test_a_revision_without_another_verdict_is_counted() -> None:
    """It is worth knowing, and no change."""
    before, after = two()
    after["runs"][0]["cases"]["tls.entry.dict"]["revision"] = 2
    assert causes(before, after) == {}
    told = compare.render(after, against=before)
    assert "34 verdicts as before (1 of them judged by another revision of their case), 0 worse, 0 better." in told


def test_the_report_tells_the_worse_first() -> None:
    """Grouped by cause, each change with both verdicts and what was observed."""
    before, after = two()
    results = after["runs"][0]["results"]
    results[0].update({"verdict": "pass", "observed": None})
    results[3].update({"verdict": "fail", "observed": "the scope has no such key"})
    assert compare.render(after, against=before) == (
        " toy 2.5.0 (suite 0.1.0)  →  toy 2.6.0 (suite 0.1.0)\n"
        "\n"
        " the server changed (2)\n"
        "   ✓ pass → ✗ fail                 tls.server-cert.present  the scope has no such key\n"
        "   ✗ fail → ✓ pass                 tls.extension.absent-without-tls  was: the client's port is '5432…\n"
        "\n"
        " 32 verdicts as before, 1 worse, 1 better.\n"
        "\n"
    )


def test_documents_of_many_candidates_are_paired_by_name_and_variant() -> None:
    """Candidates of one document only are named."""
    runs = {name: sample.run(name, "tls", hostile=False) for name in ("a", "b", "c")}
    told = compare.render(document([runs["b"], runs["c"]]), against=document([runs["a"], runs["b"]]))
    assert told.count("as before") == 1
    assert " a 2.5.0 is only in the first document.\n c 2.5.0 is only in the second document.\n" in told


def test_nothing_hostile_reaches_the_terminal() -> None:
    """What a candidate sent comes out escaped here too."""
    before, after = two()
    sample.attack_everywhere(after)
    after["runs"][0]["results"][0]["verdict"] = "pass"
    assert "\x1b" not in compare.render(after, against=before)
