"""Headline numbers of a sweep against the values that were swept."""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn.report._curves import add_legend, wrapped
from spinlearn.report._pictures import Picture
from spinlearn.report._quantities import Axis, scale_of, with_unit
from spinlearn.report._style import LINES, STYLE

_MARKERS = "osD^vP*"
# Distance of the curves' points from each other, as part of the axis.
_ASIDE = 0.012
_BESIDE = {"status", "error", "wall_time"}


class Curve(NamedTuple):
    """Where a curve lies: the place along every swept key but the one along x, and its name."""

    place: dict[str, int]
    name: str


def number_names(dataset: Any) -> list[str]:
    """Names of the headline numbers in a sweep's dataset."""
    return [str(name) for name in dataset.data_vars if name not in _BESIDE]


def sweep_pictures(dataset: Any, means: Any) -> list[Picture]:
    """One figure with a panel per headline number.

    Parameters
    ----------
    dataset
        Numbers over the swept values and seeds (units in their attributes).
    means
        Their means and intervals over the seeds.
    """
    names = number_names(dataset)
    if not names:
        return []
    key = _abscissa(dataset)
    curves, left_out = _curves(dataset, key)
    columns = min(len(names), 2)
    rows = math.ceil(len(names) / columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6 * columns, 2.3 * rows + 0.3), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for ax, name in zip(axes.flat, names, strict=False):
            for k, curve in enumerate(curves):
                aside = (k - (len(curves) - 1) / 2) * _ASIDE
                _draw(ax, dataset, means, name, key, curve, k, aside)
            ax.spines[["top", "right"]].set_visible(False)
        for ax in axes.flat[len(names) :]:
            ax.remove()
        if len(curves) > 1:
            add_legend(figure, [curve.name for curve in curves])
        figure.align_ylabels()
    caption = "Headline numbers"
    if key is not None:
        caption += f" against {key}"
    caption += ": every seed (faint points), their mean, and its 95 % interval (bars)."
    if left_out:
        caption += f" {left_out} more combinations are in sweep.csv."
    return [Picture("numbers", caption, figure)]


def _abscissa(dataset: Any) -> str | None:
    """The key with the most numbers, or else the one with the most values."""
    keys = [str(dim) for dim in dataset.dims if dim != "seed" and dataset.sizes[dim] > 1]
    numeric = [key for key in keys if dataset[key].dtype.kind in "fi"]
    return max(numeric or keys, key=lambda key: dataset.sizes[key], default=None)


def _curves(dataset: Any, key: str | None) -> tuple[list[Curve], int]:
    """Combinations of the other keys' values, as many as there are styles of lines."""
    others = [str(d) for d in dataset.dims if d not in ("seed", key)]
    found = []
    for index in itertools.product(*(range(dataset.sizes[other]) for other in others)):
        place = dict(zip(others, index, strict=True))
        parts = [
            f"{other} = {value_text(dataset[other], k)}"
            for other, k in place.items()
            if dataset.sizes[other] > 1
        ]
        found.append(Curve(place, ", ".join(parts)))
    return found[: len(LINES)], max(0, len(found) - len(LINES))


def value_text(coordinate: Any, index: int) -> str:
    """A swept value with its unit."""
    value = coordinate.values[index]
    if coordinate.dtype.kind == "f":
        return with_unit(float(value), coordinate.attrs.get("units", "1"))
    return str(value)


def _draw(
    ax: Axes,
    dataset: Any,
    means: Any,
    name: str,
    key: str | None,
    curve: Curve,
    style: int,
    aside: float,
) -> None:
    color, dashes = LINES[style]
    scale, unit = scale_of(_peak(dataset[name]), dataset[name].attrs.get("units", "1"))
    along, ticks = _positions(dataset, key)
    log = ticks is None and along.values.min() > 0 and along.values.max() > 30 * along.values.min()
    x = _moved(along.values, aside, log)
    parts = [name, f"{name} low", f"{name} high"]
    mean, low, high = (
        scale * np.atleast_1d(np.asarray(means[part].isel(curve.place).values)) for part in parts
    )
    each = scale * np.asarray(dataset[name].isel(curve.place).transpose(..., "seed").values)
    each = np.atleast_2d(each)
    for column in each.T:
        ax.plot(x, column, ls="", marker=_MARKERS[style], ms=3, color=color, alpha=0.45, mew=0)
    bars = np.where(np.isfinite(low), [mean - low, high - mean], 0.0)
    ax.errorbar(
        x,
        mean,
        np.maximum(bars, 0),
        color=color,
        ls=dashes if ticks is None else "",
        lw=1.1,
        marker=_MARKERS[style],
        ms=4,
        mfc="white",
        mew=0.9,
        capsize=2,
        elinewidth=0.8,
    )
    ax.set_xlabel(along.title)
    ax.set_ylabel(wrapped(Axis(mean, name, unit)))
    if ticks is not None:
        ax.set_xticks(along.values, ticks)
        ax.set_xlim(-0.5, len(x) - 0.5)
    elif log:
        ax.set_xscale("log")
    ax.ticklabel_format(axis="y", scilimits=(-2, 4), useMathText=True)


def _moved(x: np.ndarray, aside: float, log: bool) -> np.ndarray:
    """Points moved sideways by a part of the axis, so that bars do not cover each other."""
    if log:
        return x * (x.max() / x.min()) ** aside
    return x + aside * (np.ptp(x) or 1.0)


def _positions(dataset: Any, key: str | None) -> tuple[Axis, list[str] | None]:
    """Places along x: numbers, or names in a row."""
    if key is None:
        return Axis(np.zeros(1), "", ""), ["all seeds"]
    values = dataset[key].values
    if dataset[key].dtype.kind not in "fi":
        return Axis(np.arange(len(values), dtype=float), key, ""), [str(v) for v in values]
    scale, unit = scale_of(float(np.max(np.abs(values))), dataset[key].attrs.get("units", "1"))
    return Axis(scale * np.asarray(values, np.float64), key, unit), None


def _peak(array: Any) -> float:
    values = np.abs(np.asarray(array.values, np.float64))
    values = values[np.isfinite(values)]
    return float(values.max()) if values.size else 0.0
