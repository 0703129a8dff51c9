"""What the documentation shows of the plugin works as it is written there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "pytest-plugin.md"
SERVER = f"{sys.executable} -m asgi_conformance.reference_server <app>"
BACKENDS = """
import pytest

@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param
"""


def test_the_examples_run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python example of the page about the plugin is a passing test, on asyncio and on trio."""
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)
    examples = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(examples) >= 4
    pytester.makeconftest(BACKENDS)
    pytester.makepyfile(test_examples="import pytest\n\n" + "\n".join(examples))
    options = ["--asgi-server", SERVER, "--asgi-select", "http.request.type", "-k", "test_examples", "-W", "error"]
    result = pytester.runpytest_subprocess(*options)
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] >= len(examples)
    assert "failed" not in outcomes
