"""A figure with its name and caption, and the PNG of it."""

from __future__ import annotations

import io
from typing import NamedTuple

from matplotlib.figure import Figure


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
    figure.savefig(file, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return file.getvalue()
