"""Writing the file: recorded, rendered, tried on the server and on the reference server until a check tells them."""

from __future__ import annotations

import ast
import math
import re
import shlex
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from asgi_conformance import __version__
from asgi_conformance.cases import Case, Suites
from asgi_conformance.repro.facts import Check, Sight, Words, checks
from asgi_conformance.repro.launching import Start
from asgi_conformance.repro.recording import Take
from asgi_conformance.repro.script import Script, Writer
from asgi_conformance.repro.sources import TooMuch, quoted
from asgi_conformance.requirement import Requirement
from asgi_conformance.verdict import Broken, TimedOut

#: How long one trial may take, in seconds.
_LONGEST = 90
_SHOWN, _NOT_SHOWN = 1, 0


@dataclass(frozen=True)
class Repro:
    """The text of a file, and the check in it."""

    text: str
    check: Check


def shown(words: tuple[str, ...]) -> str:
    """A command on one line; what is between < and > needs no quotes."""
    return re.sub(r"'(<[a-z]+>)'", r"\1", shlex.join(words))


def module_of(identifier: str) -> str:
    """A name for the module of a case's file."""
    return "repro_" + re.sub(r"\W+", "_", identifier)


class Workshop:
    """Makes the file of one recorded case. ``folder`` is where trials are made."""

    def __init__(self, case: Case, suites: Suites, take: Take, folder: Path) -> None:
        self._case = case
        self._requirement: Requirement = suites.requirement_of(case)
        self._take = take
        self._folder = folder
        self._script: Script = Writer(take.recording.moments, trio=take.start.trio).write()
        outcome, tried = take.recording.outcome, take.attempt
        judged = outcome.judged if isinstance(outcome, Broken) else None
        self._words = Words(tried.expected or "", tried.observed or "", judged, isinstance(outcome, TimedOut))

    def make(self) -> Repro:
        """The file, of which both trials are done: the server shows the deviation, the reference server does not.

        Raises:
            TooMuch: there is no such file.
        """
        wrong, right = self._look(self._take.start), self._look(self._take.reference)
        candidates = checks(wrong, right, self._words, self._script.steps)
        for check in candidates:
            text = self.text(self._take.start, check)
            if self._status(text) == _SHOWN and self._status(self.text(self._take.reference, check)) == _NOT_SHOWN:
                return Repro(text, check)
        raise TooMuch(
            f"{self._case.id} cannot be shown by a file: played again, it looks as on a server that is right, or other"
            " each time.",
            hint="Its trace shows it: run it with -vv.",
        )

    def _look(self, start: Start) -> Sight:
        ran = self._run(self.text(start, None))
        try:
            return Sight.read(ast.literal_eval(ran.stdout))
        except (SyntaxError, ValueError):
            raise TooMuch(f"{self._case.id} cannot be played: {ran.stderr.strip()[-500:]}") from None

    def _status(self, text: str) -> int:
        return self._run(text).returncode

    def _run(self, text: str) -> subprocess.CompletedProcess[str]:
        path = self._folder / f"{module_of(self._case.id)}.py"
        path.write_text(text)
        words = [sys.executable, str(path)]
        try:
            return subprocess.run(words, capture_output=True, text=True, timeout=_LONGEST, check=False)
        except subprocess.TimeoutExpired:
            raise TooMuch(f"{self._case.id} cannot be shown by a file: it does not come to an end.") from None

    def text(self, start: Start, check: Check | None) -> str:
        """The file for a server; without a check it tells all that it saw."""
        script = self._script
        client = [line for lines in script.client for line in lines.split("\n")]
        calls = [
            {"name": f"call_{number}", "lines": lines or ["pass"]} for number, lines in sorted(script.calls.items())
        ]
        text = "\n".join([*client, *(line for call in calls for line in call["lines"])])
        eyes = check.eyes() if check else []
        return str(
            _template().render(
                heading=f"{self._take.server} breaks {self._requirement.id}"[:100],
                about=self._about(check),
                version=__version__,
                case=self._case.id,
                needs=self._take.server.partition(" ")[0],
                asyncio="asyncio." in text,
                trio=start.trio,
                text=text,
                lines=any("re." in one for one in eyes),
                command=quoted(shown(start.words)),
                environment=dict(start.environment),
                host=quoted(start.host),
                port=start.port,
                unix=start.unix,
                certificate=start.certificate,
                calls=calls,
                client=client or ["pass"],
                eyes=eyes,
                tasks="tasks" in script.helpers,
                body="body" in script.helpers,
                flood="flood" in script.helpers,
                now="now" in script.helpers,
                longest="3",
                check=check,
                ending=self._ending(check),
            )
        )

    def _ending(self, check: Check | None) -> str:
        if check is None:
            return textwrap.indent(_TELL, " " * 8)
        seconds = min(5.0, math.ceil(10 * max(0.5, self._take.recording.silence)) / 10)
        wait = f"wait(lambda: not deviates(), {seconds})" if check.lasting else "wait(deviates, 1)"
        return textwrap.indent(_JUDGE.replace("WAIT", wait), " " * 8)

    def _about(self, check: Check | None) -> str:
        one = self._requirement
        tried = self._take.attempt
        parts = {
            f"Required ({one.level})": f"{one.text} ({one.section})",
            "Case": self._case.title,
            "Expected": tried.expected or "",
            "Observed": tried.observed or "",
        }
        lines = [
            *(textwrap.fill(f"{name}: {text}", 110, subsequent_indent="    ") for name, text in parts.items()),
            one.url,
        ]
        return "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''")


_TELL = """\
wait(lambda: False, 0.7)
marks = {path.name: told(path.name) for path in FOLDER.iterdir() if path.name.startswith(("call", "lifespan"))}
connections = [{"got": one.got, "end": one.end} for one in CONNECTIONS]
print({"connections": connections, "marks": marks, "ended": SERVER.poll()})
return 0"""

_JUDGE = """\
WAIT
try:
    print("observed:", observed())
except (LookupError, TypeError, ValueError):
    print("observed: nothing")
shown = deviates()
print("The deviation was", "seen." if shown else "not seen.")
return 1 if shown else 0"""


@cache
def _template() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("asgi_conformance.repro", "."),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("repro.py.j2")
