"""The probe: the ASGI application that is mounted in a candidate and does as it is told.

Every call of it is announced to the harness over a control channel, with the scope that the server handed over; the
harness then tells it, step by step, what to do, and hears what came of each step. It decides nothing by itself.

Standard library only, CPython 3.8 and later and PyPy, asyncio and trio: it runs in the candidate's own interpreter,
next to whatever is installed there. Two variables of the environment tell it where the harness is:
``ASGI_PROBE_CONTROL`` (``unix:PATH`` or ``tcp:HOST:PORT``) and ``ASGI_PROBE_TOKEN``.

Frames are a length of four bytes, big-endian, and a JSON object. How values are written in it: see ``encode`` (what
the probe saw) and ``decode`` (what it is to use).
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import functools
import hashlib
import http
import inspect
import itertools
import json
import os
import platform
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

#: Byte strings that are longer than this travel as length and digest.
WHOLE_BYTES = 65536
#: How deep nested values are described; below it they are told by their repr.
DEPTH = 10

_LENGTH = struct.Struct(">I")


# What the probe saw, as JSON


def encode(value: Any, depth: Any = 0) -> Any:
    """Describe a value with its exact Python type, so that it can be judged elsewhere.

    None, bool, int, str, finite floats and lists stand for themselves; everything else is an object with one key
    that names the kind. Subclasses keep the name of their class beside the plain value.
    """
    kind = type(value)
    if value is None or kind is bool or kind is int or kind is str:
        return value
    if kind is bytes:
        return _encode_bytes(value)
    if kind is float:
        return value if value - value == 0 else {"f": repr(value)}
    if depth >= DEPTH:
        return {"o": [_name(kind), _repr(value)]}
    if kind is list:
        return [encode(item, depth + 1) for item in value]
    if kind is tuple:
        return {"t": [encode(item, depth + 1) for item in value]}
    if kind is dict:
        return {"d": [[encode(key, depth + 1), encode(item, depth + 1)] for key, item in value.items()]}
    bases: Any = (bool, int, str, bytes, float, list, tuple, dict)
    for base in bases:
        if isinstance(value, base):
            try:
                return {"s": [_name(kind), encode(base(value), depth + 1)]}
            except Exception:
                break
    return _encode_object(value, kind, depth)


def _encode_bytes(value: Any) -> Any:
    if len(value) <= WHOLE_BYTES:
        return {"b": value.decode("latin-1")}
    return {"B": [len(value), hashlib.sha256(value).hexdigest(), value[:64].decode("latin-1")]}


def _encode_object(value: Any, kind: Any, depth: Any) -> Any:
    try:
        if not isinstance(value, (bytearray, memoryview)):
            iterator = iter(value.items() if isinstance(value, Mapping) else value)
            items = list(itertools.islice(iterator, 1000))
            return {"i": [_name(kind), [encode(item, depth + 1) for item in items], iterator is value]}
    except Exception:
        pass
    return {"o": [_name(kind), _repr(value)]}


def _name(kind: Any) -> Any:
    return kind.__name__ if kind.__module__ == "builtins" else kind.__module__ + "." + kind.__qualname__


def _repr(value: Any) -> Any:
    try:
        return repr(value)[:500]
    except Exception as error:
        return "<repr failed: %s>" % type(error).__name__


def describe(error: Any) -> Any:
    """Describe an exception: its class, the names of all its base classes, and its text."""
    return {
        "type": _name(type(error)),
        "bases": [_name(base) for base in type(error).__mro__],
        "text": _str(error),
    }


def _str(error: Any) -> Any:
    try:
        return str(error)[:1000]
    except Exception:
        return ""


# What the harness wants used, from JSON


class _StrSubclass(str):
    pass


class _Opaque:
    def __repr__(self) -> Any:
        return "<an object that cannot be serialised>"


class _Stubborn:
    """An object with which nothing can be done but to hand it on."""

    def _raise(self, *_: Any) -> None:
        raise TypeError("this object was to be handed on as it is")

    _refuse: Any = _raise
    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __eq__ = __hash__ = __bool__ = __iter__ = _refuse


def decode(value: Any) -> Any:
    """Build the value that the harness described; ``x`` objects are those that JSON has no words for."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "b":
        return content.encode("latin-1")
    if kind == "t":
        return tuple(decode(item) for item in content)
    if kind == "d":
        return {decode(key): decode(item) for key, item in content}
    name, arguments = content[0], [decode(item) for item in content[1:]]
    return _ODD[name](*arguments)


def payload(seed: Any, length: Any) -> Any:
    """Bytes that look random and are the same for the same seed and length, on both sides of the wire."""
    return hashlib.shake_128(seed.encode()).digest(length)


