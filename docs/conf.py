"""How the documentation is built: ``nox -s docs``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "asgi-conformance"
author = "the asgi-conformance developers"
extensions = ["myst_parser", "requirement_pages"]
html_theme = "furo"
html_title = project
exclude_patterns = ["_build", "examples"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
