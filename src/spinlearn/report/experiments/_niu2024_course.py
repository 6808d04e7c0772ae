"""How an associative memory learns: recall, gradient, energy and wear, epoch by epoch."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn.experiments._intervals import interval_of
from spinlearn.experiments._memory_bench import PROTOCOLS
from spinlearn.report._pictures import Picture
from spinlearn.report._quantities import with_unit
from spinlearn.report._style import LINES, STYLE
from spinlearn.report.experiments._samples import finished, sampled, tidy

# The colours that these protocols have where they stand beside rules.
_FIRST = 4
_MARKERS = ("o", "s", "^")


def course_picture(dataset: Any, spec: Any) -> list[Picture]:
    """Recall, cosines, energy and what is written against epochs."""
    names = ("by_epoch", "cosine_objective", "cosine_residual", "energy", "read_energy", "written")
    found = finished(dataset, *names)
    if found is None:
        return []
    recall, oja, delta, energy, reads, written = found
    epochs = np.arange(1, energy.shape[2] + 1)
    pulses = energy - reads
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 4.8), layout="constrained")
        axes = figure.subplots(2, 3)
        panels = (
            ("part recalled exactly", np.arange(recall.shape[2]), recall),
            ("cosine with the descent\nof Oja's objective", epochs, oja),
            ("cosine with the descent\nof the residual", epochs, delta),
            ("energy of pulses (J)", epochs, pulses),
            ("energy of reads (J)", epochs, reads),
            ("mean part of a link written", epochs, written),
        )
        for letter, ax, (label, places, values) in zip("abcdef", axes.flat, panels, strict=True):
            _draw(ax, places, values)
            ax.set_ylabel(label)
            ax.set_title(f"({letter})")
            tidy(ax, "y" if "cosine" in label else "")
        axes[0, 0].set_ylim(-0.04, 1.04)
        for ax in axes[0, 1:]:
            ax.set_ylim(-1.05, 1.05)
        for ax in axes[1, :2]:
            ax.set_yscale("log")
        for ax in axes[1]:
            ax.set_xlabel("epoch")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    means = ", ".join(
        f"{name} {with_unit(float(pulses[:, k].mean()), 'J')} and "
        f"{with_unit(float(reads[:, k].mean()), 'J')}"
        for k, name in enumerate(PROTOCOLS)
    )
    caption = (
        f"Learning of {spec.memory.letters}, epoch by epoch: (a) recall after "
        f"{spec.memory.flips} flips; cosine of what the epoch changed with (b) the descent of "
        "Oja's objective and (c) that of the residual ½⟨‖ξ − Wξ‖²⟩, both halfway through the "
        "epoch; once patterns are given back the slope is lost in what is left; (d, e) energy of "
        f"an epoch, mean of pulses and of reads: {means}; (f) how much of the links is used up. "
        f"{sampled(len(energy), 'device', 'bands')}"
    )
    return [Picture("learning", caption, figure)]


def _draw(ax: Axes, places: np.ndarray, values: np.ndarray) -> None:
    for k, protocol in enumerate(PROTOCOLS):
        color, dashes = LINES[_FIRST + k]
        own = values[:, k]
        if not np.any(own > 0) and not np.any(own < 0):
            continue  # no reads, nothing on logarithms
        mean, between = own.mean(axis=0), interval_of(own)
        style: dict[str, Any] = {"color": color, "ls": dashes, "lw": 1.2, "ms": 3}
        ax.plot(places, mean, marker=_MARKERS[k], label=f"links, {protocol}", **style)
        if between is not None:
            ax.fill_between(places, *between, color=color, alpha=0.18, lw=0)