_FILES: dict[str, Any] = {}


def _opened(path: Any, position: Any = 0) -> Any:
    """The file at a path, open for reading and standing at a position; do_file looks at it afterwards."""
    file = _FILES[path] = open(path, "rb")
    file.seek(position)
    return file


_ODD: dict[str, Any] = {
    "generator": lambda items: (item for item in items),
    "iterator": iter,
    "dict-items": lambda pairs: dict(pairs).items(),
    "bytearray": bytearray,
    "memoryview": memoryview,
    "http-status": http.HTTPStatus,
    "payload": payload,
    "object": _Opaque,
    "str-subclass": _StrSubclass,
    "float": float,
    "set": set,
    "file": _opened,
    "raw-file": lambda path: open(path, "rb", buffering=0),
    "descriptor": lambda path: os.open(path, os.O_RDONLY),
    "complex": complex,
    "stubborn": _Stubborn,
    "lock": threading.Lock,
    "socket": socket.socket,
}


# The event loops


class _Asyncio:
    name = "asyncio"

    def __init__(self) -> None:
        self.loop = self.itself = asyncio.get_running_loop()

    def describe(self) -> Any:
        return _name(type(self.loop))

    def soon(self, function: Any, *arguments: Any) -> None:
        try:
            self.loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            pass  # the loop has been closed: nobody is left to be told

    Event = staticmethod(asyncio.Event)
    sleep = staticmethod(asyncio.sleep)
    shield = contextlib.nullcontext
    Cancelled = asyncio.CancelledError

    def tasks(self) -> int:
        return len(asyncio.all_tasks())

    async def with_children(self, function: Any) -> Any:
        children = _AsyncioChildren()
        try:
            return await function(children)
        finally:
            await children.close()


class _AsyncioChildren:
    def __init__(self) -> None:
        self.tasks: dict[int, Any] = {}

    def start(self, number: Any, function: Any, *arguments: Any) -> None:
        task = asyncio.ensure_future(function(*arguments))
        self.tasks[number] = task
        task.add_done_callback(lambda _: self.tasks.pop(number, None))

    def cancel(self, number: Any) -> None:
        task = self.tasks.get(number)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


class _Trio:
    name = "trio"

    def __init__(self) -> None:
        trio = sys.modules["trio"]
        self.trio = trio
        self.token = self.itself = trio.lowlevel.current_trio_token()
        self.Event = trio.Event
        self.sleep = trio.sleep
        self.Cancelled = trio.Cancelled

    def describe(self) -> Any:
        return "trio"

    def soon(self, function: Any, *arguments: Any) -> None:
        try:
            self.token.run_sync_soon(function, *arguments)
        except self.trio.RunFinishedError:
            pass

    def tasks(self) -> Any:
        return self.trio.lowlevel.current_statistics().tasks_living

    def shield(self) -> Any:
        return self.trio.CancelScope(shield=True)

    async def with_children(self, function: Any) -> Any:
        async with self.trio.open_nursery() as nursery:
            try:
                return await function(_TrioChildren(self.trio, nursery))
            finally:
                nursery.cancel_scope.cancel()


class _TrioChildren:
    def __init__(self, trio: Any, nursery: Any) -> None:
        self.trio = trio
        self.nursery = nursery
        self.scopes: dict[int, Any] = {}

    def start(self, number: Any, function: Any, *arguments: Any) -> None:
        self.scopes[number] = self.trio.CancelScope()
        self.nursery.start_soon(self._run, number, function, arguments)

    async def _run(self, number: Any, function: Any, arguments: Any) -> None:
        with self.scopes[number]:
            await function(*arguments)
        self.scopes.pop(number, None)

    def cancel(self, number: Any) -> None:
        scope = self.scopes.get(number)
        if scope is not None:
            scope.cancel()


def _current_loop() -> Any:
    trio = sys.modules.get("trio")
    if trio is not None:
        try:
            return _Trio()
        except RuntimeError:
            pass
    return _Asyncio()


# The control channel


