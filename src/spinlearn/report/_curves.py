"""Figures of any dataset, from its own units and long names."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Collection, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from spinlearn.report._pictures import Picture, legend_name
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
            if not runs and datasets[0][name].ndim == 2:
                ax.legend(frameon=False, fontsize=7, ncols=3, handlelength=2.6)
        for ax in axes.flat[len(names) :]:
            ax.remove()
        if runs:
            add_legend(figure, runs)
        elif len(ways := _ways(datasets[0], names)) == 2:
            add_legend(figure, ways)
        figure.align_ylabels()
    return figure


def add_legend(figure: Figure, names: Sequence[str]) -> None:
    """Names of lines above a figure, in the order of the styles that all figures share."""
    handles = [
        Line2D([], [], color=color, ls=dashes, lw=1.3)
        for color, dashes in (LINES[k % len(LINES)] for k in range(len(names)))
    ]
    shown = [legend_name(name) for name in names]
    # As many columns as the figure is wide enough for.
    columns = max(1, int(figure.get_figwidth() / (0.5 + 0.075 * max(map(len, shown)))))
    figure.legend(
        handles,
        shown,
        loc="outside upper left",
        ncols=min(columns, len(shown)),
        frameon=False,
        handlelength=2.8,
    )


def _draw_curves(ax: Axes, datasets: list[Any], name: str) -> None:
    arrays = [dataset[name] for dataset in datasets]
    peak = max(_peak(array) for array in arrays)
    for k, (dataset, array) in enumerate(zip(datasets, arrays, strict=True)):
        along = labels_along(dataset, str(array.dims[0]))
        value = axis_of(array, peak)
        lines = value.values.reshape(len(value.values), -1)
        parts = branches(along.values)
        alone = len(datasets) == 1 and lines.shape[1] == 1 and len(parts) == 2
        for j, line in enumerate(lines.T):
            for branch, (part, which) in enumerate(parts):
                # One line that goes there and back has a style each way.
                style = branch if alone else (k if len(datasets) > 1 else j)
                label = which if alone else ("" if array.ndim == 1 else _entry(array, j))
                _draw_line(
                    ax, along.values[part], line[part], style, "" if branch and not alone else label
                )
        ax.set_xlabel(along.title)
        ax.set_ylabel(wrapped(value))
    _scale(ax, arrays)
    ax.spines[["top", "right"]].set_visible(False)


def branches(values: np.ndarray) -> list[tuple[slice, str]]:
    """Parts of a coordinate that goes one way and then back, or all of it."""
    steps = np.sign(np.diff(values))
    turns = np.flatnonzero(steps[1:] * steps[:-1] < 0)
    if turns.size != 1:
        return [(slice(None), "")]
    turn = int(turns[0]) + 1
    names = ("falling", "rising") if steps[0] < 0 else ("rising", "falling")
    return [(slice(0, turn + 1), names[0]), (slice(turn, None), names[1])]


def _ways(dataset: Any, names: Sequence[str]) -> list[str]:
    """Names of the two ways along a loop, if all panels show one line of the same loop."""
    found = set()
    for name in names:
        along = labels_along(dataset, str(dataset[name].dims[0]))
        ways = [f"{along.label} {which}" for _, which in branches(along.values)]
        found.add(tuple(ways) if dataset[name].ndim == 1 else ())
    return list(found.pop()) if len(found) == 1 else []


def _draw_line(ax: Axes, x: np.ndarray, y: np.ndarray, style: int, label: str) -> None:
    color, dashes = LINES[style % len(LINES)]
    marker = "o" if len(x) < 12 else ""
    ax.plot(x, y, color=color, ls=dashes, lw=1.1, marker=marker, ms=2.5, label=label or "_")


def _entry(array: Any, index: int) -> str:
    return str(array[array.dims[1]].values[index])


def _scale(ax: Axes, arrays: list[Any]) -> None:
    """Counts and errors spread over decades are read on a logarithmic axis."""
    values = np.concatenate([np.asarray(a.values, np.float64).ravel() for a in arrays])
    values = values[np.isfinite(values)]
    if values.size and values.min() > 0 and values.max() > 100 * values.min():
        ax.set_yscale("log")
    else:
        ax.ticklabel_format(axis="y", scilimits=(-2, 4), useMathText=True)


def wrapped(value: Axis) -> str:
    """Title of an axis in lines that fit beside a panel."""
    return textwrap.fill(value.title, 26)


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
