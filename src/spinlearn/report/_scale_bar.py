"""A bar of known length on the picture of a film."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

# Part of the film's width that the bar may take.
_LONGEST = 0.3


def draw_scale_bar(ax: Axes, width: float, unit: str) -> None:
    """A bar of 1, 2 or 5 times a power of ten in a corner, with its length in nm (µm from 1000).

    Parameters
    ----------
    ax
        Axes whose data are in ``unit``.
    width
        Width of the film in that unit.
    unit
        nm or µm.
    """
    per_unit = {"nm": 1.0, "µm": 1e3}[unit]
    nanometres = round_length(_LONGEST * width * per_unit)
    text = f"{nanometres:g} nm" if nanometres < 1000 else f"{nanometres / 1000:g} µm"
    bar = AnchoredSizeBar(
        ax.transData,
        nanometres / per_unit,
        text,
        loc="lower left",
        pad=0.35,
        borderpad=0.5,
        sep=3,
        size_vertical=0.012 * width,  # pyright: ignore[reportArgumentType]
        color="0.1",
    )
    bar.patch.set(facecolor="white", edgecolor="none", alpha=0.85)
    bar.set(zorder=6, label="scale bar")
    ax.add_artist(bar)


def round_length(longest: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50, … (or 0.5, 0.2, …) that is not above a length."""
    power = 10.0 ** np.floor(np.log10(longest))
    step = max(s for s in (1.0, 2.0, 5.0, 10.0) if s == 1.0 or s * power <= longest * (1 + 1e-9))
    return float(f"{step * power:.6g}")