class _Control:
    """One connection of this process to the harness; a daemon thread reads it and hands steps to the loops."""

    _current: Any = None
    _lock = threading.Lock()

    @classmethod
    def current(cls) -> Any:
        """The connection of this very process: a fork opens its own."""
        with cls._lock:
            if cls._current is None or cls._current.pid != os.getpid():
                cls._current = cls()
            return cls._current

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.calls: dict[int, Any] = {}
        self.numbers = itertools.count(1)
        self.writing = threading.Lock()
        self.open = True
        self.socket = self._connect(os.environ["ASGI_PROBE_CONTROL"])
        self.write(
            {
                "hello": os.environ["ASGI_PROBE_TOKEN"],
                "pid": self.pid,
                "python": platform.python_version(),
                "implementation": platform.python_implementation(),
                "versions": _versions(),
                "importable": {name: find_spec(name) is not None for name in _FRAMEWORKS},
            }
        )
        threading.Thread(target=self._read, name="asgi-probe-control", daemon=True).start()

    @staticmethod
    def _connect(address: Any) -> Any:
        scheme, _, rest = address.partition(":")
        if scheme == "unix":
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.connect(rest)
            return connection
        host, _, port = rest.rpartition(":")
        connection = socket.create_connection((host, int(port)))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def write(self, frame: Any) -> None:
        data = json.dumps(frame, separators=(",", ":")).encode()
        try:
            with self.writing:
                self.socket.sendall(_LENGTH.pack(len(data)) + data)
        except OSError:
            self.open = False

    def _read(self) -> None:
        try:
            stream = self.socket.makefile("rb")
            while True:
                head = stream.read(4)
                if len(head) < 4:
                    break
                frame = json.loads(stream.read(_LENGTH.unpack(head)[0]))
                call = self.calls.get(frame["call"])
                if call is not None:
                    call.loop.soon(call.take, frame)
        except (OSError, ValueError):
            pass
        self.open = False
        for call in list(self.calls.values()):
            call.loop.soon(call.take, {"do": "return", "n": 0})


def _versions() -> Any:
    """Versions of the packages that are loaded in this process: who serves, and with what."""
    from importlib.metadata import version

    found = {}
    loaded = {name.partition(".")[0] for name in list(sys.modules)}
    names = loaded & _INTERESTING
    for name in sorted(names | {_FORKS[name] for name in names & set(_FORKS)}):
        try:
            found[name] = version(name)
        except Exception:
            continue
    return found


#: Distributions whose package has the name of another one.
_FORKS = {"hypercorn": "nonecorn"}


_INTERESTING = {
    "anycorn", "anyio", "cbor2", "daphne", "granian", "gunicorn", "h11", "h2", "httptools", "hypercorn", "twisted",
    "trio", "uvicorn", "uvloop", "websockets", "wsproto", "zttp", "fastpysgi", "socketify", "tremolo", "pyvoy",
    "caddysnake", "aiohttp_asgi", "autobahn", "rloop", "priority", "aioquic",
}  # fmt: skip

#: What reference applications are made with, where it is installed.
_FRAMEWORKS = (
    "a2wsgi", "asgiref", "channels", "django", "falcon", "fastapi", "itsdangerous", "litestar", "quart",
    "sanic", "starlette",
)  # fmt: skip


# The calls


class _Ending(Exception):
    """How the application is to end: by returning (``error`` is None) or by raising ``error``."""

    def __init__(self, error: Any) -> None:
        self.error = error


class ProbeError(Exception):
    """The exception that the application raises when it is told to fail."""


class ProbeBaseError(BaseException):
    """The same, outside of the Exception family."""


