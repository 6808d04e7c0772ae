"""Where recall ends, and which one-bit errors it corrects."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn._intervals import interval_of, wilson
from spinlearn.experiments._conductance_changes import balanced_patterns
from spinlearn.experiments._yu2021_recall import one_bit_recall
from spinlearn.report._pictures import Picture
from spinlearn.report._style import STYLE, readable_on
from spinlearn.report.experiments._samples import bars, finished, sampled, tidy
from spinlearn.report.experiments._yu2021_films import signs
from spinlearn.substrates import sign_patterns

_ENDS = {
    "the pattern": "#d55e00",
    "its negative": "#0072b2",
    "all nodes alike": "#f0e442",
    "other": "0.75",
}


def recall_pictures(dataset: Any) -> list[Picture]:
    """Final states of all probes; none without a computed film."""
    found = finished(dataset, "recalled", "recalled_untrained")
    if found is None:
        return []
    patterns = balanced_patterns()
    probes = np.asarray(sign_patterns(patterns.shape[-1]), float)
    states, untrained = found
    untrained = np.repeat(untrained[:, None], len(patterns), axis=1)
    films = len(states)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.6, 3.3), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.5, 1])
        names = []
        for k, (name, ends) in enumerate((("trained", states), ("untrained", untrained))):
            rows = np.arange(len(patterns)) + k * (len(patterns) + 0.5)
            _draw_ends(left, rows, _ends(ends, patterns))
            _draw_corrected(right, rows, one_bit_recall(ends, patterns, probes), name=k == 0)
            names += [(row, f"{name}, {signs(p)}") for row, p in zip(rows, patterns, strict=True)]
        left.set_yticks(*zip(*names, strict=True))
        left.invert_yaxis()
        left.set_xlabel(f"probes of {len(probes)}, mean over films")
        left.set_xlim(0, len(probes))
        left.set_title("(a) final states", pad=20)
        _legend_above(left, 4, handlelength=1.0)
        right.set_xlim(-4, 104)
        right.set_xlabel("share (%)")
        right.set_title("(b) one-bit errors corrected", pad=20)
        _legend_above(right, 2)
        right.tick_params(left=False)
        right.grid(axis="x", color="0.9", lw=0.6)
        right.set_axisbelow(True)
        for ax in (left, right):
            tidy(ax)
    caption = (
        f"Recall with the conductances of trained and of untrained films. (a) Where the "
        f"{len(probes)} probes end: at the pattern, at its negative, with all nodes alike, or "
        "elsewhere. (b) Circles: one-bit errors of the pattern after which it came back, not "
        f"its negative. Squares: films that correct all four, with Wilson's 95 % intervals. "
        f"{sampled(films)}"
    )
    return [Picture("recall", caption, figure)]


def _legend_above(ax: Axes, columns: int, **options: Any) -> None:
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 0.98),
        ncols=columns,
        frameon=False,
        columnspacing=1.2,
        borderpad=0.1,
        **options,
    )


def _ends(states: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """How many probes end where, mean over films, ``(patterns, 4)`` as in ``_ENDS``."""
    n = patterns.shape[-1]
    overlap = np.einsum("fpsn,pn->fps", states, patterns)
    alike = np.abs(states.sum(axis=-1)) == n
    counts = [np.sum(where, axis=2) for where in (overlap == n, overlap == -n, alike)]
    counts.append(states.shape[2] - sum(counts))
    return np.stack([count.mean(axis=0) for count in counts], axis=-1)


def _draw_ends(ax: Axes, rows: np.ndarray, counts: np.ndarray) -> None:
    begun = np.zeros(len(rows))
    labelled = ax.get_legend_handles_labels()[1]
    for (name, color), number in zip(_ENDS.items(), counts.T, strict=True):
        label = "_" if name in labelled else name
        ax.barh(rows, number, left=begun, color=color, height=0.72, label=label)
        for row, start, value in zip(rows, begun, number, strict=True):
            if value >= 0.7:
                text = f"{value:.1f}".removesuffix(".0")
                ink = readable_on(color)
                ax.text(
                    start + value / 2, row, text, ha="center", va="center", fontsize=7, color=ink
                )
        begun = begun + number


def _draw_corrected(ax: Axes, rows: np.ndarray, back: np.ndarray, *, name: bool) -> None:
    """Shares of one-bit errors and of films, from ``(films, patterns, nodes)``."""
    errors = 100 * back.mean(axis=2)
    every = np.all(back, axis=2)
    limits = 100 * np.array([wilson(column.mean(), len(column)) for column in every.T]).T
    share = 100 * every.mean(axis=0)
    style: dict[str, Any] = {"ls": "", "capsize": 2.5, "elinewidth": 0.9, "mfc": "white", "ms": 4.5}
    labels = ("one-bit errors", "films, all four") if name else ("_", "_")
    mean = errors.mean(axis=0)
    error = bars(mean, interval_of(errors))
    ax.errorbar(
        mean, rows - 0.15, xerr=error, marker="o", color="#0072b2", label=labels[0], **style
    )
    error = bars(share, (limits[0], limits[1]))
    ax.errorbar(share, rows + 0.15, xerr=error, marker="s", color="0.1", label=labels[1], **style)
