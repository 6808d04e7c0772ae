"""Figures of a magnetoresistance loop: hysteresis, conductance, textures, matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn.mesh import Mesh
from spinlearn.report._curves import add_legend, branches
from spinlearn.report._matrix import _draw_matrix, draw_conductance
from spinlearn.report._pictures import Picture
from spinlearn.report._quantities import Axis, axis_of
from spinlearn.report._style import LINES, STYLE
from spinlearn.report._textures import cell_of, textures_figure
from spinlearn.report._view import RunView

#: Variables that need no general figure.
COVERED = frozenset({"conductance", "m", "mean_m"})

# Falling and rising field: colour, dashes, marker. A loop begins with a falling one.
_BRANCHES = (("#0072b2", "-", "o"), ("#d55e00", "--", "s"))
_MOST_PAIRS = 2


def pictures(view: RunView) -> list[Picture]:
    """Loop, textures and conductance matrix of what is computed (SI units)."""
    dataset = view.dataset
    if dataset is None:
        return []
    along = _along(dataset, view.spec)
    pairs = _pairs(dataset)
    named = _named(pairs, opposite=dataset.sizes["into"] % 2 == 0)
    moments = _moments(dataset, along)
    return [
        Picture(
            "loop",
            f"Magnetization along the applied field, and conductance between {named} (all other "
            "contacts on ground) relative to its mean over the loop. "
            "Circles: falling field; squares: rising field.",
            _loop_figure(dataset, along, pairs),
        ),
        Picture(
            "textures",
            "Textures along the loop. Colour: direction of the magnetization (wheel); numbers: "
            "contacts.",
            textures_figure(
                {title: dataset["m"].isel(step=k).values for k, title in moments.items()},
                cell_of(dataset),
                _contacts(dataset, view.spec),
            ),
        ),
        _matrix_picture(dataset, moments),
    ]


def comparison(views: Sequence[RunView]) -> list[Picture]:
    """Loops of several runs over each other (SI units)."""
    views = [view for view in views if view.dataset is not None]
    if not views:
        return []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 4.6), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True)
        peak = max(_largest(view) for view in views)
        for k, view in enumerate(views):
            color, dashes = LINES[k % len(LINES)]
            field = axis_of(view.dataset["field"], peak)  # pyright: ignore
            style: dict[str, Any] = {"color": color, "ls": dashes, "lw": 1.2}
            upper.plot(field.values, _along(view.dataset, view.spec), **style)
            lower.plot(field.values, _change(view.dataset, *_pairs(view.dataset)[0]), **style)
            lower.set_xlabel(field.title)
        upper.set_ylabel("⟨m·h⟩")
        lower.set_ylabel("conductance change (%)")
        for ax in (upper, lower):
            _tidy(ax)
        add_legend(figure, [view.name for view in views])
        figure.align_ylabels()
    counts = {view.dataset.sizes["into"] for view in views}  # pyright: ignore
    facing = [_named([(0, count // 2)], opposite=count % 2 == 0) for count in sorted(counts)]
    caption = (
        f"Magnetization along the applied field, and conductance between {' or '.join(facing)} "
        "relative to its mean over the loop, of all runs."
    )
    return [Picture("loops", caption, figure)]


def _loop_figure(dataset: Any, along: np.ndarray, pairs: Sequence[tuple[int, int]]) -> Figure:
    field = axis_of(dataset["field"])
    with mpl.rc_context(STYLE):
        panels = 1 + len(pairs)
        figure = Figure(figsize=(4.2, 1.0 + 1.6 * panels), layout="constrained")
        axes = figure.subplots(panels, 1, sharex=True)
        _draw_branches(axes[0], field, along)
        axes[0].set_ylabel("⟨m·h⟩")
        axes[0].set_ylim(-1.1, 1.1)
        for ax, (a, b) in zip(axes[1:], pairs, strict=True):
            _draw_branches(ax, field, _change(dataset, a, b))
            ax.set_ylabel(f"ΔG/G, {a}–{b} (%)")
        axes[-1].set_xlabel(field.title)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False)
        for letter, ax in zip("abc", axes, strict=False):
            ax.set_title(f"({letter})", pad=2)
        figure.align_ylabels()
    return figure


def _draw_branches(ax: Axes, field: Axis, values: np.ndarray) -> None:
    for part, way in branches(field.values):
        rising = way == "rising"
        color, dashes, marker = _BRANCHES[int(rising)]
        ax.plot(
            field.values[part],
            values[part],
            color=color,
            ls=dashes,
            lw=1.1,
            marker=marker,
            ms=3.2,
            mfc="white",
            mew=0.8,
            label=f"field {'rising' if rising else 'falling'}",
        )
    _tidy(ax)


def _tidy(ax: Axes) -> None:
    ax.axvline(0, color="0.8", lw=0.6, zorder=0)
    ax.axhline(0, color="0.8", lw=0.6, zorder=0)
    ax.spines[["top", "right"]].set_visible(False)


def _matrix_picture(dataset: Any, moments: dict[int, str]) -> Picture:
    g = np.asarray(dataset["conductance"].values, np.float64)
    first = min(moments)
    reference = g[first]
    last = max(moments, key=lambda k: float(np.max(np.abs(g[k] / reference - 1))))
    at_first, at_last = moments[first], moments[last]
    with mpl.rc_context(STYLE):
        if last == first:
            figure = Figure(figsize=(4.0, 3.1), layout="constrained")
            draw_conductance(figure.add_subplot(), reference)
            return Picture("conductance", f"Conductance matrix at {at_first}.", figure)
        figure = Figure(figsize=(8.0, 3.3), layout="constrained")
        left, right = figure.subplots(1, 2)
        draw_conductance(left, reference)
        change = 100 * (g[last] / reference - 1)
        _draw_matrix(right, change, "change (%)", sign="+")
        left.set_title(f"(a) {at_first}")
        right.set_title(f"(b) from {at_first} to {at_last}")
    caption = (
        f"Conductance matrix at {at_first}, and its change from there to {at_last}. Currents into "
        "the film are G times the voltages, so that elements off the diagonal are negative."
    )
    return Picture("conductance", caption, figure)


def _moments(dataset: Any, along: np.ndarray) -> dict[int, str]:
    """Steps worth a picture, with what they are called."""
    field = axis_of(dataset["field"])
    raw = dataset["field"].values
    turn = int(np.argmin(raw))
    steps = {0: "largest field"}
    # Nearest to no field on the way down, if the run came that far.
    remanence = int(np.argmin(np.abs(raw[: turn + 1])))
    if raw[turn] <= 0 or turn < len(raw) - 1:
        steps.setdefault(remanence, "remanence")
    turned = np.flatnonzero(np.signbit(along[1 : turn + 1]) != np.signbit(along[0]))
    if turned.size:
        steps.setdefault(int(turned[0]) + 1, "reversal")
    elif raw[turn] < 0:
        steps.setdefault(turn, "largest reverse field")
    return {k: f"{name}, {_value(field, k)}" for k, name in sorted(steps.items())}


def _value(field: Axis, step: int) -> str:
    """Field of a step with its unit."""
    return field.text(step).split("=")[-1].strip()


def _along(dataset: Any, spec: Any) -> np.ndarray:
    """Mean magnetization along the field's direction."""
    direction = [np.cos(spec.loop.angle), np.sin(spec.loop.angle), 0.0]
    return np.asarray(dataset["mean_m"].values, np.float64) @ np.asarray(direction)


