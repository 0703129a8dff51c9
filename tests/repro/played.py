"""Running a file that was written, as a maintainer would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def status(text: str, folder: Path) -> int:
    """The exit status of a file with this text."""
    path = folder / "repro_tried.py"
    path.write_text(text, encoding="utf-8")
    ran = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode in (0, 1), ran.stderr
    return ran.returncode
