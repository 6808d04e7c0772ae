"""How to cite spinlearn; what CITATION.cff says, which is not part of an installation."""

from __future__ import annotations

from spinlearn import __version__

TITLE = "spinlearn"
AUTHORS = ("The spinlearn developers",)
LICENSE = "Apache-2.0"
URL = "https://spinlearn.readthedocs.io"


def citation_text() -> str:
    """One sentence for a list of references."""
    return f"{', '.join(AUTHORS)}. {TITLE}, version {__version__} ({LICENSE}). {URL}"


def citation_bibtex() -> str:
    """An entry for BibTeX; braces keep the authors' name in one piece."""
    authors = " and ".join(f"{{{name}}}" for name in AUTHORS)
    return (
        "@software{spinlearn,\n"
        f"  title = {{{TITLE}}},\n"
        f"  author = {{{authors}}},\n"
        f"  version = {{{__version__}}},\n"
        f"  license = {{{LICENSE}}},\n"
        f"  url = {{{URL}}}\n"
        "}"
    )
