"""What a candidate declares for each protocol, against what was observed of it."""

from __future__ import annotations

from dataclasses import dataclass

from asgi_conformance.results import Run

#: Verdicts that judge a requirement: kept, or not.
_KEPT, _BROKEN = ("pass",), ("fail", "warn")


@dataclass(frozen=True)
class Feature:
    """The requirements of one version of a protocol that were judged: how many, and how many of them kept."""

    version: str
    kept: int
    judged: int


@dataclass(frozen=True)
class Protocol:
    """One protocol. ``declared`` is None where the candidate names no version of it."""

    name: str
    declared: str | None
    features: list[Feature]
    broken_musts: int
    judged: int
    unsupported: bool

    @property
    def observed(self) -> str:
        """The observation in words."""
        if self.judged == 0:
            return "not supported" if self.unsupported else "nothing was judged"
        if self.broken_musts == 0:
            return "every must that was judged is kept"
        return f"breaks {self.broken_musts} {'must' if self.broken_musts == 1 else 'musts'}"


def protocols(run: Run) -> list[Protocol]:
    """The protocols that the candidate declares and those whose suite ran, declared ones first."""
    declared = run["candidate"]["declares"]
    suites = {result["suite"] for result in run["results"]}
    names = [
        *declared,
        *(name for name in ("http", "websocket", "lifespan") if name in suites and name not in declared),
    ]
    return [_protocol(run, name, declared.get(name)) for name in names]


def _protocol(run: Run, name: str, declared: str | None) -> Protocol:
    worst: dict[str, bool] = {}
    broken: set[str] = set()
    unsupported = False
    for result in run["results"]:
        if result["suite"] != name:
            continue
        unsupported |= result["verdict"] == "unsupported"
        if result["verdict"] in _KEPT + _BROKEN:
            kept = result["verdict"] in _KEPT
            worst[result["requirement"]] = worst.get(result["requirement"], True) and kept
        if result["verdict"] == "fail":
            broken.add(result["requirement"])
    tallies: dict[str, list[bool]] = {}
    for id_, kept in worst.items():
        tallies.setdefault(run["requirements"][id_]["since"] or "any", []).append(kept)
    features = [Feature(version, sum(kept), len(kept)) for version, kept in sorted(tallies.items())]
    return Protocol(name, declared, features, len(broken), len(worst), unsupported)
