"""The JSON of runs: what is read, what is refused, how shards are joined."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from asgi_conformance import results
from asgi_conformance._embed import element
from asgi_conformance.errors import UsageError
from asgi_conformance.results import Document, document
from tests.reports import sample


def halves(doc: Document) -> tuple[Document, Document]:
    """Two shards that divide the cases of the document's only run."""
    first, second = copy.deepcopy(doc), copy.deepcopy(doc)
    for number, shard in enumerate((first, second)):
        run = shard["runs"][0]
        run["results"] = run["results"][number::2]
        kept = {result["case"] for result in run["results"]}
        run["cases"] = {id_: case for id_, case in run["cases"].items() if id_ in kept}
        run["summary"] = results.summarise(run["results"])
    return first, second


def test_dump_and_load_give_the_document_back(tmp_path: Path) -> None:
    """A document survives its file whole, lone surrogates and all."""
    doc = sample.full()
    results.dump(doc, tmp_path / "run.json")
    assert results.load(tmp_path / "run.json") == doc


def test_a_page_gives_its_results_back(tmp_path: Path) -> None:
    """A page that embeds a document is read as that document, whatever the document holds."""
    doc = sample.full()
    (tmp_path / "report.html").write_text(f"<!doctype html><p>{element(results.dumps(doc))}</p>")
    assert results.load(tmp_path / "report.html") == doc


def test_equal_documents_are_embedded_equally() -> None:
    """No time of the day gets into the page."""
    assert element("{}") == element("{}")


def test_unknown_keys_are_ignored() -> None:
    """Keys may be added to the format."""
    doc: Any = sample.small()
    doc["runs"][0]["colour"] = "blue"
    assert results.loads(json.dumps(doc), "x")["runs"][0]["candidate"]["name"] == "toy"


def test_summary_is_counted_from_the_results() -> None:
    """A summary that disagrees with the results is not believed."""
    doc = sample.small("fail")
    doc["runs"][0]["summary"]["pass"] = 99999
    assert results.loads(results.dumps(doc), "x")["runs"][0]["summary"]["fail"] == 1
    assert results.loads(results.dumps(doc), "x")["runs"][0]["summary"]["pass"] < 100


def broken(path: str, value: object) -> str:
    """A document in which the value at the dotted path is replaced, or left out where ``value`` is ``...``."""
    doc: Any = json.loads(results.dumps(sample.small("fail")))
    place = doc
    *parts, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parts:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(doc)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "the whole should be an object, but is a list"),
        ("{}", "format should be 'asgi-conformance/1', but is null"),
        (broken("format", "asgi-conformance/2"), "but is 'asgi-conformance/2'"),
        (broken("runs", {}), "runs should be a list, but is an object"),
        (broken("runs.0.complete", 1), r"runs[0].complete should be true or false, but is 1"),
        (broken("runs.0.candidate.name", None), r"runs[0].candidate.name should be a string, but is null"),
        (broken("runs.0.results.0.verdict", "fine"), "runs[0].results[0].verdict should be one of error, fail"),
        (broken("runs.0.results.0.trace.0.t", "now"), "runs[0].results[0].trace[0].t should be a number"),
        (broken("runs.0.results.0.expected", ...), "runs[0].results[0].expected should be there, but is missing"),
        (broken("runs.0.results.0.requirement", "x.y"), "should be one of those that the run lists, but is 'x.y'"),
        (broken("runs.0.candidate.declares", {"http": 2.3}), "declares['http'] should be a string, but is 2.3"),
        ("<html></html>", "is a page without results"),
        ('<script id="asgi-conformance-results" type="application/gzip+base64">AAAA</script>', "without results"),
    ],
)
def test_what_is_no_run_is_refused_with_the_place(text: str, complaint: str) -> None:
    """The message says which file, which place in it, what should be there and what is."""
    with pytest.raises(UsageError) as caught:
        results.loads(text, "some.json")
    assert complaint in str(caught.value)
    assert "some.json" in str(caught.value)


def test_unreadable_and_unwritable_files_are_usage_errors(tmp_path: Path) -> None:
    """A file that is not there, a folder, and bytes that are no text end with a sentence, not with a traceback."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name in ("missing.json", ".", "bytes"):
        with pytest.raises(UsageError):
            results.load(tmp_path / name)
    with pytest.raises(UsageError, match="cannot be written"):
        results.dump(sample.small(), tmp_path / "no" / "where.json")


def test_an_incomplete_run_is_refused_where_it_matters(tmp_path: Path) -> None:
    """An interrupted run can be looked at, but not counted on."""
    doc = sample.small()
    doc["runs"][0]["complete"] = False
    results.dump(doc, tmp_path / "run.json")
    assert results.load(tmp_path / "run.json") == doc
    with pytest.raises(UsageError, match=r"incomplete run of toy 2\.5\.0: it was interrupted after 34 of 34 cases"):
        results.load(tmp_path / "run.json", complete=True)
    with pytest.raises(UsageError, match="incomplete run"):
        results.merge({"a.json": doc})


def test_shards_of_one_candidate_become_one_run() -> None:
    """Nothing is lost and nothing is counted twice."""
    whole = sample.full()
    first, second = halves(whole)
    merged = results.merge({"a.json": first, "b.json": second})
    (run,) = merged["runs"]
    assert run["summary"] == whole["runs"][0]["summary"]
    assert {result["case"] for result in run["results"]} == set(whole["runs"][0]["cases"])
    assert run["cases"].keys() == whole["runs"][0]["cases"].keys()
    assert results.loads(results.dumps(merged), "merged") == merged


def test_runs_of_different_candidates_stay_apart() -> None:
    """Merging the runs of two servers gives a document of two runs, in the order in which they were given."""
    docs = {name: document([sample.run(name, "tls")]) for name in ("uvicorn", "hypercorn")}
    assert [run["candidate"]["name"] for run in results.merge(docs)["runs"]] == ["uvicorn", "hypercorn"]


def test_a_case_in_two_shards_is_refused() -> None:
    """Whose verdict would count? The message names both files and the case."""
    doc = sample.small()
    with pytest.raises(UsageError, match=r"a.json and b.json both hold the case tls\."):
        results.merge({"a.json": doc, "b.json": copy.deepcopy(doc)})
    with pytest.raises(UsageError, match=r"a\.json and a.json both hold"):
        results.merge({"a.json": document([doc["runs"][0], copy.deepcopy(doc["runs"][0])])})


def test_different_versions_of_the_suite_are_refused() -> None:
    """Verdicts that were judged by different rules cannot be added up."""
    first, second = halves(sample.small())
    second["runs"][0]["tool"]["version"] = "0.2.0"
    with pytest.raises(UsageError, match=r"different versions of the suite: 0.1.0 \(a\), 0.2.0 \(b\)"):
        results.merge({"a": first, "b": second})


def test_shards_that_declare_different_versions_are_refused() -> None:
    """They are not of one server."""
    first, second = halves(sample.small())
    second["runs"][0]["candidate"]["declares"]["http"] = "2.5"
    with pytest.raises(UsageError, match=r"declares http 2.3 in a, but 2.5 in b"):
        results.merge({"a": first, "b": second})
