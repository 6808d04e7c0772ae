"""Sphinx configuration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import spinlearn

sys.path.insert(0, str(Path(__file__).parent))
import _made

project = "spinlearn"
author = "The spinlearn developers"
copyright = author
version = release = spinlearn.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build", "_generated"]
html_theme = "furo"
html_title = f"spinlearn {release}"

myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 3

# Docstrings use single backticks for arguments and names alike.
default_role = "code"
autosummary_generate = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_numpy_docstring = True
napoleon_use_rtype = False


def setup(app: Any) -> None:
    """Before the pages are read, make what they show."""
    app.connect("builder-inited", lambda _: _made.make_all())
