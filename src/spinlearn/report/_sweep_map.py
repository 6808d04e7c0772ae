"""Maps of headline numbers over two values that were swept."""

from __future__ import annotations

import math
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn.report._curves import wrapped
from spinlearn.report._pictures import Picture
from spinlearn.report._quantities import Axis, number, scale_of
from spinlearn.report._style import STYLE

# Fewer values than this along a key are better shown as curves.
_FEWEST = 3
# More cells than this have no room for their numbers.
_MOST_TEXTS = 60


def sweep_maps(means: Any, names: list[str]) -> list[Picture]:
    """One figure with a map per headline number that varies, if two numbers were swept.

    Parameters
    ----------
    means
        Means over the seeds (units in their attributes).
    names
        Of the headline numbers.
    """
    keys = _keys(means)
    if keys is None:
        return []
    maps = {name: _values(means, name, keys) for name in names}
    maps = {name: values for name, values in maps.items() if _varies(values)}
    if not maps:
        return []
    columns = min(len(maps), 2)
    rows = math.ceil(len(maps) / columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6 * columns, 3.0 * rows + 0.2), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for ax, (name, values) in zip(axes.flat, maps.items(), strict=False):
            _draw(figure, ax, means, keys, name, values)
        for ax in axes.flat[len(maps) :]:
            ax.remove()
    caption = (
        f"Means over seeds against {keys[0]} and {keys[1]}; steps of both axes are not to scale."
    )
    fixed = [key for key in _swept(means) if key not in keys]
    if fixed:
        told = ", ".join(f"{key} = {means[key].values[0]}" for key in fixed)
        caption += f" For {told}; the rest is in sweep.csv."
    return [Picture("map", caption, figure)]


def _swept(means: Any) -> list[str]:
    return [str(dim) for dim in means.dims if dim != "seed" and means.sizes[dim] > 1]


def _keys(means: Any) -> tuple[str, str] | None:
    """The two numeric keys with the most values: along x, and along y."""
    own = [
        key
        for key in _swept(means)
        if means[key].dtype.kind in "fi" and means.sizes[key] >= _FEWEST
    ]
    own.sort(key=lambda key: -means.sizes[key])
    return (own[0], own[1]) if len(own) >= 2 else None


def _values(means: Any, name: str, keys: tuple[str, str]) -> np.ndarray:
    """Of the first of all other keys' values, ``(y, x)``."""
    found = means[name]
    others = {dim: 0 for dim in found.dims if dim not in keys}
    return np.asarray(found.isel(others).transpose(keys[1], keys[0]).values, np.float64)


def _varies(values: np.ndarray) -> bool:
    known = values[np.isfinite(values)]
    return bool(known.size) and float(np.ptp(known)) > 1e-12 * float(np.abs(known).max())


def _draw(
    figure: Figure, ax: Axes, means: Any, keys: tuple[str, str], name: str, values: np.ndarray
) -> None:
    peak = float(np.nanmax(np.abs(values)))
    scale, unit = scale_of(peak, means[name].attrs.get("units", "1"))
    shown = np.ma.masked_invalid(scale * values)
    mesh = ax.pcolormesh(shown, cmap="cividis", edgecolors="white", linewidth=0.4)
    bar = figure.colorbar(mesh, ax=ax)
    bar.set_label(wrapped(Axis(np.asarray(shown), name, unit)))
    for key, axis in zip(keys, (ax.xaxis, ax.yaxis), strict=True):
        own = np.asarray(means[key].values, np.float64)
        factor, own_unit = scale_of(float(np.abs(own).max()), means[key].attrs.get("units", "1"))
        places = np.arange(len(own)) + 0.5
        axis.set_ticks(places, [f"{factor * v:.4g}" for v in own])
        axis.set_label_text(Axis(own, key, own_unit).title)
    ax.tick_params(length=0)
    if values.size <= _MOST_TEXTS:
        middle = 0.5 * (float(shown.min()) + float(shown.max()))
        for (row, column), value in np.ndenumerate(scale * values):
            if np.isfinite(value):
                color = "black" if value > middle else "white"
                text = number(value)
                ax.text(
                    column + 0.5, row + 0.5, text, color=color, ha="center", va="center", size=6
                )