class _Call:
    def __init__(self, scope: Any, receive: Any, send: Any, style: Any, **more: Any) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.loop = _current_loop()
        self.steps: Any = deque()
        self.arrived = self.loop.Event()
        self.last_event: Any = None
        self.last_error: BaseException | None = None
        self.progress: dict[int, Any] = {}
        self.control = _Control.current()
        self.number = next(self.control.numbers)
        self.control.calls[self.number] = self
        self.write(
            scope=encode(scope),
            style=style,
            thread=threading.current_thread() is threading.main_thread(),
            thread_id=threading.get_ident(),
            loop=self.loop.describe(),
            loop_id=id(self.loop.itself),
            backend=self.loop.name,
            **more,
        )

    def write(self, **frame: Any) -> None:
        frame["call"] = self.number
        frame["at"] = time.monotonic()
        self.control.write(frame)

    def take(self, step: Any) -> None:
        if step.get("at_once"):
            self.take_at_once(step)
            return
        self.steps.append(step)
        self.arrived.set()

    def take_at_once(self, step: Any) -> None:
        """Take a step that awaits nothing, also while the application waits in another one."""
        try:
            getattr(self, "do_" + step["do"])(step).send(None)
        except StopIteration as end:
            self.write(n=step["n"], ok=end.value)
        except Exception as error:
            self.write(n=step["n"], raised=describe(error))

    async def next_step(self) -> Any:
        while not self.steps:
            if not self.control.open:
                return {"do": "return", "n": 0}
            self.arrived = self.loop.Event()
            if not self.steps:
                await self.arrived.wait()
        return self.steps.popleft()

    async def run(self, ending: Any = None) -> None:
        """Follow the steps to the call's end, or come to an ``ending`` that stands already."""
        try:
            if ending is None:
                ending = await self.follow(None)
            if ending is None:
                ending = await self.loop.with_children(self.follow)
        except BaseException as error:
            self.write(ended="cancelled" if isinstance(error, self.loop.Cancelled) else "raised", error=describe(error))
            raise
        finally:
            self.control.calls.pop(self.number, None)
        if ending.error is None:
            self.write(ended="returned")
            return
        self.write(ended="raised", error=describe(ending.error))
        raise ending.error

    async def follow(self, children: Any) -> Any:
        """Take steps until one ends the call; None when a step needs a child task and there are none yet."""
        while True:
            step = await self.next_step()
            if step.get("beside") and children is None:
                self.steps.appendleft(step)
                return None
            try:
                if step["do"] == "cancel":
                    children.cancel(step["step"])
                    self.write(n=step["n"], ok=None)
                elif step.get("beside"):
                    children.start(step["n"], self.take_step, step)
                else:
                    await self.take_step(step)
            except _Ending as ending:
                return ending

    async def take_step(self, step: Any) -> None:
        action = getattr(self, "do_" + step["do"].replace("-", "_"))
        try:
            result = await action(step)
        except _Ending:
            raise
        except BaseException as error:
            self.write(n=step["n"], raised=describe(error), done=self.progress.get(step["n"]))
            if step.get("propagate"):
                raise _Ending(error) from None
            if isinstance(error, (self.loop.Cancelled, GeneratorExit, KeyboardInterrupt, SystemExit)):
                raise
            self.last_error = error
        else:
            self.write(n=step["n"], ok=result)
            if step.get("last"):
                raise _Ending(None)

    # The steps, each by the name that the harness uses

    async def do_receive(self, step: Any) -> Any:
        event = await self.receive()
        self.last_event = event
        return encode(event)

    async def do_receive_and_clean(self, step: Any) -> Any:
        """Receive; cancelled meanwhile, tell so, take some seconds to clean up, and let the cancellation go on then."""
        try:
            return await self.do_receive(step)
        except self.loop.Cancelled as error:
            self.write(n=step["n"], raised=describe(error))
            with self.loop.shield():
                await self.loop.sleep(step["seconds"])
            raise

    async def do_send(self, step: Any) -> Any:
        for done, event in enumerate(decode(step["events"])):
            self.progress[step["n"]] = done
            await self.send(event)
        return len(step["events"])

    async def do_send_arguments(self, step: Any) -> None:
        await self.send(*decode(step["arguments"]))

    async def do_receive_body(self, step: Any) -> Any:
        events, digest, size, body, head = [], hashlib.sha256(), 0, b"", b""
        limit = step.get("limit")
        while True:
            event = await self.receive()
            self.last_event = event
            events.append(_shortened(event))
            if not isinstance(event, dict) or event.get("type") != "http.request":
                break
            content = event.get("body", b"")
            if isinstance(content, bytes):
                digest.update(content)
                size += len(content)
                head += content[: 64 - len(head)]
                if size <= WHOLE_BYTES:
                    body += content
            if not event.get("more_body", False) or (limit is not None and size >= limit):
                break
        whole = encode(body) if size <= WHOLE_BYTES else {"B": [size, digest.hexdigest(), head.decode("latin-1")]}
        return {"events": events, "body": whole}

    async def do_flood(self, step: Any) -> Any:
        """Send one event ``count`` times, ``interval`` seconds or a turn of the loop apart; tells how often."""
        event, done = decode(step["event"]), 0
        while done < step["count"]:
            self.progress[step["n"]] = done
            await self.send(dict(event))
            done += 1
            await self.loop.sleep(step["interval"])
        return done

    async def do_progress(self, step: Any) -> Any:
        return self.progress.get(step["step"], 0)

    async def do_sleep(self, step: Any) -> None:
        await self.loop.sleep(step["seconds"])

    async def do_return(self, step: Any) -> None:
        raise _Ending(None)

    async def do_raise(self, step: Any) -> None:
        kind = step["error"]
        if kind == "last":
            raise _Ending(self.last_error)
        if kind == "cancelled":
            raise _Ending(asyncio.CancelledError())
        if kind == "base":
            raise _Ending(ProbeBaseError(step["text"]))
        raise _Ending(getattr(builtins, kind, ProbeError)(step["text"]))

    async def do_scope(self, step: Any) -> Any:
        return encode(self.scope)

    async def do_iterate(self, step: Any) -> Any:
        return encode(list(_at(self.scope, step["path"])))

    async def do_change(self, step: Any) -> None:
        """Change the scope, or with ``event`` the last event: set, delete, append or clear at a path of keys."""
        target = _at(self.last_event if step.get("event") else self.scope, step["path"])
        operation = step["operation"]
        if operation == "set":
            target[step["key"]] = decode(step["value"])
        elif operation == "delete":
            del target[step["key"]]
        elif operation == "append":
            target.append(decode(step["value"]))
        else:
            target.clear()

    async def do_identity(self, step: Any) -> Any:
        """Tell which object this is, to see whether calls share it: only equality of the numbers means something."""
        found = _at(self.last_event if step.get("event") else self.scope, step["path"])
        return id(found)

    async def do_awaitables(self, step: Any) -> Any:
        """Whether receive() and send(event) give awaitables; the event is sent and the receive is awaited."""
        sending = self.send(decode(step["event"]))
        sent = inspect.isawaitable(sending)
        await sending
        receiving = self.receive()
        received = inspect.isawaitable(receiving)
        event = await receiving
        return {"send": sent, "receive": received, "event": encode(event)}

    async def do_loop_works(self, step: Any) -> Any:
        """Use primitives of the running loop, as an application would; tells what was found running."""
        event = self.loop.Event()
        self.loop.soon(event.set)
        await event.wait()
        await self.loop.sleep(0)
        return self.loop.name

    async def do_house(self, step: Any) -> Any:
        """Count what lives in this process: tasks, open file descriptors, resident bytes (None: unknown)."""
        tasks = self.loop.tasks()
        descriptors: int | None
        resident: int | None
        try:
            descriptors = len(os.listdir("/proc/self/fd"))
            with open("/proc/self/statm") as statm:
                resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            descriptors = resident = None
        return {"tasks": tasks, "descriptors": descriptors, "resident": resident}

    async def do_file(self, step: Any) -> Any:
        """Close the file that was opened last at a path; tells whether it was closed already."""
        file = _FILES.pop(step["path"])
        was_closed = file.closed
        file.close()
        return was_closed


