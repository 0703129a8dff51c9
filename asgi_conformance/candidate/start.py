"""A candidate, from the user's command to a server that answers."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asgi_conformance.candidate.address import Endpoint, Workspace, is_taken
from asgi_conformance.candidate.certificates import Certificates
from asgi_conformance.candidate.command import Command, build_command, choose_endpoint
from asgi_conformance.candidate.environment import APPLICATION, MIDDLEWARE, candidate_environment
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.options import fill
from asgi_conformance.candidate.process import CandidateProcess, Stopped
from asgi_conformance.candidate.ready import DEADLINE, AddressInUseError, Confirm, ExitedEarlyError, wait_until_ready
from asgi_conformance.candidate.template import Template
from asgi_conformance.errors import CandidateError, LaunchImpossible

#: How command-line parsers begin to say that they do not know an option.
_UNKNOWN_OPTION = re.compile(
    r"(?:no such option|unrecognized arguments?|unknown option|unexpected argument|invalid value for|error: argument)"
    r"[\W_]*?(--?\w[\w-]*)",
    re.IGNORECASE,
)
#: How many ports are tried where the suite chooses the port.
_ATTEMPTS = 3


@dataclass(frozen=True)
class Setting:
    """What all candidates of a run have in common.

    ``probe_folder`` holds the probe's module, whose name is ``module``, and nothing else. ``environment`` is the user's
    environment or None for this process's, ``extra`` the variables that they asked for. ``cwd`` is the candidate's
    working directory, or None for this process's. ``deadline`` is how long a start may take, in seconds. ``middleware``
    is the factory of the middleware that the module wraps the probe with, or None.
    """

    template: Template
    probe_folder: Path
    workspace: Workspace
    certificates: Certificates
    module: str = "asgi_probe"
    environment: Mapping[str, str] | None = None
    extra: Mapping[str, str] | None = None
    cwd: Path | None = None
    deadline: float = DEADLINE
    middleware: str | None = None
    #: Options of the profile that this version of the server turned out not to have.
    lacking: set[str] = field(default_factory=set, compare=False)


class Candidate:
    """A candidate that runs. ``command.launch`` is the launch that it really got, ``endpoint`` where it listens."""

    def __init__(self, setting: Setting, command: Command, process: CandidateProcess) -> None:
        self.setting = setting
        self.command = command
        self.process = process

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return self.command.endpoint

    @property
    def launch(self) -> Launch:
        """The launch that it really got, the user's own options included."""
        return self.command.launch

    async def stop(self, grace: float) -> Stopped:
        """Stop it with the signal of its profile; see :meth:`CandidateProcess.stop`."""
        return await self.process.stop(grace, by=self.setting.template.profile.stop)


async def start_candidate(
    setting: Setting, launch: Launch, *, control: str, token: str | None = None, confirm: Confirm | None = None
) -> Candidate:
    """Start a candidate and wait until it is ready.

    Args:
        setting: What is started, and where.
        launch: How.
        control: Where the probe reports to, for ``ASGI_PROBE_CONTROL``.
        token: For ``ASGI_PROBE_TOKEN``, unique to this candidate; None makes one.
        confirm: See :func:`~asgi_conformance.candidate.ready.wait_until_ready`. It is told where the candidate listens.

    Raises:
        LaunchImpossible: If the server cannot be started so.
        CandidateError: If it could be, and was not ready in time.
    """
    for attempt in range(_ATTEMPTS):
        candidate = await spawn_candidate(setting, launch, control=control, token=token)
        try:
            await wait_until_ready(candidate.process, candidate.endpoint, confirm, deadline=setting.deadline)
        except AddressInUseError:
            await candidate.process.stop(0)
            if setting.template.fixed_address or attempt + 1 == _ATTEMPTS:
                raise
        except ExitedEarlyError as error:
            await candidate.process.stop(0)
            _raise_if_refused(setting, error)
            _raise_if_unknown(setting, candidate.command, error)
            if not _learns(setting, error) or attempt + 1 == _ATTEMPTS:
                raise
        except CandidateError as error:
            await candidate.process.stop(0)
            _raise_if_refused(setting, error)
            raise
        except BaseException:
            await candidate.process.stop(0)
            raise
        else:
            return candidate
    raise AssertionError("unreachable")