def _pairs(dataset: Any) -> list[tuple[int, int]]:
    """The first pairs of contacts that face each other, as nearly as there are."""
    count = dataset.sizes["into"]
    half = count // 2
    return [(k, k + half) for k in range(min(half, _MOST_PAIRS))]


def _named(pairs: Sequence[tuple[int, int]], *, opposite: bool) -> str:
    """Pairs of contacts in words; only an even number of them has opposite ones."""
    named = " and ".join(f"{a}–{b}" for a, b in pairs)
    return f"{'opposite contacts' if opposite else 'contacts'} {named}"


def _change(dataset: Any, a: int, b: int) -> np.ndarray:
    """Conductance between two contacts relative to its mean, in %."""
    g = -np.asarray(dataset["conductance"].values, np.float64)[:, a, b]
    return 100 * (g / g.mean() - 1)


def _contacts(dataset: Any, spec: Any) -> np.ndarray:
    """Contact of each mesh corner."""
    from spinlearn.transport import edge_electrodes

    cell = cell_of(dataset)
    mesh = Mesh((dataset.sizes["x"], dataset.sizes["y"], 1), (*cell, spec.film.thickness))
    contacts = edge_electrodes(spec.contacts.count, mesh, coverage=spec.contacts.coverage)
    return np.asarray(contacts.owner)


def _largest(view: RunView) -> float:
    return float(np.max(np.abs(view.dataset["field"].values)))  # pyright: ignore
