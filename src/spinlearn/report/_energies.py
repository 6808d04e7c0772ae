"""Energies over time, one labelled line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn.errors import SpinlearnValueError
from spinlearn.report._style import LINES, STYLE, prefixed

# Least distance between two labels, in heights of the axes.
_LABEL_PITCH = 0.075


def energies_figure(times: Any, energies: Mapping[str, Any]) -> Figure:
    """Energies over time, each line with its name at its end.

    Parameters
    ----------
    times
        Times, ``(k,)``, s.
    energies
        Energy at these times by name, ``(k,)`` each, J: terms, their sum, or several runs.

    Returns
    -------
    matplotlib.figure.Figure
        Both axes have SI prefixes. Colours are safe for every common colour blindness, and lines
        differ in their dashes too.

    Raises
    ------
    SpinlearnValueError
        If there is no energy, or the lengths differ.

    Examples
    --------
    >>> t = np.linspace(0, 1e-9, 11)
    >>> figure = energies_figure(t, {"exchange": 2e-18 + 0 * t, "demag": 5e-18 * np.exp(-t / 1e-9)})
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('time (ns)', 'energy (aJ)')
    """
    t, curves = _checked(times, energies)
    # Everything that is not finite leaves a gap.
    finite = [np.abs(c[np.isfinite(c)]) for c in curves.values()]
    scale, joule = prefixed(max((float(c.max()) for c in finite if c.size), default=0.0), "J")
    time_scale, second = prefixed(float(np.max(np.abs(t))), "s")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2, 2.6), layout="constrained")
        ax = figure.add_subplot(xlabel=f"time ({second})", ylabel=f"energy ({joule})")
        for k, curve in enumerate(curves.values()):
            color, dashes = LINES[k % len(LINES)]
            marker = "o" if t.size == 1 else ""
            ax.plot(time_scale * t, scale * curve, ls=dashes, color=color, lw=1.3, marker=marker)
        if np.ptp(t) > 0:
            ax.set_xlim(time_scale * t.min(), time_scale * t.max())
        ax.spines[["top", "right"]].set_visible(False)
        _label_ends(ax, [scale * c for c in curves.values()], list(curves))
    return figure


def _checked(times: Any, energies: Any) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    t = np.asarray(times, np.float64)
    if t.ndim != 1 or t.size == 0 or not np.all(np.isfinite(t)):
        raise SpinlearnValueError(
            "times", f"shape {t.shape}", "finite times (k,) in s", "Give Evolution.times."
        )
    if not isinstance(energies, Mapping) or not energies:
        raise SpinlearnValueError(
            "energies",
            energies,
            "one or more arrays by name",
            "Write e.g. {'exchange': run.observed}.",
        )
    curves = {str(name): np.asarray(value, np.float64) for name, value in energies.items()}
    for name, curve in curves.items():
        if curve.shape != t.shape:
            raise SpinlearnValueError(
                f"energies[{name!r}]",
                f"shape {curve.shape}",
                f"one energy in J per time, {t.shape}",
                "Observe the energy at these times.",
            )
    return t, curves


def _label_ends(ax: Axes, curves: Sequence[np.ndarray], names: Sequence[str]) -> None:
    """Names beside the last points, moved apart where lines end close to each other."""
    low, high = ax.get_ylim()
    # A line without a finite point is not there; its name stands at the bottom, and points nowhere.
    drawn = [bool(np.isfinite(c).any()) for c in curves]
    ends = [c[np.isfinite(c)][-1] if d else low for c, d in zip(curves, drawn, strict=True)]
    wanted = (np.asarray(ends) - low) / (high - low)
    for k, height in enumerate(_spread_out(wanted, _LABEL_PITCH)):
        color, _ = LINES[k % len(LINES)]
        leader = {"arrowstyle": "-", "color": color, "lw": 0.5, "shrinkA": 1, "shrinkB": 1}
        ax.annotate(
            names[k],
            (1.0, float(wanted[k])),
            xytext=(1.05, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            color=color,
            arrowprops=leader if drawn[k] else None,
            annotation_clip=False,
        )


def _spread_out(wanted: np.ndarray, pitch: float) -> np.ndarray:
    """Heights in the same order, as near to the wanted ones as a least distance allows."""
    order = np.argsort(wanted, kind="stable")
    # With the pitch taken off every step what is left must not fall: isotonic regression, by
    # pooling neighbours that violate it.
    pools: list[tuple[float, int]] = []
    for level in wanted[order] - pitch * np.arange(wanted.size):
        mean, count = float(level), 1
        while pools and pools[-1][0] > mean:
            before, number = pools.pop()
            mean = (mean * count + before * number) / (count + number)
            count += number
        pools.append((mean, count))
    placed = np.concatenate([np.full(count, mean) for mean, count in pools])
    heights = np.empty_like(wanted)
    heights[order] = placed + pitch * np.arange(wanted.size)
    return heights
