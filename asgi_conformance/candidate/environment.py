"""The environment of a candidate: the user's own, plus the probe's folder, minus what belongs to this interpreter."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from asgi_conformance.candidate.descendants import TOKEN

#: Variables that steer this interpreter or measure it, and would change or slow another one.
_OF_THIS_INTERPRETER = ("PYTHONHOME", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")
_OF_TEST_TOOLS = ("COV_CORE_", "COVERAGE_", "PYTEST_")

CONTROL = "ASGI_PROBE_CONTROL"
#: Which reference application the recorder mounts.
APPLICATION = "ASGI_RECORDER_APPLICATION"
#: Which middleware the probe is wrapped with.
MIDDLEWARE = "ASGI_MIDDLEWARE"


def candidate_environment(
    base: Mapping[str, str],
    *,
    probe_folder: Path,
    control: str,
    token: str,
    program: str = "",
    extra: Mapping[str, str],
) -> dict[str, str]:
    """The environment that a candidate is started with.

    Args:
        base: The user's environment.
        probe_folder: The folder of the probe, and of nothing else; it comes first in ``PYTHONPATH``.
        control: Where the probe reports to.
        token: By which the probe proves who it is; unique to one candidate.
        program: The path of what is started. Where it lies outside of this virtual environment, ``VIRTUAL_ENV`` is
            left out, which would lead tools such as ``uv run`` into this one.
        extra: Variables of the profile and of the user, which win.
    """
    environment = {
        name: value
        for name, value in base.items()
        if name not in _OF_THIS_INTERPRETER and not name.startswith(_OF_TEST_TOOLS)
    }
    if environment.get("VIRTUAL_ENV") == sys.prefix and not Path(program).is_relative_to(sys.prefix):
        del environment["VIRTUAL_ENV"]
    environment.update(extra)
    path = environment.get("PYTHONPATH", "")
    environment["PYTHONPATH"] = os.pathsep.join([str(probe_folder), *([path] if path else [])])
    environment.update({"PYTHONUNBUFFERED": "1", CONTROL: control, TOKEN: token})
    return environment
