"""Patterns, corrupted probes and recalls of an associative memory as images, and its weights."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from spinlearn.experiments._niu2024_bench import METHODS, RULES
from spinlearn.experiments._niu2024_hardware import HARDWARE, LINKS
from spinlearn.report._pictures import Picture
from spinlearn.report._style import DIVERGING, STYLE, add_colorbar
from spinlearn.report.experiments._niu2024_names import called
from spinlearn.report.experiments._samples import finished

_ROWS, _COLUMNS = 7, 5
# Pixels of a dot, one of which parts it from the next.
_DOT = 8


def image_pictures(dataset: Any, spec: Any) -> list[Picture]:
    """Images of one device; none before it is computed."""
    found = finished(dataset, "probes", "recalls", "weights")
    if found is None:
        return []
    probes, recalls, weights = (array[0] for array in found)
    return [_states(dataset, probes, recalls, spec), _weights(weights)]


def _states(dataset: Any, probes: np.ndarray, recalls: np.ndarray, spec: Any) -> Picture:
    patterns = np.asarray(dataset["letters"].values)
    rules = {called(m): recalls[METHODS.index(m)] for m in RULES}
    hardware = {called(m): recalls[METHODS.index(m)] for m in HARDWARE}
    bands = ({"pattern": patterns, "probe": probes} | rules, {"probe": probes} | hardware)
    right = {
        name: int(np.sum(np.all(states == patterns, axis=1)))
        for name, states in (rules | hardware).items()
    }
    columns = max(map(len, bands))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(0.85 * columns, 2.4 * len(patterns) + 0.6), layout="constrained")
        for ax, band in zip(figure.subplots(2, 1), bands, strict=True):
            image = _mosaic(list(band.values()), patterns)
            ax.imshow(image, interpolation="nearest")
            wide = (_COLUMNS + 1) * _DOT
            for column, name in enumerate(band):
                place = (column + 0.5) * wide - 0.5 * _DOT, -0.5 * _DOT
                ax.text(*place, name.replace(", ", ",\n"), ha="center", va="bottom")
            ax.set_xlim(-0.5, columns * wide - 0.5)
            ax.set_axis_off()
    counts = ", ".join(f"{name} {count}" for name, count in right.items())
    caption = (
        f"One probe of every pattern with {spec.memory.flips} flipped nodes, and where every "
        "method leads it, on the first device. Orange: nodes that differ from the pattern, dark "
        f"where there should be none. Of {len(patterns)} come back exactly: {counts}."
    )
    return Picture("images", caption, figure)


def _mosaic(columns: list[np.ndarray], patterns: np.ndarray) -> np.ndarray:
    """States of all columns ``(p, n)``, dot by dot; colours name what is wrong, lightness ink."""
    lines = []
    for line, pattern in enumerate(patterns):
        glyphs = []
        for states in columns:
            state = states[line]
            wrong = state != pattern
            colors = np.where((state > 0)[:, None], 0.12, 0.93) * np.ones(3)
            colors[wrong & (state > 0)] = (0.84, 0.37, 0.0)
            colors[wrong & (state < 0)] = (0.99, 0.80, 0.62)
            dots = colors.reshape(_ROWS, _COLUMNS, 3).repeat(_DOT, 0).repeat(_DOT, 1)
            dots[::_DOT], dots[:, ::_DOT] = 1, 1
            glyphs.append(np.pad(dots, ((0, _DOT), (0, _DOT), (0, 0)), constant_values=1))
        lines.append(np.concatenate(glyphs, axis=1))
    return np.concatenate(lines, axis=0)


def _weights(weights: np.ndarray) -> Picture:
    shown = ("pseudo_inverse", "ideal, oja_subspace", *LINKS)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 2.0), layout="constrained")
        axes = figure.subplots(1, len(shown))
        for k, (ax, method) in enumerate(zip(axes, shown, strict=True)):
            w = weights[METHODS.index(method)].copy()
            np.fill_diagonal(w, 0)
            limit = float(np.abs(w).max()) or 1.0
            image = ax.imshow(w, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
            ax.set_title(called(method))
            ax.set_xticks([0, 34])
            ax.set_yticks([0, 34], ["0", "34"] if k == 0 else ["", ""])
            add_colorbar(ax, image, "")
        axes[0].set_ylabel("to node")
        axes[2].set_xlabel("from node")
    caption = (
        "Weights without their diagonal, by the pseudo-inverse and on hardware, the first device "
        "after the last epoch, each in a scale of its own (no unit)."
    )
    return Picture("weights", caption, figure)