def _at(value: Any, path: Any) -> Any:
    for key in path:
        value = value[decode(key)]
    return value


def _shortened(event: Any) -> Any:
    """The event with a long body told by its digest, however short the limit for whole bytes is."""
    if isinstance(event, dict) and type(event.get("body")) is bytes and len(event["body"]) > 1024:
        body = event["body"]
        told = {"B": [len(body), hashlib.sha256(body).hexdigest(), body[:64].decode("latin-1")]}
        return {"d": [[encode(key), told if key == "body" else encode(item)] for key, item in event.items()]}
    return encode(event)


async def _run(scope: Any, receive: Any, send: Any, style: Any = "single") -> None:
    await _Call(scope, receive, send, style).run()


# The kinds of callable that can be mounted


async def app(scope: Any, receive: Any, send: Any) -> None:
    """A coroutine function: the usual application."""
    await _run(scope, receive, send)


class _Application:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await _run(scope, receive, send)

    async def method(self, scope: Any, receive: Any, send: Any) -> None:
        await _run(scope, receive, send)


instance = _Application()
bound = instance.method
partial = functools.partial(_run, style="single")


def plain(scope: Any, receive: Any, send: Any) -> Any:
    """A plain function that returns an awaitable."""
    return _run(scope, receive, send)


def legacy(scope: Any) -> Any:
    """A double-callable application of ASGI 2, as a function."""

    async def application(receive: Any, send: Any) -> None:
        await _run(scope, receive, send, style="legacy")

    return application


class LegacyClass:
    """A double-callable application of ASGI 2, as a class."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope

    async def __call__(self, receive: Any, send: Any) -> None:
        """Take the steps of this call."""
        await _run(self.scope, receive, send, style="legacy")


legacy_class = LegacyClass


async def raises_for_lifespan(scope: Any, receive: Any, send: Any) -> None:
    """An application that knows no lifespan: it raises for that scope, before it awaits anything."""
    await _Call(scope, receive, send, "single").run(_for_lifespan(scope, _Ending(AssertionError("unknown scope"))))


async def returns_for_lifespan(scope: Any, receive: Any, send: Any) -> None:
    """An application that returns for the lifespan scope, before it awaits anything."""
    await _Call(scope, receive, send, "single").run(_for_lifespan(scope, _Ending(None)))


def _for_lifespan(scope: Any, ending: Any) -> Any:
    return ending if scope["type"] == "lifespan" else None


def factory() -> Any:
    """A function without arguments that makes the application."""
    return app
