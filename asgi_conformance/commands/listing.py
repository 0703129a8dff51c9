"""``list`` and ``explain``: what the suite knows, without running anything."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Mapping
from typing import Any

from asgi_conformance.cases import Case, Suites, load_suites, select
from asgi_conformance.errors import UsageError
from asgi_conformance.requirement import Requirement

_WIDTH = 100


def selected(options: Mapping[str, Any], suites: Suites) -> list[Case]:
    """The cases that the options of a command select. Raises UsageError when there are none."""
    return select(
        suites,
        only=options["select"],
        without=options["deselect"],
        suite=options["suite"],
        level=options["level"],
    )


def list_cases(options: Mapping[str, Any]) -> str:
    """One line a case: level, id and section."""
    suites = load_suites()
    cases = selected(options, suites)
    longest = max(len(case.id) for case in cases)
    lines = []
    for case in cases:
        requirement = suites.requirement_of(case)
        lines.append(f"{requirement.level!s:6} {case.id:{longest}}  {requirement.section}")
    return "\n".join([*lines, f"{len(cases)} cases"])


def list_requirements(options: Mapping[str, Any]) -> str:
    """One line a requirement that binds servers, with the number of its cases or why it has none."""
    suites = load_suites()
    wanted = [
        requirement
        for requirement in suites.catalogue.values()
        if requirement.binds_servers
        and (not options["suite"] or requirement.suite in options["suite"])
        and (not options["level"] or str(requirement.level) in options["level"])
    ]
    counts: dict[str, int] = {}
    for case in suites.cases.values():
        counts[case.requirement] = counts.get(case.requirement, 0) + 1
    lines = [f"{one.level!s:6} {one.id}  {_standing(one, counts.get(one.id, 0))}" for one in wanted]
    return "\n".join([*lines, f"{len(wanted)} requirements"])


def _standing(requirement: Requirement, count: int) -> str:
    if count:
        return f"{count} case{'s' * (count != 1)}"
    return f"no case: {requirement.untestable}" if requirement.untestable else "no case yet"


def explain(identifier: str) -> str:
    """All there is to say of a requirement, a case, or both.

    Raises:
        UsageError: there is neither; the message names what is spelt alike.
    """
    suites = load_suites()
    case = suites.cases.get(identifier)
    requirement = suites.catalogue.get(case.requirement if case else identifier)
    if requirement is None:
        known = [*suites.catalogue, *suites.cases]
        near = difflib.get_close_matches(identifier, known, 3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "See: asgi-conformance list"
        raise UsageError(f"there is no requirement and no case {identifier!r}", hint=hint)
    cases = [case] if case else [one for one in suites.cases.values() if one.requirement == requirement.id]
    return "\n".join([*_about_requirement(requirement), "", *_about_cases(cases, requirement)])


def _about_requirement(requirement: Requirement) -> list[str]:
    lines = [f"{requirement.id} ({requirement.level}, in the suite {requirement.suite})", ""]
    lines += textwrap.wrap(requirement.text, _WIDTH)
    lines += ["", f"Written in:  {requirement.section}", f"             {requirement.url}"]
    if requirement.since:
        lines.append(f"Since:       version {requirement.since} of the specification")
    lines += _paragraph("Seen by:     ", requirement.observe)
    if requirement.ambiguity:
        lines += _paragraph("Fair too:    ", requirement.ambiguity)
    if requirement.refs:
        lines += _paragraph("See also:    ", ", ".join(requirement.refs))
    return lines


def _about_cases(cases: list[Case], requirement: Requirement) -> list[str]:
    if not cases:
        if not requirement.binds_servers:
            return ["It binds applications, so no case judges a server by it."]
        return _paragraph("No case:     ", requirement.untestable or "there is none yet")
    lines = []
    for case in cases:
        lines.append(f"Case {case.id}" + (f"  [{case.launch.name}]" if case.launch.name != "plain" else ""))
        for paragraph in case.description.split("\n\n"):
            lines += textwrap.wrap(paragraph, _WIDTH - 4, initial_indent="    ", subsequent_indent="    ")
        if case.since:
            lines.append(f"    It applies to candidates that declare version {case.since} or later.")
    return lines


def _paragraph(head: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
