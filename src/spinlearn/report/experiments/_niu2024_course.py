"""How an associative memory learns: recall, gradient, energy and wear, epoch by epoch."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from spinlearn._intervals import interval_of
from spinlearn.experiments._niu2024_descent import OBJECTIVES, descended
from spinlearn.experiments._niu2024_hardware import HARDWARE, LINKS
from spinlearn.report._pictures import Picture
from spinlearn.report._quantities import with_unit
from spinlearn.report._style import STYLE
from spinlearn.report.experiments._niu2024_names import KINDS, called, look
from spinlearn.report.experiments._samples import finished, sampled, tidy

_COLUMNS = ("ideal links", "magnetic links")


def course_pictures(dataset: Any, spec: Any) -> list[Picture]:
    """Recall, objectives, cosines, energy and what is written against epochs."""
    names = ("by_epoch", "objective", "energy", "read_energy", "written", *OBJECTIVES)
    found = finished(dataset, *names)
    if found is None:
        return []
    values = dict(zip(names, found, strict=True))
    return [_learning(values, spec), _gradient(values, spec)]


def _learning(values: dict[str, np.ndarray], spec: Any) -> Picture:
    energy, reads = values["energy"], values["read_energy"]
    pulses = energy - reads
    epochs = np.arange(1, energy.shape[2] + 1)
    rows = (
        ("part recalled exactly", np.arange(len(epochs) + 1), values["by_epoch"]),
        ("Oja's objective, relative", np.arange(len(epochs) + 1), values["objective"]),
        ("energy of pulses (J)", epochs, pulses),
    )
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 8.0), layout="constrained")
        axes = figure.subplots(4, 2)
        for column, kind in enumerate(_COLUMNS):
            for ax, (label, places, drawn) in zip(axes[:3, column], rows, strict=True):
                for method in KINDS[kind]:
                    _draw(ax, places, drawn[:, HARDWARE.index(method)], method)
                ax.set_ylabel(label)
                tidy(ax)
            axes[0, column].set_ylim(-0.04, 1.04)
            _head(axes[0, column], kind)
            axes[1, column].set_yscale("log")
            axes[2, column].set_ylim(0, 1.1 * axes[2, column].get_ylim()[1])
        for k, method in enumerate(LINKS):
            _draw(axes[3, 0], epochs, reads[:, HARDWARE.index(method)], method)
            _draw(axes[3, 1], epochs, values["written"][:, k], method)
        axes[3, 0].set_ylim(0, None)
        axes[3, 0].set_ylabel("energy of reads (J),\nmagnetic links")
        axes[3, 1].set_ylabel("mean part of a link written")
        axes[3, 1].set_ylim(0, None)
        for ax in axes[3]:
            tidy(ax)
            ax.set_xlabel("epoch")
    means = ", ".join(
        f"{called(name)} {with_unit(float(pulses[:, k].mean()), 'J')}"
        for k, name in enumerate(HARDWARE)
    )
    caption = (
        f"Learning of {spec.memory.letters}, epoch by epoch: recall after {spec.memory.flips} "
        "flips; Oja's objective over that of a network without weights, with the diagonal of the "
        "weights where there is one; energy of the pulses and of the reads of an epoch; and how "
        f"much of the magnetic links is used up. Mean energy of the pulses of an epoch: {means}. "
        f"{sampled(len(energy), 'device', 'bands')}"
    )
    return Picture("learning", caption, figure)


def _gradient(values: dict[str, np.ndarray], spec: Any) -> Picture:
    count, _, epochs = values["cosine_objective"].shape
    places = np.arange(1, epochs + 1)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 6.6), layout="constrained")
        axes = figure.subplots(3, 2, sharex=True, sharey=True)
        for column, kind in enumerate(_COLUMNS):
            for ax, (name, text) in zip(axes[:, column], OBJECTIVES.items(), strict=True):
                for method in KINDS[kind]:
                    own = values[name][:, HARDWARE.index(method)]
                    _draw(ax, places, own, method, faint=name not in descended(method))
                ax.set_ylim(-1.05, 1.05)
                tidy(ax, "y")
                if column == 0:
                    ax.set_ylabel(f"cosine with the descent\nof {text}")
            _head(axes[0, column], kind)
            axes[2, column].set_xlabel("epoch")
    caption = (
        f"Do the changes of an epoch follow a slope? {spec.memory.letters}: cosine of what "
        "conductances show of them with the descent of Oja's objective ½⟨‖ξ − VᵀVξ‖²⟩, V = Wᵀ, of "
        "the residual ½⟨‖ξ − Wξ‖²⟩ and of the clamped objective ½⟨‖ξξᵀ − W‖²⟩, halfway through "
        "the epoch. Thick: what the rule is to descend; thin: the others. Where the objective is "
        "at its least, what is left of the slope is lost in the noise of single pulses. "
        f"{sampled(count, 'device', 'bands')}"
    )
    return Picture("gradient", caption, figure)


def _head(ax: Axes, kind: str) -> None:
    """Title and legend above a column of panels, lines as they are drawn where they count."""
    handles = []
    for method in KINDS[kind]:
        color, dashes, marker = look(method)
        style: dict[str, Any] = {"color": color, "ls": dashes, "marker": marker, "ms": 3.2}
        handles.append(Line2D([], [], lw=1.3, label=called(method), **style))
    ax.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False
    )
    ax.set_title(kind, pad=32)


def _draw(
    ax: Axes, places: np.ndarray, own: np.ndarray, method: str, *, faint: bool = False
) -> None:
    color, dashes, marker = look(method)
    mean, between = own.mean(axis=0), interval_of(own)
    style: dict[str, Any] = {"color": color, "ls": dashes, "label": called(method), "ms": 3.2}
    style |= {"lw": 0.6, "alpha": 0.55, "zorder": 1.5} if faint else {"lw": 1.3}
    ax.plot(places, mean, marker="" if faint else marker, **style)
    if between is not None and not faint:
        ax.fill_between(places, *between, color=color, alpha=0.18, lw=0)
