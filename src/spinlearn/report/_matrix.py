"""Conductance matrices as heat maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from spinlearn.errors import SpinlearnValueError
from spinlearn.report._style import DIVERGING, add_colorbar, as_square, prefixed, readable_on

_ANNOTATE_UP_TO = 10


def draw_conductance(ax: Axes, conductance: Any) -> None:
    """A conductance matrix in S with its SI prefix."""
    g = as_square(conductance, "conductance")
    scale, siemens = prefixed(float(np.max(np.abs(g), initial=0.0)), "S")
    _draw_matrix(ax, scale * g, f"conductance G ({siemens})")


def draw_change(ax: Axes, conductance: Any, uniform: Any) -> None:
    """Change of every conductance against another film's, in %."""
    g, reference = as_square(conductance, "conductance"), as_square(uniform, "uniform")
    if g.shape != reference.shape:
        raise SpinlearnValueError(
            "uniform.shape", reference.shape, f"{g.shape}, as conductance", "Use the same contacts."
        )
    change = 100 * np.divide(g - reference, reference, out=np.zeros_like(g), where=reference != 0)
    _draw_matrix(ax, change, "change against uniform film (%)", sign="+")


def _draw_matrix(
    ax: Axes,
    values: np.ndarray,
    label: str,
    sign: str = "",
    limit: float | None = None,
    digits: int = 2,
) -> None:
    """Elements in colour and as numbers; NaN is left blank, no label means no colour bar."""
    if limit is None:
        limit = float(np.nanmax(np.abs(values), initial=0.0))
    limit = limit or 1.0
    image = ax.imshow(values, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
    n = values.shape[0]
    ax.set(xlabel="voltage at contact", ylabel="current into contact")
    if n <= _ANNOTATE_UP_TO:
        ax.set_xticks(range(n))
        ax.set_yticks(range(n))
        ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        ax.grid(which="minor", color="white", lw=0.8)
        size = 7.0 if n <= 6 else 5.6
        for (row, col), value in np.ndenumerate(values):
            if np.isnan(value):
                continue
            color = readable_on(image.cmap(image.norm(value)))
            text = f"{value:{sign}.{digits if abs(value) < 9.995 else 1}f}".replace("-", "−")
            ax.text(col, row, text, ha="center", va="center", fontsize=size, color=color)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    if label:
        add_colorbar(ax, image, label)
