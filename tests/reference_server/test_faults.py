"""The faults: their registry, and that each can be switched on."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from asgi_conformance.cases import load_suites
from asgi_conformance.reference_server import faults

from .conftest import Start

faults.load()
CATALOGUE = {
    requirement["id"]
    for path in Path(__file__).parents[2].glob("suites/*/requirements.toml")
    for requirement in tomllib.loads(path.read_text())["requirement"]
}


@pytest.mark.parametrize("name", sorted(faults.REGISTRY))
def test_a_fault_names_what_it_breaks_and_where(name: str) -> None:
    """Name and ``breaks`` lead to requirements that exist, targets to functions that exist, the module to the suite."""
    fault = faults.REGISTRY[name]
    assert re.fullmatch(r"[a-z0-9.-]+/[a-z0-9-]+", name)
    for broken in (fault.breaks, *fault.also):
        assert broken.partition("/")[0] in CATALOGUE
    for target in fault.targets:
        faults.resolve(target)
    assert fault.summary.endswith(".")


def test_the_list_is_json() -> None:
    """``--list-faults`` prints every fault with what it breaks."""
    command = [sys.executable, "-m", "asgi_conformance.reference_server", "--list-faults"]
    listed = json.loads(subprocess.check_output(command, timeout=10))
    assert [fault["name"] for fault in listed] == sorted(faults.REGISTRY)
    assert all({"name", "breaks", "summary", "also", "follows"} == set(fault) for fault in listed)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_fault_is_in_force(serve: Start, backend: str) -> None:
    """A server that was started with a fault has it, and is whole otherwise."""
    server = serve("--backend", backend, "--fault", "http.scope.client.shape/port-as-str")
    answer = server.get("/scope").decode()
    assert re.search(r"'client': \['127.0.0.1', '\d+'\]", answer)
    assert server.get("/").endswith(b"hello")


def test_nothing_of_the_faults_is_loaded_without_one() -> None:
    """A server without a fault does not even import them."""
    code = (
        "import sys, asgi_conformance.reference_server.__main__, asgi_conformance.reference_server.server;"
        "sys.exit(any('faults' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=10, check=False).returncode == 0


def test_two_faults_of_one_name_are_refused() -> None:
    """A name can be given once, and a fault needs a summary."""
    with pytest.raises(ValueError, match="is there already"):
        faults.around("scope.made", name=next(iter(faults.REGISTRY)))(lambda original: None)


def test_every_requirement_with_cases_has_a_fault() -> None:
    """A requirement that cases judge is broken by a fault, so that they can be seen to fail."""
    broken = {name.partition("/")[0] for fault in faults.REGISTRY.values() for name in (fault.breaks, *fault.also)}
    tried = {case.requirement for case in load_suites().cases.values()}
    assert [name for name in sorted(tried) if not any(fnmatchcase(name, pattern) for pattern in broken)] == []
