"""SARIF 2.1.0: requirements are rules, cases are results."""

from __future__ import annotations

import json

from asgi_conformance.reports.text import visible, web_link
from asgi_conformance.reports.view import is_known
from asgi_conformance.results import Document, Requirement, Result, Run, label

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: What a verdict is in SARIF: kind, and level, which is ``none`` for every kind but ``fail`` (§ 3.27.10).
_KINDS = {
    "pass": ("pass", "none"),
    "fail": ("fail", "error"),
    "warn": ("fail", "warning"),
    "observed": ("informational", "none"),
    "unsupported": ("notApplicable", "none"),
    "not-applicable": ("notApplicable", "none"),
    "inconclusive": ("open", "none"),
    "error": ("open", "none"),
}
_LEVELS = {"must": "error", "should": "warning", "may": "note"}


def render(document: Document, *, artifact: str = "pyproject.toml") -> str:
    """The document as SARIF. ``artifact`` is the file on which code scanning hangs the results: a server is no file."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(run, artifact) for run in document["runs"]]}
    return json.dumps(log, indent=1) + "\n"


def _run(run: Run, artifact: str) -> dict[str, object]:
    tried = {result["requirement"] for result in run["results"]}
    rules = [id_ for id_ in run["requirements"] if id_ in tried]
    place = {id_: number for number, id_ in enumerate(rules)}
    return {
        "tool": {
            "driver": {
                "name": "asgi-conformance",
                "version": visible(run["tool"]["version"]),
                "rules": [_rule(id_, run["requirements"][id_]) for id_ in rules],
            }
        },
        "automationDetails": {"id": f"asgi-conformance/{visible(label(run))}/"},
        "invocations": [
            {
                "commandLine": visible(run["candidate"]["command"]),
                "executionSuccessful": run["complete"] and not run["summary"]["error"],
                "startTimeUtc": visible(run["started"]),
            }
        ],
        "results": [_result(run, result, place[result["requirement"]], artifact) for result in run["results"]],
    }


def _rule(id_: str, entry: Requirement) -> dict[str, object]:
    url = web_link(entry["url"])
    return {
        "id": visible(id_),
        "shortDescription": {"text": _text(entry["text"])},
        "help": {"text": _text(f"{entry['section']} {entry['url']}")},
        **({"helpUri": url} if url else {}),
        "defaultConfiguration": {"level": _LEVELS[entry["level"]]},
    }


def _result(run: Run, result: Result, rule: int, artifact: str) -> dict[str, object]:
    kind, level = _KINDS[result["verdict"]]
    known = result["baseline"]
    accepted = [{"kind": "external", "status": "accepted", "justification": visible(known["reason"])}] if known else []
    return {
        "ruleId": visible(result["requirement"]),
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": {"text": _text(_message(run, result))},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": artifact}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": visible(result["case"]), "kind": "member"}],
            }
        ],
        "partialFingerprints": {"case/v1": visible(f"{run['candidate']['name']}/{result['case']}")},
        **({"suppressions": accepted} if is_known(result) else {}),
    }


def _message(run: Run, result: Result) -> str:
    parts = [
        f"{label(run)}: {result['title']}",
        f"Expected: {result['expected']}" if result["expected"] else "",
        f"Observed: {result['observed']}" if result["observed"] else "",
        f"Reason: {result['reason']}" if result["reason"] else "",
    ]
    return "\n".join(part for part in parts if part)


def _text(words: str) -> str:
    """A message string: braces are doubled (§ 3.11.5), and nothing is an embedded link (§ 3.11.6)."""
    return visible(words).replace("{", "{{").replace("}", "}}").replace("](", "] (")
