"""Figures of any dataset, from its own units and long names."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn.report._pictures import Picture
from spinlearn.report._quantities import Axis, axis_of
from spinlearn.report._style import LINES, STYLE
from spinlearn.report._textures import cell_of, labels_along, texture_names, textures_figure

_MOST_LINES = 6
_MOST_PANELS = 12


def dataset_pictures(dataset: Any, covered: Collection[str] = ()) -> list[Picture]:
    """Figures of everything that can be drawn without knowing the experiment.

    Parameters
    ----------
    dataset
        Results with units and long names (SI units).
    covered
        Variables that other figures show already.
    """
    pictures = []
    names = [str(n) for n in dataset.data_vars if n not in covered and is_curve(dataset[n])]
    for first in range(0, len(names), _MOST_PANELS):
        part = names[first : first + _MOST_PANELS]
        shown = ", ".join(_long_name(dataset[name]) for name in part)
        name = "recorded" if first == 0 else f"recorded-{first // _MOST_PANELS + 1}"
        caption = f"Recorded along the run: {shown}."
        pictures.append(Picture(name, caption, curves_figure([dataset], part)))
    textures = [name for name in texture_names(dataset) if name not in covered]
    return [*pictures, *(_texture_picture(dataset, name) for name in textures)]


def is_curve(array: Any) -> bool:
    """Whether it is numbers along one dimension, or a few such lines."""
    if array.dtype.kind not in "fi" or not 1 <= array.ndim <= 2 or not array.shape[0]:
        return False
    return array.ndim == 1 or array.shape[1] <= _MOST_LINES


def curves_figure(datasets: list[Any], names: list[str], runs: list[str] | None = None) -> Figure:
    """A panel per variable against what its first dimension counts.

    Parameters
    ----------
    datasets
        One, or several that are drawn over each other (SI units).
    names
        Variables that all of them have.
    runs
        Names of the datasets where there are several.
    """
    columns = min(len(names), 2)
    rows = math.ceil(len(names) / columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.5 * columns, 2.1 * rows + 0.3), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for ax, name in zip(axes.flat, names, strict=False):
            _draw_curves(ax, datasets, name)
        for ax in axes.flat[len(names) :]:
            ax.remove()
        if runs:
            handles = axes[0, 0].lines[:: max(1, len(axes[0, 0].lines) // len(runs))]
            figure.legend(
                handles, runs, loc="outside upper left", ncols=min(len(runs), 3), frameon=False
            )
    return figure


def _draw_curves(ax: Axes, datasets: list[Any], name: str) -> None:
    arrays = [dataset[name] for dataset in datasets]
    peak = max(_peak(array) for array in arrays)
    for k, (dataset, array) in enumerate(zip(datasets, arrays, strict=True)):
        along = labels_along(dataset, str(array.dims[0]))
        value = axis_of(array, peak)
        lines = value.values.reshape(len(value.values), -1)
        for j, line in enumerate(lines.T):
            color, dashes = LINES[(k if len(datasets) > 1 else j) % len(LINES)]
            label = None if array.ndim == 1 else str(array[array.dims[1]].values[j])
            marker = "o" if len(line) < 12 else ""
            ax.plot(
                along.values,
                line,
                color=color,
                ls=dashes,
                lw=1.1,
                marker=marker,
                ms=2.5,
                label=label,
            )
        ax.set_xlabel(along.title)
        ax.set_ylabel(_wrapped(value))
    if arrays[0].ndim == 2 and len(datasets) == 1:
        ax.legend(frameon=False, fontsize=7, ncols=3, handlelength=2.6)
    _start_at_zero(ax, arrays)
    ax.spines[["top", "right"]].set_visible(False)


def _start_at_zero(ax: Axes, arrays: list[Any]) -> None:
    """Counts and errors spread over decades are read on a logarithmic axis."""
    values = np.concatenate([np.asarray(a.values, np.float64).ravel() for a in arrays])
    values = values[np.isfinite(values)]
    if values.size and values.min() > 0 and values.max() > 100 * values.min():
        ax.set_yscale("log")


def _wrapped(value: Axis) -> str:
    return value.title if len(value.title) < 30 else value.title.replace(" (", "\n(", 1)


def _peak(array: Any) -> float:
    values = np.abs(np.asarray(array.values, np.float64))
    values = values[np.isfinite(values)]
    return float(values.max()) if values.size else 0.0


def _texture_picture(dataset: Any, name: str) -> Picture:
    array = dataset[name]
    dim = str(array.dims[0])
    along = labels_along(dataset, dim)
    steps = sorted({0, (array.shape[0] - 1) // 2, array.shape[0] - 1})
    textures = {along.text(k): np.asarray(array.isel({dim: k}).values) for k in steps}
    caption = f"{_long_name(array).capitalize()}, at the start, halfway and at the end."
    return Picture(f"texture-{name}", caption, textures_figure(textures, cell_of(dataset)))


def _long_name(array: Any) -> str:
    return str(array.attrs.get("long_name") or array.name)
