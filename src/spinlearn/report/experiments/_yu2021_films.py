"""Films of a ``yu2021`` run that are computed, and statistics over them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from spinlearn.experiments._film_statistics import BOOTSTRAP_FEWEST, FEWEST, film_interval
from spinlearn.experiments._learning_claims import (
    balanced_patterns,
    correlation,
    orthogonal_mean,
    pair_products,
    relative_change,
)

#: What s_i s_j = +1 (like) and −1 (unlike) look like, and contacts up and down.
LIKE, UNLIKE = "#d55e00", "#0072b2"
#: Marker of each pattern.
MARKERS = ("o", "s", "^")

# Those of the headline numbers, so that intervals are the same.


def finished(dataset: Any, *names: str) -> tuple[np.ndarray, ...] | None:
    """Variables of the first films that have all of them; None if there is no such film.

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


class Learned(NamedTuple):
    """Changes of the conductance of every pair, relative to two references (no unit).

    Parameters
    ----------
    against_mean, against_untrained
        ``(films, patterns, repetitions, pairs)``.
    alike
        s_i s_j, ``(patterns, pairs)``.
    """

    against_mean: np.ndarray
    against_untrained: np.ndarray
    alike: np.ndarray


def learned(dataset: Any) -> Learned | None:
    """What all computed films learned, after every repetition."""
    found = finished(dataset, "untrained", "waited", "trained")
    if found is None:
        return None
    untrained, waited, trained = found
    steps = range(trained.shape[2])
    means = np.stack([orthogonal_mean(trained[:, :, k], waited) for k in steps], axis=1)
    return Learned(
        relative_change(trained, means[:, None]),
        relative_change(trained, untrained[:, None, None]),
        pair_products(balanced_patterns()),
    )


def correlations(changes: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """Pearson's r with s_i s_j in each film, ``(films,)``."""
    return np.array([correlation(change, alike) for change in changes])


def contrasts(changes: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """Change of unlike less that of like pairs in each film, ``(films,)``."""
    return changes[:, alike < 0].mean(axis=1) - changes[:, alike > 0].mean(axis=1)


def bars(mean: np.ndarray, interval: tuple[Any, Any] | None) -> np.ndarray | None:
    """Lengths of error bars, ``(2, ...)``."""
    if interval is None:
        return None
    low, high = interval
    return np.maximum([mean - low, high - mean], 0)


def draw_mean(
    ax: Axes, places: Any, values: np.ndarray, *, upright: bool = True, **style: Any
) -> None:
    """Means over films with their intervals, and every film as a faint point.

    Parameters
    ----------
    ax
        Axes.
    places
        Places along the other axis, ``(k,)``.
    values
        ``(films, k)``.
    upright
        Whether values go upwards, not to the right.
    style
        For ``errorbar``; "points" is whether every film is drawn.
    """
    at = np.asarray(places, np.float64)
    mean = values.mean(axis=0)
    error = bars(mean, film_interval(values))
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


def signs(pattern: Any) -> str:
    """A pattern as text, in the order of the contacts."""
    return " ".join("+" if s > 0 else "−" for s in pattern)


def sampled(films: int, what: str = "film") -> str:
    """How many films a figure shows, and what its bars are."""
    if films < FEWEST:
        return f"{films} {what}{'s' * (films > 1)}, too few for intervals."
    kind = "Student's" if films < BOOTSTRAP_FEWEST else "bootstrap"
    return f"{films} {what}s; bars: 95 % intervals ({kind}) of the mean over them."


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
