"""Facts: what a file can see of an exchange, and which of them tells the deviation."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pprint import pformat
from types import SimpleNamespace
from typing import Any

from asgi_conformance.expect import show
from asgi_conformance.repro import eyes, header_blocks
from asgi_conformance.verdict import Judged

#: In the frames of HTTP/2, what is looked at.
FRAMES = {"DATA": 0, "HEADERS": 1, "RST_STREAM": 3, "SETTINGS": 4, "PUSH_PROMISE": 5, "PING": 6, "GOAWAY": 7}
_DEPTH = 4
#: What a check must weigh to count as what the case judged.
_SURE = 25
#: How many of them are worth a trial.
_BEST = 2
_EYES = {name: one for name, one in vars(eyes).items() if inspect.getmodule(one) is eyes and callable(one)}
#: A value with a longer repr is too long to stand in a file.
_LONGEST = 1500
_RELATIONS = {
    "==": "observed() != {}",
    "!=": "observed() == {}",
    "in": "observed() not in {}",
    "has": "{} not in observed()",
    "lacks": "{} in observed()",
}
#: What differs between servers that are all right.
_FREE = re.compile(r"b'(server|date)'|\['(server|client|spec_version|extensions|state|raw_path)'\]\)?$|heard|kinds")


#: What is not in everything that a file compares: a case about it is told by a fact of its own, or not at all.
_UNSEEN = re.compile(
    r"scope|values of (date|server)\b|log\b|printed|output|WINDOW|flow control|TLS|certificate|ALPN|identi",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Sight:
    """What a file saw when it was played: the answer to every expression."""

    connections: tuple[Mapping[str, Any], ...]
    marks: Mapping[str, Any]
    ended: int | None

    @classmethod
    def read(cls, dumped: Mapping[str, Any]) -> Sight:
        """Take what a file told of itself."""
        return cls(tuple(dumped["connections"]), dumped["marks"], dumped["ended"])

    def value(self, expression: str) -> Any:
        """What the expression is. Raises LookupError or TypeError where there is no such thing."""
        space: dict[str, object] = {**_EYES, "told": self.marks.get}
        space["SERVER"] = SimpleNamespace(poll=lambda: self.ended)
        eyes.CONNECTIONS[:] = [SimpleNamespace(**one) for one in self.connections]
        return eval(expression, space)  # the expressions are made here

    def missing(self, expression: str) -> bool:
        """Whether there is no such thing."""
        try:
            self.value(expression)
        except (LookupError, TypeError, ValueError):
            return True
        return False


@dataclass(frozen=True)
class Words:
    """What the case said: its two sentences, what it judged if that is known, whether something did not come."""

    expected: str
    observed: str
    judged: Judged | None
    timed_out: bool


@dataclass(frozen=True)
class Check:
    """What decides: ``expression`` in a ``relation`` to a value is the deviation.

    ``lasting`` says that the deviation is that something does not come.
    """

    expression: str
    condition: str
    value: object
    right: object
    lasting: bool

    def sentence(self) -> str:
        """What the file compares, in words."""
        return f"Whether it is as it was when the case failed. A server that is right here showed {show(self.right)}."

    def source(self) -> str:
        """The expression as it stands in the file."""
        text = self.expression if '"' in self.expression else self.expression.replace("'", '"')
        return text if len(text) < 90 else text.replace("), ", "),\n        ")

    def eyes(self) -> list[str]:
        """The source of the functions that the expression uses."""
        sources = {name: inspect.getsource(one).rstrip() for name, one in _EYES.items()}
        used = {name for name in sources if re.search(rf"\b{name}\(", self.expression)}
        used |= {"all_frames"} if used & {"frames", "packed_field"} else set()
        blocks = inspect.getsource(header_blocks).partition("annotations\n")[2].strip()
        return [*([blocks] if "all_frames" in used else []), *(sources[name] for name in sources if name in used)]


def checks(wrong: Sight, right: Sight, words: Words, steps: Sequence[str]) -> list[Check]:
    """The checks that tell the two sights apart, the best first.

    Those come first that are what the case judged, by its own relation or by its words; then that all is as it
    was, with each of the ``steps`` of the application.
    """
    ranked = []
    for place, expression in enumerate(_expressions(wrong, right)):
        if wrong.missing(expression) or repr(wrong.value(expression)) == _value_or_missing(right, expression):
            continue
        seen = wrong.value(expression)
        related = _related(expression, seen, right, words)
        check = related or _same(expression, seen, right, words)
        weight = _weight(check, words) + 50 * (related is not None)
        if len(check.condition) < _LONGEST and weight >= _SURE:
            ranked.append((weight + place / 1000, check))
    everything = _everything(wrong, right, steps)
    told = words.expected + words.observed
    whole = [] if _UNSEEN.search(told) else [_same(everything, wrong.value(everything), right, words)]
    return [*(check for _, check in sorted(ranked, key=lambda pair: -pair[0])[:_BEST]), *whole]


def _everything(wrong: Sight, right: Sight, steps: Sequence[str]) -> str:
    """All that both ends saw but the scopes, which differ from server to server."""
    connections = [
        f"frames({number}, 0, 1, 3, 4, 5, 6, 7), ending({number})" if one["got"][:1] == b"\0"
        else f"heard({number}), ending({number})"
        for number, one in enumerate(wrong.connections, 1)
    ]  # fmt: skip
    marks = sorted({*steps, *(mark for mark in {*wrong.marks, *right.marks} if mark.endswith("end"))}, key=_order)
    return f"({', '.join([*connections, *(f'told({mark!r})' for mark in marks)])},)"


def _value_or_missing(sight: Sight, expression: str) -> str:
    return "" if sight.missing(expression) else repr(sight.value(expression))


def _same(expression: str, seen: object, right: Sight, words: Words) -> Check:
    other = None if right.missing(expression) else right.value(expression)
    lasting = words.timed_out or seen in (None, [], b"", 0, False)
    return Check(expression, f"observed() == {pformat(seen, width=100, sort_dicts=False)}", seen, other, lasting)


def _related(expression: str, seen: object, right: Sight, words: Words) -> Check | None:
    """The check by the very relation that the case judged, where the value is the one that it judged."""
    judged = words.judged
    if judged is None or judged.relation not in _RELATIONS or right.missing(expression):
        return None
    single = not isinstance(judged.value, list) and [judged.value] == seen
    about = re.search(rf"values of {_name_of(expression)}\b", words.expected, re.IGNORECASE)
    if not single and repr(judged.value) != repr(seen) and not (about and isinstance(judged.value, list)):
        return None
    other = [judged.other] if single else judged.other
    condition = _RELATIONS[judged.relation].format(repr(other))
    try:
        breaks, keeps = (
            bool(eval(condition, {"observed": lambda value=value: value})) for value in (seen, right.value(expression))
        )
    except (SyntaxError, TypeError, NameError):
        return None
    if not breaks or keeps:
        return None
    return Check(expression, condition, seen, right.value(expression), seen in (None, [], b""))


def _name_of(expression: str) -> str:
    """The name of the field, or of the key, that is asked for; a word that is none where there is no such."""
    asked = re.search(r"(?:^|field\(\d+, b)'([\w-]+)'", expression)
    return re.escape(asked[1]) if asked else "nothing-by-name"


def _weight(check: Check, words: Words) -> float:
    """How surely a check is what the case judged, by the words of its outcome."""
    told = show(check.value)
    weight = _named(check.expression, words)
    if len(told) > 3 and told in words.observed:
        weight += 20 + min(len(told), 40) / 4
    seen, right = str(check.value), str(check.right)
    for points, expression, expected, observed, was, should in _RULES:
        looked = (expression, check.expression), (expected, words.expected), (observed, words.observed)
        if all(re.search(pattern, text) for pattern, text in (*looked, (was, seen), (should, right))):
            weight += points
    return weight - (_SURE if _FREE.search(check.expression) and weight < _SURE else 0)


#: Points for a check: by its expression, what was expected and observed, what was seen, and what a right server shows.
_RULES = (
    (25, r"^told.*step \d+'\)$", "raise", "", "^(?!raised)", "^raised"),
    (25, r"^told.*step \d+'\)$", "", "raised", "^raised", "^(?!raised)"),
    (25, r"^told.*step \d+'\)$", "ends|gives", "still waiting", "^None", "^(?!None)"),
    (25, r"^told.*scope'\)$", "calls the application", "", "^None", "^(?!None)"),
    (25, r"^ending", r"closes the (connection|socket)", "", "^None", "^(?!None)"),
    (40, r"^SERVER", "", "process ended", "^(?!None)", "^None"),
    (10, r"kinds", "", "of type", "", ""),
    (50, r"^kinds\(told\('call \d+ scope'\)\)$", "the scope|^scope is", "", "^(?!dict)", "^dict"),
    (-20, r"kinds", "", "^(?!.*of type)", "", ""),
)


def _named(expression: str, words: Words) -> float:
    """Whether the words name the place in a scope or an event, or the header field, that is looked at."""
    path = re.search(r"\)((?:\[[^\]]+\])+)[)\]]?$", expression)
    if path is not None:
        keys = re.findall(r"\[[^\]]+\]", path[1])
        for length in range(len(keys), 0, -1):
            place = "".join(keys[:length])
            if place in words.expected + words.observed:
                return 30 + 5 * length - 12 * (len(keys) - length)
    there = re.match(r"('[\w-]+') in told\('[^']*'\)(.*)", expression)
    if there is not None:
        return 35.0 if f"{there[2]}[{there[1]}]" in words.expected else 0.0
    name = _name_of(expression)
    # A word such as connection or server says nothing, unless it is told as the name of a field.
    plain = name if "-" in name else rf"(values? of |headers? |fields? |b'){name}\b|\b{name}:"
    return 25.0 if re.search(plain, words.expected, re.IGNORECASE) else 0.0


def _expressions(wrong: Sight, right: Sight) -> Iterator[str]:
    """All that can be asked of either."""
    yield "SERVER.poll()"
    for number in range(1, max(len(wrong.connections), len(right.connections)) + 1):
        yield from _of_connection(number, wrong, right)
    for mark in sorted({*wrong.marks, *right.marks}, key=_order):
        yield f"told({mark!r})"
        if mark.endswith("scope"):
            yield f"[name for name, value in told({mark!r})['headers']]"
        values = [sight.marks[mark] for sight in (wrong, right) if mark in sight.marks]
        for path in dict.fromkeys(path for value in values for path in _paths(value)):
            yield f"told({mark!r}){path}"
            yield f"kinds(told({mark!r}){path})"
        for place, key in dict.fromkeys(there for value in values for there in _of_dicts(value)):
            yield f"{key!r} in told({mark!r}){place}"


def _of_dicts(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    """The places of dicts in a dict, each with every key that is there."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield place, key
            yield from _of_dicts(item, f"{place}[{key!r}]")


