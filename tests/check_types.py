"""Checks the types of everything, strictly: ``python tests/check_types.py [mypy's arguments]``.

The distribution takes ``suites``, ``reports`` and ``reference_apps`` into the package ``asgi_conformance``, which only
an installer knows. A folder of links shows the type checker the package as it is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INSTALLED_INSIDE = ("suites", "reports", "reference_apps")


def linked_tree(folder: Path) -> None:
    """Fill a folder with links that look like what is installed, and like the tests beside it."""
    package = folder / "asgi_conformance"
    package.mkdir()
    for entry in (ROOT / "asgi_conformance").iterdir():
        (package / entry.name).symlink_to(entry)
    for name in INSTALLED_INSIDE:
        (package / name).symlink_to(ROOT / name)
    (folder / "tests").symlink_to(ROOT / "tests")


def main() -> int:
    """Run mypy; its exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        linked_tree(folder)
        cache = ROOT / ".mypy_cache"
        command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
        command += ["--cache-dir", str(cache)]
        packages = ["-p", "asgi_conformance", "-p", "tests"]
        environment = {**os.environ, "MYPYPATH": name}
        return subprocess.run([*command, *packages, *sys.argv[1:]], cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
