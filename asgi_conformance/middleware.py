"""A middleware as the candidate: an application to the server around it, and a server to what it wraps.

Its lower face is judged by the cases, as a server is; what fails is its doing where the same server passes without it.
Its upper face is judged by what it sends, as an application is, in calls in which what it wraps kept the documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.errors import UsageError

if TYPE_CHECKING:
    from asgi_conformance.ambient import Breach
    from asgi_conformance.candidate.starting import Starter
    from asgi_conformance.cases import Suites
    from asgi_conformance.recorded import Face, RecordedCall
    from asgi_conformance.results import Middleware, Run, Sent
    from asgi_conformance.schedule import Judgement

_HINT = (
    "--middleware takes package.module:factory, importable where the server runs (PYTHONPATH with --env helps); the"
    " factory is called with an application and gives one."
)


def check_name(name: str) -> None:
    """Raise UsageError where a name is not of the form ``package.module:factory``."""
    module, colon, path = name.partition(":")
    parts = [*module.split("."), *path.split(".")]
    if not colon or not all(part.isidentifier() for part in parts):
        raise UsageError(f"The middleware {name!r} is not of the form package.module:factory.", hint=_HINT)


async def check_factory(starter: Starter) -> None:
    """Start the server once behind the middleware, to see that there is one.

    Raises:
        UsageError: the factory cannot be had, or gives no application.
        CandidateError: the server, with it, does not come to serve.
    """
    name = starter.setting.middleware or ""
    check_name(name)
    candidate = await starter.start(Launch())
    await starter.stop(candidate)
    if starter.facts.unwrapped is not None:
        raise UsageError(f"The middleware {name} cannot be used: {starter.facts.unwrapped}.", hint=_HINT)


def variant_behind(variant: str | None, middleware: str | None) -> str | None:
    """How a server is named that was tested behind a middleware."""
    return " ".join(filter(None, (variant, f"behind {middleware}"))) if middleware else variant


def upper_breaches(faces: Iterable[Face], found_in: Callable[[RecordedCall], list[Breach]]) -> list[Breach]:
    """What a middleware did on its upper face that the documents do not have.

    A call is passed over where what the middleware wraps did something of that kind itself, and where its end is not
    known: who is handed a breach cannot keep the documents.
    """
    faces = list(faces)
    excused = {face.key for face in faces if face.face == "lower" and (face.ended is None or found_in(face))}
    uppers = [face for face in faces if face.face == "upper" and face.key not in excused]
    return [breach for face in uppers for breach in found_in(face)]


def described(name: str, judgements: Mapping[str, Judgement], suites: Suites) -> Middleware:
    """The entry of a middleware in a run: each requirement that it broke in every attempt at a case, with the first."""
    sent: dict[str, Sent] = {}
    for case, judgement in judgements.items():
        first, *more = (attempt.sent for attempt in judgement.attempts)
        for breach in first:
            if all(any(breach.requirement == other.requirement for other in others) for others in more):
                level = breach.level or suites.catalogue[breach.requirement].level
                entry: Sent = {
                    "requirement": breach.requirement,
                    "case": case,
                    "level": str(level),
                    "expected": breach.expected,
                    "observed": breach.observed,
                }
                sent.setdefault(breach.requirement, entry)
    return {"factory": name, "sent": list(sent.values()), "without": {}}


def note_above(run: Run) -> None:
    """Write what a middleware did on its upper face beside the verdict on the case in which it did, for all reports."""
    for one in run["middleware"]["sent"]:
        for result in run["results"]:
            if result["case"] == one["case"]:
                result["notes"].append(f"what the middleware sent breaks {one['requirement']}: {one['observed']}")


def not_passed(run: Run) -> list[str]:
    """The cases of a run whose verdict says that something was broken, or could not be decided."""
    return [result["case"] for result in run["results"] if result["verdict"] in ("fail", "warn", "inconclusive")]


def compare_without(run: Run, bare: Run) -> None:
    """Write into a run behind a middleware what the same server does without it, and whose doing each verdict is."""
    found = {result["case"]: result["verdict"] for result in bare["results"]}
    run["middleware"]["without"] = found
    for result in run["results"]:
        verdict = found.get(result["case"])
        if verdict is not None:
            whose = "the server's" if verdict == result["verdict"] else "the middleware's"
            result["notes"].append(f"without the middleware: {verdict}; so this is {whose} doing")


def is_of_the_server(run: Run, case: str, verdict: str) -> bool:
    """Whether a verdict is what the server has without the middleware, too."""
    middleware = run.get("middleware")
    return middleware is not None and middleware["without"].get(case) == verdict


def broken_above(run: Run) -> list[Sent]:
    """What the middleware of a run, if there is one, did against a must on its upper face."""
    middleware = run.get("middleware")
    return [one for one in middleware["sent"] if one["level"] == "must"] if middleware is not None else []


def told_above(run: Run) -> list[str]:
    """The lines about the upper face of a run's middleware; none without one."""
    middleware = run.get("middleware")
    if middleware is None:
        return []
    if not middleware["sent"]:
        return [f"{middleware['factory']}: what it sent to the server keeps the documents."]
    lines = [f"{middleware['factory']}: what it sent to the server breaks the documents:"]
    return lines + [f"  {one['requirement']}: {one['observed']} (in {one['case']})" for one in middleware["sent"]]
