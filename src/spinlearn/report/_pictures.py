"""A figure with its name and caption, and the PNG of it."""

from __future__ import annotations

import io
from functools import cache
from typing import NamedTuple

from matplotlib import font_manager
from matplotlib.figure import Figure

# A legend has no room for more of a name.
_LONGEST_NAME = 48


class Picture(NamedTuple):
    """A figure of a report.

    Parameters
    ----------
    name
        Name of its file, without ending.
    caption
        What it shows, in a sentence or two.
    figure
        The figure.
    """

    name: str
    caption: str
    figure: Figure


def png_bytes(figure: Figure, dpi: int) -> bytes:
    """The figure as PNG; the same figure gives the same bytes."""
    file = io.BytesIO()
    figure.savefig(
        file,
        format="png",
        dpi=dpi,
        facecolor="white",
        bbox_inches="tight",
        pad_inches=0.04,
        metadata={"Software": None},
    )
    return file.getvalue()


def legend_name(name: str) -> str:
    """A user's text for a legend: no formulas, nothing that the font cannot show, not too long."""
    shown = "".join(c if c == " " or ord(c) in _glyphs() else "□" for c in " ".join(name.split()))
    if len(shown) > _LONGEST_NAME:
        shown = shown[: _LONGEST_NAME - 1] + "…"
    # A dollar would begin a formula; a leading underscore would hide the line.
    return (" " + shown if shown.startswith("_") else shown).replace("$", r"\$")


@cache
def _glyphs() -> frozenset[int]:
    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    return frozenset(font.get_charmap())
