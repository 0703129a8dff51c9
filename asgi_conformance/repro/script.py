"""From a recording to the lines of an application and a client, each waiting for the other where it did."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from asgi_conformance.clients.http import TAG
from asgi_conformance.repro.recording import CLIENT, Moment
from asgi_conformance.repro.sources import TooMuch, lines_of, of_told, quoted

#: A pause of more seconds than this was meant.
_PAUSE = 0.12
_CLIENT_ACTS = {"connect", "bytes-out", "half-close", "close", "abort", "pause", "resume"}
_CLIENT_SEES = {"bytes-in", "eof", "reset"}
_RECEIVING = {"receive", "receive-body"}


@dataclass
class Script:
    """The lines of the file: of the client's part, and of each call's; ``steps`` are the names of all steps.

    ``helpers`` names what the lines use; ``answered`` are the steps that came to an end.
    """

    client: list[str] = field(default_factory=list)
    calls: dict[int, list[str]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    helpers: set[str] = field(default_factory=set)
    connections: int = 0


class Writer:
    """Goes through a recording once. ``trio`` says which loop the application runs in."""

    def __init__(self, moments: list[Moment], *, trio: bool) -> None:
        self.script = Script()
        self._trio = trio
        self._moments = moments
        self._names: dict[tuple[int, int], str] = {}
        self._lines: dict[int, int] = defaultdict(int)
        #: For each side, up to which moment it has heard of every other one.
        self._heard: dict[int, int] = defaultdict(lambda: -1)
        #: What has come on each connection, and how much of it the client has waited for.
        self._got: dict[int, int] = defaultdict(int)
        self._ends: set[int] = set()
        self._waited: dict[int, object] = {}
        self._marks: dict[int, tuple[int, str]] = {}
        self._ended: set[int] = set()

    def write(self) -> Script:
        """The script. Raises TooMuch for what a file for people cannot hold."""
        for index, moment in enumerate(self._moments):
            if moment.side == CLIENT:
                self._client(index, moment)
            elif moment.side:
                self._application(index, moment)
        self._wait_for_what_came()
        for call, lines in self.script.calls.items():
            answered = [name for (of, _), name in self._names.items() if of == call and name in self.script.answered]
            last = f"call {call} end" if call in self._ended else (answered or [f"call {call} scope"])[-1]
            self.script.client.append(f'until("{last}")')
            if call not in self._ended:
                lines.append('await when("the end")')
        return self.script

    # The client

    def _client(self, index: int, moment: Moment) -> None:
        number = moment.connection
        if moment.kind in _CLIENT_SEES:
            self._heard[CLIENT] = index
            if moment.kind == "bytes-in":
                self._got[number] += len(moment.data)
            else:
                self._ends.add(number)
            return
        if moment.kind not in _CLIENT_ACTS:
            return
        lines = self.script.client
        self._wait_for_what_came()
        lines += [f'until("{name}")' for name in self._news(index, CLIENT)]
        lines += self._pause(index, "time.sleep")
        name = self._connection(number)
        if moment.kind == "connect":
            self.script.connections = max(self.script.connections, number)
            offered = str(moment.data).partition(", offering ")[2]
            lines.append(f"{name} = Connection({', '.join(map(quoted, filter(None, offered.split(', '))))})")
        elif moment.kind == "bytes-out":
            parts = lines_of(_without_tag(moment.data))
            inner = parts if len(parts) == 1 else ["", *(f"    {part}" for part in parts), ""]
            lines += "\n".join([f"{name}.send({inner[0]}", *inner[1:]]).split("\n")
            lines[-1] += ")"
        else:
            action = {"half-close": "half_close", "abort": "reset"}.get(moment.kind, moment.kind)
            lines.append(f"{name}.{action}()")
        self._marks[index] = (len(lines) - 1, f"client {index}")

    def _connection(self, number: int) -> str:
        return "client" if number == 1 else f"client_{number}"

    def _wait_for_what_came(self) -> None:
        """Have the client wait for all that it had got by now."""
        for number in sorted({*self._got, *self._ends}):
            state = (self._got[number], number in self._ends)
            if self._waited.get(number) != state:
                self._waited[number] = state
                wait = "wait_end()" if number in self._ends else f"wait({self._got[number]})"
                self.script.client.append(f"{self._connection(number)}.{wait}")

    # The application

    def _application(self, index: int, moment: Moment) -> None:
        call = moment.side
        if moment.kind == "call":
            self.script.calls[call] = []
            self._heard[call] = index
        elif moment.kind == "answer":
            name = self._names.get((call, moment.data["n"]))
            if name is not None:
                self.script.answered.add(name)
            if "ok" in moment.data and isinstance(moment.data["ok"], dict):
                self._heard[call] = index
        elif moment.kind == "ended":
            self._ended.add(call)
        elif call not in self._ended:
            lines = self.script.calls[call]
            lines += [f'await when("{name}")' for name in self._news(index, call)]
            if lines or (index and moment.at - self._moments[index - 1].at > 1):
                lines += self._pause(index, "await sleep")
            lines += self._step(call, moment.data)

    def _step(self, call: int, frame: dict[str, Any]) -> list[str]:
        do = frame["do"]
        if do in ("return", "progress"):
            return ["return"] if do == "return" else []
        if do == "raise":
            return [_raise(frame)]
        if do == "change":
            return [_change(frame)]
        if do == "cancel" and self._trio:
            raise TooMuch("the application cancels a task under trio")
        if do == "cancel":
            return [f"tasks[{self._names[call, frame['step']]!r}].cancel()"]
        expressions = self._expressions(do, frame)
        lines = []
        for expression in expressions:
            self._lines[call] += 1
            name = self._names[call, frame["n"]] = f"call {call} step {self._lines[call]}"
            self.script.steps.append(name)
            more = ", go_on=False" if frame.get("propagate") else ""
            if frame.get("beside"):
                self.script.helpers.add("tasks")
                lines.append(_beside(name, expression, trio=self._trio))
            else:
                lines.append(f'await step("{name}", {expression}{more})')
        return [*lines, *(["return"] if frame.get("last") else [])]

    def _expressions(self, do: str, frame: dict[str, Any]) -> list[str]:
        if do == "receive":
            return ["receive()"]
        if do == "receive-body":
            self.script.helpers.add("body")
            limit = frame.get("limit")
            return [f"body(receive, {limit})" if limit is not None else "body(receive)"]
        if do == "send":
            return [f"send({of_told(event)})" for event in frame["events"]]
        if do == "send-arguments":
            return [f"send(*{of_told(frame['arguments'])})"]
        if do == "flood":
            self.script.helpers.add("flood")
            return [f"flood(send, {of_told(frame['event'])}, {frame['count']}, {frame['interval']})"]
        if do == "sleep":
            return [f"sleep({frame['seconds']})"]
        if do == "loop-works":
            return ["sleep(0)"]
        if do in ("scope", "iterate"):
            path = "".join(f"[{of_told(key)}]" for key in frame.get("path", ()))
            self.script.helpers.add("now")
            return [f"now({'list' if do == 'iterate' else ''}(scope{path}))"]
        raise TooMuch(f"the case has the application do {do!r}, which takes more than a plain application")

    # What one side has to wait for on the other

    def _news(self, index: int, side: int) -> list[str]:
        """What happened on other sides since this one last heard of them: the last of each."""
        last: dict[int, str] = {}
        for place in range(self._heard[side] + 1, index):
            moment = self._moments[place]
            if moment.side == side:
                continue
            name = self._name_of(place, moment)
            if name is not None:
                last[moment.side] = name
        self._heard[side] = index
        for name in last.values():
            if name.startswith("client "):
                self._mark(int(name.removeprefix("client ")))
        return list(last.values())

    def _name_of(self, place: int, moment: Moment) -> str | None:
        if moment.side == CLIENT:
            return f"client {place}" if place in self._marks else None
        if moment.kind == "call":
            return f"call {moment.side} scope"
        if moment.kind == "answer":
            return self._names.get((moment.side, moment.data["n"]))
        return f"call {moment.side} end" if moment.kind == "ended" else None

    def _mark(self, place: int) -> None:
        """Have the client say when it has done what it did there."""
        line, name = self._marks[place]
        said = f'done("{name}")'
        following = self.script.client[line].split("\n")
        if said not in following:
            self.script.client[line] += "\n" + said

    def _pause(self, index: int, sleep: str) -> list[str]:
        if index == 0:
            return []
        gap = self._moments[index].at - self._moments[index - 1].at
        return [f"{sleep}({math.ceil(gap * 10) / 10})"] if gap > _PAUSE else []


def _without_tag(data: bytes) -> bytes:
    """What a client sent without the field by which the suite finds its call, where it can be told apart."""
    head, blank, rest = data.partition(b"\r\n\r\n")
    if not blank or not head.isascii():
        return data
    kept = [line for line in head.split(b"\r\n") if not line.startswith(TAG + b": xc-")]
    return b"\r\n".join(kept) + blank + rest


def _beside(name: str, expression: str, *, trio: bool) -> str:
    if trio:
        return f'nursery.start_soon(step, "{name}", {expression})'
    return f'tasks["{name}"] = asyncio.ensure_future(step("{name}", {expression}))'


def _raise(frame: dict[str, Any]) -> str:
    kind = frame["error"]
    if kind == "last":
        raise TooMuch("the application raises again what it was given")
    name = {"exception": "Exception", "base": "BaseException", "cancelled": "asyncio.CancelledError"}.get(kind, kind)
    return f"raise {name}({quoted(frame['text'])})"


def _change(frame: dict[str, Any]) -> str:
    if frame.get("event"):
        raise TooMuch("the application changes an event that it was given")
    target = "scope" + "".join(f"[{of_told(key)}]" for key in frame["path"])
    key, value = of_told(frame.get("key")), of_told(frame.get("value"))
    return {
        "set": f"{target}[{key}] = {value}",
        "delete": f"del {target}[{key}]",
        "append": f"{target}.append({value})",
    }.get(frame["operation"], f"{target}.clear()")
