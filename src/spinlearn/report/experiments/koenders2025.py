"""Figures of networks that learn from noise: learning curves, gaps, what credit was worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn._intervals import interval_of
from spinlearn.experiments._koenders2025_published import (
    MNIST_EXACT,
    MNIST_MEASURED,
    MNIST_PUBLISHED,
    TEACHER,
    is_published_network,
    is_published_teacher,
)
from spinlearn.report._animation import Animation
from spinlearn.report._pictures import Picture, legend_name
from spinlearn.report._style import LINES, STYLE
from spinlearn.report._view import RunView
from spinlearn.report.experiments._samples import bars, finished, sampled, tidy

#: Variables that need no general figure.
COVERED = frozenset(
    {
        "accuracy",
        "accuracy_exact",
        "loss",
        "loss_exact",
        "loss_after",
        "loss_after_exact",
        "alignment",
        "rate",
        "write_energy",
        "examples",
    }
)

_OWN, _EXACT = "from noise", "back-propagation"
# Published points whose epochs are far beyond the run's say nothing of it.
_BEYOND = 1.05


def pictures(view: RunView) -> list[Picture]:
    """Figures of what is computed (SI units)."""
    dataset = view.dataset
    if dataset is None:
        return []
    spec: Any = view.spec
    curves = _students(dataset, spec) if spec.data.name == "teacher" else _course(dataset, spec)
    return [*curves, *_credit(dataset, spec)]


def animations(view: RunView) -> list[tuple[Animation, str, str]]:
    """None: there is no texture (no unit)."""
    del view
    return []


def comparison(views: Sequence[RunView]) -> list[Picture]:
    """Accuracy of several runs against epochs, and how far each is from back-propagation."""
    found = [
        (legend_name(view.name), view.dataset, rows[0].T)
        for view in views
        if view.dataset is not None and (rows := finished(view.dataset, "accuracy")) is not None
    ]
    if not found:
        return []
    exact = [
        rows[0].T
        for _, dataset, _ in found
        if (rows := finished(dataset, "accuracy_exact")) is not None
    ]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 3.0), layout="constrained")
        a, b = figure.subplots(1, 2)
        for k, (name, _, rates) in enumerate(found):
            _line(a, 100 * rates, k, f"{name} ({len(rates)})")
        a.set_xlabel("epochs")
        a.set_ylabel("accuracy (%)")
        _zoom(a, [100 * rates for *_, rates in found])
        if exact:
            _gaps(b, [(name, rates) for name, _, rates in found], exact[0])
        else:
            b.set_axis_off()
        for letter, ax in zip("ab", (a, b), strict=True):
            ax.set_title(f"({letter})", loc="left")
        tidy(a)
        figure.legend(
            *a.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
        )
    caption = (
        "(a) Accuracy of all runs on held-out images, with their numbers of networks; bands: 95 % "
        "intervals of the mean, from three networks on. (b) What is missing to back-propagation "
        "after as many epochs, which the first run that has it tells; bars: 95 % intervals."
    )
    return [Picture("runs", caption, figure)]


def _gaps(ax: Axes, runs: list[tuple[str, np.ndarray]], exact: np.ndarray) -> None:
    places = np.arange(len(runs))[::-1]
    for k, (place, (_, rates)) in enumerate(zip(places, runs, strict=True)):
        last = min(rates.shape[1], exact.shape[1]) - 1
        if len(rates) == len(exact):
            gap = 100 * (exact[:, last] - rates[:, last])
        else:
            gap = 100 * (exact[:, last].mean() - rates[:, last])
        error = bars(gap.mean(), interval_of(gap))
        shown = None if error is None else error[:, None]
        ax.errorbar(gap.mean(), place, xerr=shown, color=LINES[k % len(LINES)][0], marker="o", ms=4)
    ax.axvline(0, color="0.6", lw=0.8)
    ax.set_yticks(places, [name for name, _ in runs])
    ax.set_ylim(-0.6, len(runs) - 0.4)
    ax.set_xlabel("gap to back-propagation (points)")


def _course(dataset: Any, spec: Any) -> list[Picture]:
    found = finished(dataset, "accuracy", "loss")
    if found is None:
        return []
    told, loss = (part.T for part in found)
    exact = finished(dataset, "accuracy_exact", "loss_exact") if spec.baseline.trained else None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 2.9), layout="constrained")
        a, b = figure.subplots(1, 2)
        _line(a, 100 * told, 0, _OWN)
        _line(b, loss, 0, _OWN)
        if exact is not None:
            _line(a, 100 * exact[0].T, 1, _EXACT)
            _line(b, exact[1].T, 1, _EXACT)
        _zoom(a, [100 * told] + ([100 * exact[0].T] if exact is not None else []))
        if is_published_network(spec) and spec.data.held_out == "test":
            _points(a, told.shape[1])
        a.set_ylabel("accuracy (%)")
        b.set_ylabel("cross-entropy of training (nat)")
        b.set_yscale("log")
        for letter, ax in zip("ab", (a, b), strict=True):
            ax.set_title(f"({letter})", loc="left")
            ax.set_xlabel("epochs")
            ax.legend(frameon=False)
            tidy(ax)
    where = "validation" if spec.data.held_out == "validation" else "held-out"
    caption = (
        f"(a) Accuracy on {where} images of {spec.data.name}. (b) Mean loss of an epoch, in passes "
        f"with noise. {sampled(len(told), 'network', 'bands')}"
    )
    return [Picture("learning", caption, figure)]


def _points(ax: Axes, epochs: int) -> None:
    """Published points as far as the run goes."""
    for points, marker, text in (
        (MNIST_PUBLISHED, "s", "published, simulated noise"),
        (MNIST_MEASURED, "^", "published, measured noise"),
        (MNIST_EXACT, "D", "published, back-propagation"),
    ):
        shown = {k: v for k, v in points.items() if k <= _BEYOND * epochs}
        if shown:
            values = 100 * np.array(list(shown.values()))
            error = 0.3 * np.ones(len(values))
            ax.errorbar(
                list(shown),
                values,
                yerr=error,
                ls="",
                marker=marker,
                ms=4,
                color="0.3",
                mfc="white",
                label=text,
            )


def _students(dataset: Any, spec: Any) -> list[Picture]:
    found = finished(dataset, "loss_after")
    if found is None:
        return []
    losses = found[0].T
    exact = finished(dataset, "loss_after_exact") if spec.baseline.trained else None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 3.0), layout="constrained")
        ax = figure.add_subplot()
        _line(ax, losses, 0, _OWN, np.median)
        if exact is not None:
            _line(ax, exact[0].T, 1, _EXACT, np.median)
        if is_published_teacher(spec):
            ax.plot(
                list(TEACHER),
                list(TEACHER.values()),
                ls="",
                marker="s",
                ms=4,
                color="0.3",
                mfc="white",
                label="published",
            )
        ax.set_yscale("log")
        ax.set_xlabel("epochs")
        ax.set_ylabel("median of squared errors")
        ax.legend(frameon=False)
        tidy(ax)
    caption = (
        f"Median loss of {len(losses)} students, each with a teacher of its own; bands: 95 % "
        "intervals of the median."
    )
    return [Picture("learning", caption, figure)]


def _credit(dataset: Any, spec: Any) -> list[Picture]:
    found = finished(dataset, "alignment")
    if found is None:
        return []
    cosines = found[0].T
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2, 2.6), layout="constrained")
        ax = figure.add_subplot()
        _line(ax, cosines, 2, "")
        ax.axhline(0, color="0.6", lw=0.8)
        ax.set_xlabel("epochs")
        ax.set_ylabel("cosine")
        tidy(ax)
    caption = (
        f"Cosine of the angle between what the noise of one batch ({spec.learning.batch} examples) "
        "says of all weights and the exact derivatives, after every epoch. "
        f"{sampled(len(cosines), 'network', 'bands')}"
    )
    return [Picture("credit", caption, figure)]


def _line(ax: Axes, values: np.ndarray, k: int, label: str, statistic: Any = None) -> None:
    """A mean over networks, or their median, with the band of its interval."""
    color, dashes = LINES[k % len(LINES)]
    places = np.arange(1, values.shape[1] + 1)
    if statistic is None:
        middle, between = values.mean(axis=0), interval_of(values)
    else:
        middle = statistic(values, axis=0)
        between = interval_of(values, lambda rows: statistic(rows, axis=0))
    marker = "o" if len(places) <= 30 else ""
    text = label or None
    ax.plot(places, middle, color=color, ls=dashes, lw=1.2, label=text, marker=marker, ms=3)
    if between is not None:
        ax.fill_between(places, *between, color=color, alpha=0.18, lw=0)


def _zoom(ax: Axes, curves: list[np.ndarray]) -> None:
    """The part in which curves differ: from the worst one's third quarter up."""
    ends = [curve.mean(axis=0) for curve in curves]
    low = min(float(end[len(end) // 8 :].min()) for end in ends)
    high = max(float(end.max()) for end in ends)
    room = 0.06 * max(high - low, 0.5)
    ax.set_ylim(max(low - room, 0), min(high + 3 * room, 100.5))
