"""``python -m tests.servers``: one JSON a variant, whatever happens to the others."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from asgi_conformance import results
from tests.environments import CannotInstall, Environments
from tests.servers.__main__ import Judging, judge

REFERENCE = "<bin>/python -m asgi_conformance.reference_server <app>"
#: When a run of all cases has begun and is far from its end, in seconds.
UNDER_WAY = 7.0
ROWS = {
    "good": {"install": ["good"], "variants": {"one": REFERENCE, "two": f"{REFERENCE} --backend trio"}},
    "absent": {"install": ["absent"], "variants": {"one": REFERENCE}},
    "broken": {"install": ["broken"], "variants": {"one": "<bin>/python -c 'raise SystemExit(7)' <app> <host> <port>"}},
}


class Here(Environments):
    """This environment for everything but what is absent."""

    async def make(self, python: str, packages: Sequence[str]) -> Path:
        """The folder of programs of this environment."""
        if "absent" in packages:
            raise CannotInstall("there is no such package")
        return Path(sys.executable).parent


def test_each_variant_leaves_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What can be run leaves its JSON; what cannot be installed is left out, and what cannot be run is told."""
    judging = Judging(Here(tmp_path), tmp_path, asyncio.Semaphore(2), 60, ["--select", "http.request.type"])
    asyncio.run(judge(ROWS, judging))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good-one.json", "good-two.json"]
    (run,) = results.load(tmp_path / "good-two.json")["runs"]
    assert run["candidate"]["variant"] == "two"
    assert judging.trouble == ["broken (one)"]
    told = capsys.readouterr().out
    assert "absent is left out" in told
    assert "broken (one): no run, the command ended with 3" in told


def test_a_run_that_takes_too_long_is_interrupted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it has found until then is kept aside, as it is no whole run."""
    row = {"install": ["good"], "variants": {"one": REFERENCE}}
    judging = Judging(Here(tmp_path), tmp_path, asyncio.Semaphore(1), UNDER_WAY, [])
    asyncio.run(judge({"good": row}, judging))
    (run,) = results.load(tmp_path / "incomplete" / "good-one.json")["runs"]
    assert not run["complete"]
    assert judging.trouble == []
    assert "good (one) was interrupted" in capsys.readouterr().out


def test_who_is_interrupted_leaves_no_run_behind(tmp_path: Path) -> None:
    """When the whole is interrupted, so are the runs under way, and it waits for their end."""

    async def interrupted() -> None:
        judging = Judging(Here(tmp_path), tmp_path, asyncio.Semaphore(1), 60, [])
        whole = asyncio.ensure_future(judge({"good": {"install": ["good"], "variants": {"one": REFERENCE}}}, judging))
        await asyncio.sleep(UNDER_WAY)
        whole.cancel()
        await asyncio.gather(whole, return_exceptions=True)

    asyncio.run(interrupted())
    (run,) = results.load(tmp_path / "good-one.json")["runs"]
    assert not run["complete"]