def _order(mark: str) -> tuple[object, ...]:
    """The lifespan first, then the calls by their numbers."""
    return (not mark.startswith("lifespan"), *(part.zfill(6) for part in mark.split()))


def _paths(value: object, depth: int = 0) -> Iterator[str]:
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    )
    for key, item in items:
        yield f"[{key!r}]"
        if depth < _DEPTH:
            yield from (f"[{key!r}]{path}" for path in _paths(item, depth + 1))


def _of_connection(number: int, wrong: Sight, right: Sight) -> Iterator[str]:
    gots = [sight.connections[number - 1]["got"] for sight in (wrong, right) if len(sight.connections) >= number]
    yield f"heard({number})"
    yield f"ending({number})"
    if any(got.startswith(b"HTTP/1") for got in gots):
        yield f"after_head({number})"
        names = {name.lower() for got in gots for name in re.findall(rb"(?m)^([\w-]+):", got)}
        yield from (f"field({number}, {name!r})" for name in sorted(names))
        yield f"statuses({number})"
    else:
        yield from (f"frames({number}, {kind})" for kind in FRAMES.values())
        for sight in (wrong, right):
            blocks = [] if sight.missing(f"all_frames({number})") else sight.value(f"all_frames({number})")
            packed = sorted({name for *_, fields in blocks if isinstance(fields, list) for name, _ in fields})
            yield from (f"packed_field({number}, {name!r})" for name in packed)