async def spawn_candidate(setting: Setting, launch: Launch, *, control: str, token: str | None = None) -> Candidate:
    """Start the process of a candidate and wait for nothing.

    Args and errors are those of :func:`start_candidate`.
    """
    token = token or secrets.token_hex(16)
    if launch.tls:
        await _made(setting.certificates)
    endpoint = choose_endpoint(setting.template, launch, setting.workspace)
    command = build_command(
        setting.template, launch, endpoint, setting.certificates, setting.module, lacking=setting.lacking
    )
    if setting.template.fixed_address and is_taken(endpoint):
        raise CandidateError(
            f"Something listens at {endpoint} already, where the candidate should.",
            hint="End it, or leave the address out of the command: the suite chooses a free one.",
        )
    environment = _environment(setting, command, control, token)
    program = find_program(command.argv[0], environment, setting.cwd)
    try:
        process = await CandidateProcess.start([program, *command.argv[1:]], env=environment, cwd=setting.cwd)
    except OSError as error:
        raise CandidateError(
            f"The command {program!r} cannot be started: {error.strerror or error}.",
            hint="Is it a program for this machine, and does the interpreter in its first line exist?",
        ) from error
    return Candidate(setting, command, process)


def _environment(setting: Setting, command: Command, control: str, token: str) -> dict[str, str]:
    needed = setting.template.profile.environment
    folder = str(setting.workspace.folder()) if any("<tmp>" in value for value in needed.values()) else ""
    extra = {name: fill(value, {"tmp": folder}) for name, value in needed.items()}
    if command.launch.application:
        extra[APPLICATION] = command.launch.application
    if setting.middleware:
        extra[MIDDLEWARE] = setting.middleware
    return candidate_environment(
        os.environ if setting.environment is None else setting.environment,
        probe_folder=setting.probe_folder,
        control=control,
        token=token,
        program=command.argv[0],
        extra={**extra, **(setting.extra or {})},
    )


def find_program(name: str, environment: Mapping[str, str], cwd: Path | None = None) -> str:
    """The path of a program: as given, on ``PATH``, or installed beside this interpreter.

    Raises:
        CandidateError: If there is none, or it may not be executed.
    """
    name = os.path.expanduser(name)
    if os.sep in name:
        path = os.path.normpath(os.path.join(cwd or Path.cwd(), name))
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
        what = "is not executable" if os.path.isfile(path) else "does not exist"
        hint = f"Make it executable with: chmod +x {path}" if os.path.isfile(path) else "Check the path of --server."
        raise CandidateError(f"The command {path} {what}.", hint=hint)
    found = shutil.which(name, path=environment.get("PATH")) or shutil.which(name, path=sysconfig.get_path("scripts"))
    if found is None:
        raise CandidateError(
            f"The command {name!r} was not found on PATH, nor beside this interpreter.",
            hint=f'Install it, or write its full path, for example --server "/path/to/venv/bin/{name} <app>".',
        )
    return found


def _learns(setting: Setting, error: ExitedEarlyError) -> bool:
    """Whether the server has just told that it does not know an option that is always added, for the first time."""
    unknown = set(_UNKNOWN_OPTION.findall(error.detail)) & {option.name for option in setting.template.profile.always}
    new = unknown - setting.lacking
    setting.lacking.update(new)
    return bool(new)


def _raise_if_refused(setting: Setting, error: CandidateError) -> None:
    """Tell a server that cannot have this launch from one that is broken, by what it printed, or what was raised."""
    for refusal in setting.template.profile.refusals:
        if refusal.output in f"{error.message}\n{error.detail}":
            raise LaunchImpossible(refusal.reason, detail=error.detail) from error


def _raise_if_unknown(setting: Setting, command: Command, error: ExitedEarlyError) -> None:
    """Tell a server that does not know an option of this launch from one that is broken, by what it printed."""
    unknown = set(_UNKNOWN_OPTION.findall(error.detail))
    always = {option.name for option in setting.template.profile.always}
    special = [option for option in command.added if option.name not in always]
    if command.launch == Launch():
        return
    for option in special:
        if option.name in unknown:
            raise LaunchImpossible(f"this version of {setting.template.name} does not take {option}") from error
    if "unexpected extra argument" in error.detail:
        options = " ".join(map(str, special))
        raise LaunchImpossible(f"this version of {setting.template.name} does not take all of {options}") from error


async def _made(certificates: Certificates) -> None:
    """Have the certificates made in a thread; a cancellation waits for it, as it writes into the run's folder."""
    making = asyncio.ensure_future(asyncio.to_thread(certificates.make))
    try:
        await asyncio.shield(making)
    except asyncio.CancelledError:
        await asyncio.wait({making})
        raise
