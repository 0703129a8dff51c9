"""Documents to develop and test reports on: the real catalogue, invented verdicts, every kind of trouble.

Nothing is random without a seed, so the same call always gives the same document.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

from asgi_conformance.results import Case, Document, Requirement, Result, Run, document, summarise
from asgi_conformance.trace import Entry, Trace

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUITES = Path(__file__).parents[2] / "suites"

#: What a candidate may send to hurt a report: it ends elements, strings, attributes, sections and lines.
HOSTILE = (
    "<script>window.pwned=1</script>",
    "\"><img src=x onerror='window.pwned=1'>",
    "'/**/onmouseover='window.pwned=1",
    "</script><script>window.pwned=1</script><!--",
    "]]><b>&amp;&lt;",
    "javascript:window.pwned=1",
    "{{ 7*7 }}{% raw %}",
    "\x00\x01\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b2J\x7f",
    "\udfff\ud800 \udc80",
    "\u202eevil\u202c\u2028line\u2029\ufeff\ufffe\uffff",
    "| table | ``` code ``` [link](javascript:alert(1)) <details>",
    "::error file=a,line=1::injected%0A\n::set-output name=x::y\r\n",
    "a\nb\r\nc\td",
    "日本語 и עברית e\u0301",
)

VERDICTS = ("pass", "fail", "warn", "observed", "unsupported", "not-applicable", "inconclusive", "error")


def read(path: Path) -> dict[str, Any]:
    """The content of a catalogue's file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def catalogue(*suites: str) -> dict[str, Requirement]:
    """The requirements of these suites as a run lists them; of tls, those that were written down for tests."""
    found: dict[str, Requirement] = {}
    for suite in suites:
        path = Path(__file__).with_name("sample.toml") if suite == "tls" else SUITES / suite / "requirements.toml"
        content = read(path)
        for entry in content["requirement"]:
            found[entry["id"]] = _requirement(suite, content["meta"], entry)
    return found


def _requirement(suite: str, meta: dict[str, Any], entry: dict[str, Any]) -> Requirement:
    anchor = entry.get("anchor")
    return {
        "suite": suite,
        "document": meta["document"],
        "section": entry["section"],
        "url": entry.get("url") or (f"{meta['url']}#{anchor}" if anchor else meta["url"]),
        "level": entry["level"],
        "since": entry.get("since"),
        "subject": entry["subject"],
        "text": entry["text"],
        "ambiguity": entry.get("ambiguity"),
        "untestable": entry.get("untestable"),
    }


def trace(number: int = 0, hostile: str = "") -> list[Entry]:
    """A plausible exchange; ``hostile`` is sent by the candidate wherever a candidate can send something."""
    made = Trace()
    word = hostile.encode("utf-8", "surrogatepass")
    request = b"POST /chat?room=%d HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nx-exchange: k%d\r\n" % (number, number)
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\nx-said: " + word + b"\r\n\r\nhello"
    at = made.started
    rows: list[tuple[float, str, str, str, bytes | None, int | None, int | None]] = [
        (0.0, "client", "connect", "127.0.0.1:8000", None, 1, None),
        (0.21, "client", "bytes-out", "", request + b"transfer-encoding: chunked\r\n\r\n", 1, None),
        (0.4, "client", "bytes-out", "", b"4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n\xff\x00\\", 1, None),
        (1.17, "application", "call", "http POST /chat " + hostile, None, None, 1),
        (1.52, "application", "receive", "http.request body=b'Wikipedia' more_body=False", None, None, 1),
        (1.9, "application", "send", "http.response.start status=200 headers=[(b'x-said', " + hostile, None, None, 1),
        (2.3, "application", "send", "http.response.body body=b'hello'", None, None, 1),
        (2.75, "client", "bytes-in", "", answer, 1, None),
        (2.9, "server", "output", "ERROR:    Exception in ASGI application " + hostile, None, None, None),
        (3.02, "application", "raised", "RuntimeError: " + (hostile or "the application was told to"), None, None, 1),
        (4.4, "client", "connect", "127.0.0.1:8000", None, 2, None),
        (5.6, "client", "bytes-in", "", b"\x81\x05" + bytes(range(200, 240)) * 60, 2, None),
        (1003.2, "client", "reset", "", None, 2, None),
        (1004.0, "server", "exit", "exit status 1", None, None, None),
    ]
    for ms, lane, kind, text, data, connection, call in rows[: 6 + number % 9]:
        made.record(lane, kind, text, data=data, connection=connection, call=call, at=at + ms / 1000)
    return made.entries()


