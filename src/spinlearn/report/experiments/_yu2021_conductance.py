"""Conductance matrices of trained films, and their changes against s_i s_j."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from spinlearn._intervals import interval_of, interval_of_smooth
from spinlearn.experiments._conductance_changes import (
    balanced_patterns,
    correlation,
    orthogonal_mean,
)
from spinlearn.report._matrix import _draw_matrix
from spinlearn.report._pictures import Picture
from spinlearn.report._style import STYLE, prefixed
from spinlearn.report.experiments._samples import (
    draw_mean,
    finished,
    interval_text,
    jitter,
    sampled,
    tidy,
)
from spinlearn.report.experiments._yu2021_films import (
    LIKE,
    MARKERS,
    UNLIKE,
    correlations,
    learned,
    signs,
)

_TIGHT: dict[str, Any] = {"handletextpad": 0.2, "columnspacing": 1.5}


def conductance_pictures(dataset: Any) -> list[Picture]:
    """Matrices, and changes of every pair; none without a computed film."""
    found = finished(dataset, "untrained", "waited", "trained")
    if found is None:
        return []
    return [_matrix_picture(*found), _hebb_picture(dataset)]


def _matrix_picture(untrained: np.ndarray, waited: np.ndarray, trained: np.ndarray) -> Picture:
    """Rows: conductance, change against either reference, s_i s_j; a column per pattern."""
    patterns = balanced_patterns()
    last = trained[:, :, -1]
    mean = orthogonal_mean(last, waited)
    columns = [untrained, waited, *np.moveaxis(last, 1, 0)]
    scale, siemens = prefixed(float(np.abs(untrained.mean(axis=0)).max()), "S")
    changes = [_off_diagonal(np.mean(np.abs(g / untrained) - 1, axis=0)) for g in columns[1:]]
    against = [_off_diagonal(np.mean(np.abs(g / mean) - 1, axis=0)) for g in columns[1:]]
    products = [_off_diagonal(np.outer(s, s)) for s in patterns]
    rows = [
        (f"G ({siemens})", [scale * g.mean(axis=0) for g in columns], "", 2),
        ("ΔG/G against\nuntrained (%)", [None, *(100 * c for c in changes)], "+", 2),
        ("ΔG/G against\nthe mean (%)", [None, *(100 * c for c in against)], "+", 2),
        ("$s_i s_j$", [None, None, *products], "+", 0),
    ]
    titles = ("untrained", "waited", *(signs(pattern) for pattern in patterns))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 6.7), layout="constrained")
        axes = figure.subplots(len(rows), len(columns))
        for line, (label, matrices, sign, digits) in zip(axes, rows, strict=True):
            limit = max(float(np.nanmax(np.abs(g))) for g in matrices if g is not None)
            for ax, g in zip(line, matrices, strict=True):
                if g is None:
                    ax.remove()
                    continue
                _draw_matrix(ax, g, "", sign, limit, digits)
                ax.set(xlabel="", ylabel="")
            shown = next(ax for ax, g in zip(line, matrices, strict=True) if g is not None)
            shown.set_ylabel(label)
        for ax, title in zip(axes[0], titles, strict=True):
            ax.set_title(title, loc="center")
        axes[0, 0].set_xlabel("voltage at contact")
    caption = (
        f"Conductance matrices, mean over {len(untrained)} films: before training, after waiting "
        "as long, and after training with each pattern; rows: contact that the current flows "
        "into. Below, the relative change of |G| of every pair against the untrained film, and "
        "against the mean over the patterns and the film that waited, in which every pair is "
        "alike as often as not; at the bottom the pattern's products. Pairs at unlike voltages "
        "(−1) carried current."
    )
    return Picture("conductance", caption, figure)


def _off_diagonal(matrix: np.ndarray) -> np.ndarray:
    return np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)


def _hebb_picture(dataset: Any) -> Picture:
    """Changes against s_i s_j: every pair, pattern and film, and the mean over films."""
    changes = learned(dataset)
    assert changes is not None
    films = len(changes.against_mean)
    texts = []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 5.4), layout="constrained")
        axes = figure.subplots(2, 2, width_ratios=[1, 1.6], sharey="row")
        rows = {"the mean over patterns": changes.against_mean}
        rows["the untrained film"] = changes.against_untrained
        for line, (name, values) in zip(axes, rows.items(), strict=True):
            last = values[:, :, -1]
            _draw_products(line[0], 100 * last, changes.alike)
            _draw_pairs(line[1], 100 * last, changes.alike)
            line[0].set_ylabel(f"ΔG/G against\n{name} (%)")
            single = correlations(last, changes.alike)
            average = correlation(last.mean(axis=0), changes.alike)
            text = interval_text(single.mean(), interval_of(single))
            line[0].set_title(f"r = {text}", loc="right")

            def of_mean(sample: np.ndarray) -> float:
                return correlation(sample.mean(axis=0), changes.alike)

            between = interval_of_smooth(last, of_mean, (-1.0, 1.0))
            line[1].set_title(f"r of means = {interval_text(average, between)}", loc="right")
            texts.append(f"{text} against {name}")
        for letter, ax in zip("abcd", axes.flat, strict=True):
            ax.set_title(f"({letter})", loc="left")
        axes[1, 0].set_xlabel("$s_i s_j$")
        axes[1, 1].set_xlabel("pair of contacts")
        handles = [
            Line2D([], [], ls="", marker=m, color="0.3", mfc="white", label=signs(p))
            for m, p in zip(MARKERS, balanced_patterns(), strict=True)
        ]
        figure.legend(handles=handles, loc="outside upper right", ncols=3, frameon=False, **_TIGHT)
        figure.align_ylabels()
    caption = (
        "Relative change of the conductance of a pair by training, against the product of its two "
        "signs. Left: every pair, pattern and film, with means; r: correlation in a single film, "
        f"mean over films: {'; '.join(texts)}. Right: the {changes.alike.size} means over films "
        f"of every pair and pattern (markers). {sampled(films)} Orange: like, blue: unlike pairs."
    )
    return Picture("hebb", caption, figure)


def _draw_products(ax: Axes, changes: np.ndarray, alike: np.ndarray) -> None:
    for product, color in ((-1, UNLIKE), (1, LIKE)):
        chosen = changes[:, alike == product]
        x = product + jitter(chosen.size, 0.9)
        size = 5 if chosen.size < 200 else 3.5
        faint = max(0.12, min(0.5, 60 / chosen.size))
        ax.plot(x, chosen.ravel(), ".", color=color, alpha=faint, ms=size, mew=0)
        draw_mean(ax, [product], chosen.mean(axis=1)[:, None], points=False, ms=6, mew=1.3)
    ax.set_xlim(-1.7, 1.7)
    ax.set_xticks([-1, 1], ["−1\nunlike", "+1\nlike"])
    tidy(ax, "y")


def _draw_pairs(ax: Axes, changes: np.ndarray, alike: np.ndarray) -> None:
    names = [f"{i}–{j}" for i, j in zip(*np.triu_indices(4, 1), strict=True)]
    for k, marker in enumerate(MARKERS):
        for product, color in ((-1, UNLIKE), (1, LIKE)):
            at = np.flatnonzero(alike[k] == product)
            places = at + 0.22 * (k - 1)
            draw_mean(ax, places, changes[:, k, at], points=False, marker=marker, color=color)
    ax.set_xticks(range(len(names)), names)
    tidy(ax, "y")
