"""Samples of a run, films or devices, that are computed: what figures draw of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from spinlearn._intervals import FEWEST, interval_of, kind_of_interval


def finished(dataset: Any, *names: str) -> tuple[np.ndarray, ...] | None:
    """Variables of the first samples that have all of them; None if there is no such sample.

    Rows that are not computed yet are NaN.
    """
    if any(name not in dataset for name in names):
        return None
    arrays = [np.asarray(dataset[name].values) for name in names]
    count = min(len(array) for array in arrays)
    whole = np.all([np.isfinite(a[:count]).reshape(count, -1).all(axis=1) for a in arrays], axis=0)
    if not whole.any():
        return None
    return tuple(array[:count][whole].astype(np.float64) for array in arrays)


def bars(mean: np.ndarray, interval: tuple[Any, Any] | None) -> np.ndarray | None:
    """Lengths of error bars, ``(2, ...)``."""
    if interval is None:
        return None
    low, high = interval
    return np.maximum([mean - low, high - mean], 0)


def draw_mean(
    ax: Axes, places: Any, values: np.ndarray, *, upright: bool = True, **style: Any
) -> None:
    """Means over samples with their intervals, and every sample as a faint point.

    Parameters
    ----------
    ax
        Axes.
    places
        Places along the other axis, ``(k,)``.
    values
        ``(samples, k)``.
    upright
        Whether values go upwards, not to the right.
    style
        For ``errorbar``; "points" is whether every sample is drawn.
    """
    at = np.asarray(places, np.float64)
    mean = values.mean(axis=0)
    error = bars(mean, interval_of(values))
    color = style.get("color", "0.1")
    if style.pop("points", True):
        cloud = np.broadcast_to(at, values.shape) + _aside(len(values))[:, None]
        shown = (cloud, values) if upright else (values, cloud)
        faint = max(0.15, min(0.5, 6 / len(values)))
        ax.plot(*(v.ravel() for v in shown), ".", color=color, alpha=faint, ms=4, mew=0, zorder=1)
    options: dict[str, Any] = {"ms": 4.5, "mfc": "white", "mew": 1.0, "capsize": 2.5}
    options |= {"elinewidth": 0.9, "ls": "", "marker": "o", "color": color, "zorder": 3} | style
    if upright:
        ax.errorbar(at, mean, yerr=error, **options)
    else:
        ax.errorbar(mean, at, xerr=error, **options)


def jitter(count: int, width: float) -> np.ndarray:
    """Offsets that fill a width evenly, in an order without pattern."""
    golden = 0.5 * (np.sqrt(5) - 1)
    return width * ((np.arange(1, count + 1) * golden) % 1 - 0.5)


def _aside(films: int) -> np.ndarray:
    return jitter(films, 0.16) if films > 1 else np.zeros(films)


def sampled(films: int, what: str = "film", marks: str = "bars") -> str:
    """How many films, or other samples, a figure shows, and what its bars or bands are."""
    if films < FEWEST:
        return f"{films} {what}{'s' * (films > 1)}, too few for intervals."
    kind = kind_of_interval(films)
    return f"{films} {what}s; {marks}: 95 % intervals ({kind}) of the mean over them."


def interval_text(value: float, interval: tuple[Any, Any] | None, digits: int = 3) -> str:
    """A number with its interval in brackets."""
    text = f"{value:.{digits}f}"
    if interval is not None:
        text += f" ({float(interval[0]):.{digits}f} … {float(interval[1]):.{digits}f})"
    return text.replace("-", "−")


def tidy(ax: Axes, zero: str = "") -> None:
    """No frame above and on the right; a line at zero of "x" or "y"."""
    ax.spines[["top", "right"]].set_visible(False)
    if zero == "x":
        ax.axvline(0, color="0.8", lw=0.6, zorder=0)
    elif zero == "y":
        ax.axhline(0, color="0.8", lw=0.6, zorder=0)
