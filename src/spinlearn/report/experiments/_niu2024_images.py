"""Patterns, corrupted probes and recalls of an associative memory as images, and its weights."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from spinlearn.experiments._memory_bench import METHODS
from spinlearn.report._pictures import Picture
from spinlearn.report._style import DIVERGING, STYLE, add_colorbar
from spinlearn.report.experiments._samples import finished

_ROWS, _COLUMNS = 7, 5
_NAMES = {
    "hebb": "outer product",
    "covariance": "covariance",
    "storkey": "Storkey",
    "pseudo_inverse": "pseudo-inverse",
    "oja_subspace": "Oja, subspace",
}


def image_pictures(dataset: Any, spec: Any) -> list[Picture]:
    """Images of one device; none before it is computed."""
    found = finished(dataset, "probes", "recalls", "weights")
    if found is None:
        return []
    probes, recalls, weights = (array[0] for array in found)
    return [_states(dataset, probes, recalls, spec), _weights(weights)]


def _states(dataset: Any, probes: np.ndarray, recalls: np.ndarray, spec: Any) -> Picture:
    patterns = np.asarray(dataset["letters"].values)
    rows = {"pattern": patterns, "probe": probes}
    rows |= {_NAMES.get(m, m): recalls[k] for k, m in enumerate(METHODS)}
    right = {
        name: int(np.sum(np.all(states == patterns, axis=1)))
        for name, states in rows.items()
        if name not in ("pattern", "probe")
    }
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(0.75 * len(rows) + 0.4, 0.95 * len(patterns) + 0.75))
        axes = figure.subplots(len(patterns), len(rows), squeeze=False)
        figure.subplots_adjust(0.01, 0.01, 0.99, 0.99 - 0.62 / figure.get_figheight(), 0.12, 0.12)
        for column, (name, states) in enumerate(rows.items()):
            for line, state in enumerate(states):
                ax = axes[line, column]
                # Colours name what is wrong, lightness what is ink.
                wrong = state != patterns[line]
                colors = np.where((state > 0)[:, None], 0.12, 0.93) * np.ones(3)
                colors[wrong & (state > 0)] = (0.84, 0.37, 0.0)
                colors[wrong & (state < 0)] = (0.99, 0.80, 0.62)
                ax.imshow(colors.reshape(_ROWS, _COLUMNS, 3), interpolation="nearest")
                ax.set_xticks(np.arange(0.5, _COLUMNS - 1), [])
                ax.set_yticks(np.arange(0.5, _ROWS - 1), [])
                ax.grid(color="white", lw=0.6)
                ax.tick_params(length=0)
                ax.spines[:].set_visible(False)
            axes[0, column].set_title(name.replace(", ", ",\n").replace(" ", "\n"), loc="center")
    counts = ", ".join(f"{name} {count}" for name, count in right.items())
    caption = (
        f"One probe of every pattern with {spec.memory.flips} flipped nodes, and where every "
        "method leads it, on the first device. Orange: nodes that differ from the pattern, dark "
        f"where there should be none. Of {len(patterns)} come back exactly: {counts}."
    )
    return Picture("images", caption, figure)


def _weights(weights: np.ndarray) -> Picture:
    shown = ("hebb", "pseudo_inverse", "links, hebbian", "links, residual", "links, subspace")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 2.0), layout="constrained")
        axes = figure.subplots(1, len(shown))
        for k, (ax, method) in enumerate(zip(axes, shown, strict=True)):
            w = weights[METHODS.index(method)].copy()
            np.fill_diagonal(w, 0)
            limit = float(np.abs(w).max()) or 1.0
            image = ax.imshow(w, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
            ax.set_title(_NAMES.get(method, method))
            ax.set_xticks([0, 34])
            ax.set_yticks([0, 34], ["0", "34"] if k == 0 else ["", ""])
            add_colorbar(ax, image, "")
        axes[0].set_ylabel("to node")
        axes[2].set_xlabel("from node")
    caption = (
        "Weights without their diagonal, by rules and on the links of the first device after the "
        "last epoch, each in a scale of its own (no unit)."
    )
    return Picture("weights", caption, figure)
