"""Textures of a dataset: which variables they are, and panels of a few of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn.report._quantities import Axis, axis_of
from spinlearn.report._scale_bar import draw_scale_bar
from spinlearn.report._style import STYLE, film_size, sphere_colors
from spinlearn.report.figures import _draw_arrows, _fill_wheel, _finish_film

# Widths of all films, of one film and of the colour wheel, inches.
_WIDEST, _LARGEST_FILM, _WHEEL = 5.9, 2.6, 0.8

_DIMS = ("component", "x", "y")


def texture_names(dataset: Any) -> list[str]:
    """Names of the variables that are textures along a first dimension."""
    return [
        str(name)
        for name, v in dataset.data_vars.items()
        if v.ndim == 4 and v.dims[1:] == _DIMS and v.sizes["component"] == 3 and v.shape[0]
    ]


def cell_of(dataset: Any) -> tuple[float, float]:
    """Edge lengths of a cell, m, from the coordinates of the cells' centres."""
    edges = []
    for name in ("x", "y"):
        centres = np.asarray(dataset[name].values, np.float64)
        # One cell alone reaches from 0 to twice its centre.
        edges.append(float(centres[1] - centres[0]) if centres.size > 1 else 2 * float(centres[0]))
    return edges[0], edges[1]


def labels_along(dataset: Any, dim: str) -> Axis:
    """What the entries along a dimension are called: its coordinate, or else their number."""
    beside = [c for c in dataset.coords.values() if c.dims == (dim,) and c.dtype.kind in "fi"]
    # A coordinate of the dimension's own name only counts.
    beside.sort(key=lambda c: c.name == dim)
    if beside:
        return axis_of(beside[0])
    return Axis(np.arange(dataset.sizes[dim], dtype=np.float64), dim, "")


def textures_figure(
    textures: Mapping[str, np.ndarray], cell: tuple[float, float], contacts: Any = None
) -> Figure:
    """Textures side by side with their titles, one colour wheel and one scale bar.

    Parameters
    ----------
    textures
        Unit vectors without unit, ``(3, nx, ny)``, by title.
    cell
        Edge lengths of a cell, m.
    contacts
        Contact of each mesh corner, ``(nx+1, ny+1)``, -1 where none is.
    """
    count = len(textures)
    columns = min(count, 2 if count in (2, 4) else 3)
    rows = -(-count // columns)
    size, unit = film_size(next(iter(textures.values())).shape[1:], cell)
    # Room for titles, tick labels and contacts around each film, in inches.
    panel = min(_WIDEST / columns, _LARGEST_FILM)
    film = min(panel * size[1] / size[0], 2 * panel)
    with mpl.rc_context(STYLE):
        figure = Figure(
            figsize=(columns * panel + _WHEEL + 0.6, rows * (film + 0.75)), layout="constrained"
        )
        if contacts is not None:
            figure.get_layout_engine().set(wspace=0.09, hspace=0.09)  # pyright: ignore
        grid = figure.add_gridspec(rows, columns + 1, width_ratios=[panel] * columns + [_WHEEL])
        for k, (title, m) in enumerate(textures.items()):
            ax = figure.add_subplot(grid[k // columns, k % columns])
            _draw_film(ax, np.asarray(m, np.float64), size, unit, contacts)
            ax.set_title(f"({'abcdefghijkl'[k]}) {title}", pad=13 if contacts is not None else 5)
            if k == 0:
                draw_scale_bar(ax, size[0], unit)
            if k % columns:
                ax.set(ylabel="", yticklabels=[])
            if k + columns < count:
                ax.set(xlabel="", xticklabels=[])
        wheel = figure.add_subplot(grid[-1, -1], label="colour wheel", anchor="SW")
        _fill_wheel(wheel)
    return figure


def _draw_film(
    ax: Axes, m: np.ndarray, size: tuple[float, float], unit: str, contacts: Any
) -> None:
    colors = np.swapaxes(sphere_colors(m), 0, 1)
    ax.imshow(colors, origin="lower", extent=(0, size[0], 0, size[1]), interpolation="bilinear")
    _draw_arrows(ax, m, size)
    _finish_film(ax, size, unit, contacts, None)