def result(id_: str, requirement: Requirement, verdict: str, number: int = 0, **changes: Any) -> Result:
    """A result with sentences that suit its verdict; ``changes`` replace keys."""
    broken = verdict in ("fail", "warn")
    made: Result = {
        "case": id_,
        "requirement": id_.partition("/")[0],
        "suite": requirement["suite"],
        "level": requirement["level"],
        "title": requirement["text"],
        "verdict": verdict,
        "expected": "the client's port is an int" if broken else None,
        "observed": f"the client's port is '5432{number % 10}', a str" if broken or verdict == "observed" else None,
        "reason": None,
        "duration_s": round(0.0012 + number % 17 / 1000, 6),
        "attempts": 2 if broken else 1,
        "history": [verdict] * (2 if broken else 1),
        "notes": [],
        "launch": "tls" if requirement["suite"] == "tls" else "plain",
        "baseline": None,
        "trace": [] if verdict == "pass" else trace(number),
    }
    if verdict in ("unsupported", "not-applicable", "inconclusive", "error"):
        made["reason"] = {
            "unsupported": "the scope lists no extension http.response.trailers, and none was sent",
            "not-applicable": "the candidate declares http 2.3, the requirement came in with 2.4",
            "inconclusive": "it failed once and passed once: fail, pass",
            "error": "the case raised KeyError: 'headers'",
        }[verdict]
    if verdict == "inconclusive":
        made["history"], made["attempts"] = ["fail", "pass"], 2
        made["notes"] = ["the machine was busy: the second attempt took 4 times as long"]
    made.update(changes)  # type: ignore[typeddict-item]
    return made


def run(name: str = "granian", *suites: str, seed: int = 1, trouble: float = 0.08, hostile: bool = True) -> Run:
    """A run of one candidate over ``suites`` (all where none is named); ``trouble`` is the share of non-passes."""
    requirements = catalogue(*(suites or ("core", "http", "websocket", "lifespan", "rfc_http1")))
    chance = random.Random(seed)
    results: list[Result] = []
    for number, (id_, entry) in enumerate(requirements.items()):
        if entry["subject"] == "application" or entry["untestable"]:
            continue
        for case in (id_, f"{id_}/http2") if number % 5 == 0 else (id_,):
            verdict = chance.choice(VERDICTS[1:]) if chance.random() < trouble else "pass"
            verdict = "warn" if verdict == "fail" and entry["level"] != "must" else verdict
            results.append(result(case, entry, verdict, number))
    if hostile:
        _attack(results)
    return _run_of(name, requirements, results)


def _attack(results: list[Result]) -> None:
    """Put the hostile strings into what candidates can influence, one string per result, every verdict in turn."""
    for number, word in enumerate(HOSTILE):
        victim = results[number * 3 % len(results)]
        broken = "fail" if victim["level"] == "must" else "warn"
        kinds = (broken, "observed", "inconclusive", "error", "unsupported")
        victim["verdict"] = broken if number < 8 else kinds[number % 5]
        victim["expected"] = f"the header x-said is b'hello' and not {word}"
        victim["observed"] = f"the header x-said is {word}"
        victim["reason"] = f"the server said {word}"
        victim["notes"] = [f"note: {word}"]
        victim["trace"] = trace(8, word)


def _run_of(name: str, requirements: dict[str, Requirement], results: list[Result]) -> Run:
    command = f"{name} --interface asgi <app>"
    cases: dict[str, Case] = {
        entry["case"]: {
            "title": entry["title"],
            "revision": 1,
            "requirement": entry["requirement"],
            "command": f"asgi-conformance --server '{command}' --select {entry['case']}",
        }
        for entry in results
    }
    return {
        "complete": True,
        "started": "2026-01-01T00:00:00Z",
        "duration_s": 3.21,
        "timing": {"starts_s": 0.4, "cases_s": 2.1},
        "tool": {"version": "0.1.0"},
        "candidate": {
            "command": command,
            "name": name,
            "version": "2.5.0",
            "variant": None,
            "python": "3.11.7",
            "event_loop": "asyncio",
            "declares": {"http": "2.3", "websocket": "2.3", "lifespan": "2.0"},
            "extensions": ["http.response.pathsend", "tls"],
        },
        "summary": summarise(results),
        "requirements": requirements,
        "cases": cases,
        "results": results,
    }


def small(*verdicts: str, hostile: bool = False) -> Document:
    """A document of one run of the tls suite, whose first results have the given verdicts and the rest pass."""
    made = run("toy", "tls", trouble=0, hostile=False)
    for number, verdict in enumerate(verdicts):
        old = made["results"][number]
        entry = made["requirements"][old["requirement"]]
        made["results"][number] = result(old["case"], entry, verdict, number)
    if hostile:
        _attack(made["results"])
    made["summary"] = summarise(made["results"])
    return document([made])


def full(**options: Any) -> Document:
    """A document of one whole run with every verdict and all the hostile strings."""
    return document([run(**options)])


def attack_everywhere(doc: Document) -> None:
    """Put hostile strings into every string that is not an id, a level or a verdict."""
    everything = " ".join(HOSTILE)
    for run_ in doc["runs"]:
        run_["started"] = run_["tool"]["version"] = everything
        _replace(run_["candidate"], everything, "command", "name", "version", "variant", "python", "event_loop")
        run_["candidate"]["extensions"], run_["candidate"]["declares"] = [everything], {everything: everything}
        for entry in run_["requirements"].values():
            _replace(entry, everything, "text", *(["ambiguity"] if entry["ambiguity"] else []))
        for number, item in enumerate(run_["results"]):
            word = HOSTILE[number % len(HOSTILE)]
            _replace(item, word, "title", "expected", "observed", "reason", "launch")
            item["notes"], item["trace"] = [word], trace(8, word)
        for case in run_["cases"].values():
            _replace(case, everything, "title", "command")


def _replace(target: Any, word: str, *keys: str) -> None:
    target.update(dict.fromkeys(keys, word))
