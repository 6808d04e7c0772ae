"""Figures of spiking neurons on a crossbar: receptive fields, accuracy, energy, small arrays."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn._intervals import interval_of
from spinlearn.experiments._zhou2025_device import fit_of
from spinlearn.experiments._zhou2025_twin import DEPRESSION, stationary
from spinlearn.report._animation import Animation
from spinlearn.report._junction_figures import switching_fit_figure
from spinlearn.report._pictures import Picture, legend_name
from spinlearn.report._style import LINES, STYLE, add_colorbar
from spinlearn.report._view import RunView
from spinlearn.report.experiments._samples import finished, sampled, tidy

#: Variables that need no general figure.
COVERED = frozenset(
    {
        "accuracy",
        "accuracy_first",
        "inference_energy",
        "read_energy",
        "write_energy",
        "clocks",
        "silent",
        "used",
        "confusion",
        "fields",
        "classes",
        "softmax",
        "analog",
        "images",
        "switching",
        "disturbed",
        "twin_stored",
        "twin_told_apart",
        "twin_on",
    }
)

_MOST_FIELDS = 100
_BESIDE = (("softmax", "softmax", ":"), ("analog", "analog devices", "-."))


def pictures(view: RunView) -> list[Picture]:
    """Figures of what is computed (SI units)."""
    dataset = view.dataset
    if dataset is None:
        return []
    spec: Any = view.spec
    return [
        *_course(dataset, spec),
        *_fields(dataset),
        *_confusion(dataset),
        *(_twin(dataset, spec) if spec.twin.arrays else []),
        *_counts(spec),
    ]


def animations(view: RunView) -> list[tuple[Animation, str, str]]:
    """None: there is no texture (no unit)."""
    del view
    return []


def comparison(views: Sequence[RunView]) -> list[Picture]:
    """Accuracy of several runs against epochs."""
    found = [
        (legend_name(view.name), rows[0])
        for view in views
        if view.dataset is not None and (rows := finished(view.dataset, "accuracy")) is not None
    ]
    if not found:
        return []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.8), layout="constrained")
        ax = figure.add_subplot()
        for k, (name, rates) in enumerate(found):
            _line(ax, np.arange(rates.shape[1]), 100 * rates, k, f"{name} ({len(rates)})")
        ax.set_xlabel("epochs")
        ax.set_ylabel("accuracy (%)")
        tidy(ax)
        figure.legend(loc="outside right upper", frameon=False)
    caption = (
        "Accuracy of all runs on held-out images, with their numbers of arrays; bands: 95 % "
        "intervals of the mean, from three arrays on."
    )
    return [Picture("runs", caption, figure)]


def _course(dataset: Any, spec: Any) -> list[Picture]:
    found = finished(
        dataset,
        "accuracy",
        "accuracy_first",
        "read_energy",
        "write_energy",
        "clocks",
        "used",
        "inference_energy",
    )
    if found is None:
        return []
    told, first, read, written, clocks, used, asked = found
    shown, epochs = np.arange(told.shape[1]), np.arange(1, read.shape[1] + 1)
    spikes = min(spec.learning.spikes, spec.array.neurons)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.6, 4.8), layout="constrained")
        (a, b), (c, d) = figure.subplots(2, 2)
        _line(a, shown, 100 * told, 0, f"first {spikes} spikes")
        _line(a, shown, 100 * first, 1, "first spike")
        for name, text, dashes in _BESIDE:
            if spec.comparisons and (beside := finished(dataset, name)) is not None:
                a.axhline(100 * beside[0].mean(), color="0.4", lw=0.9, ls=dashes, label=text)
        a.set_ylabel("accuracy (%)")
        _line(b, epochs, 1e12 * read, 0, "read")
        _line(b, epochs, 1e12 * written, 1, "write")
        _line(b, shown, 1e12 * asked, 2, "inference")
        b.set_yscale("log")
        b.set_ylabel("energy of an image (pJ)")
        _line(c, epochs, clocks, 0, "")
        c.set_ylabel("clocks of an image")
        _line(d, epochs, used, 0, "")
        d.set_ylim(0, 1.05 * spec.array.neurons)
        d.set_ylabel("neurons that fired")
        for letter, ax in zip("abcd", (a, b, c, d), strict=True):
            ax.set_title(f"({letter})", loc="left")
            ax.set_xlabel("epochs")
            tidy(ax)
        for ax in (a, b):
            ax.legend(frameon=False)
    caption = (
        f"(a) Accuracy on held-out images of {spec.data.name}, by the first spikes of "
        f"{spec.array.neurons} neurons that are named by labels of training images"
        f"{_beside(spec)}. (b) Energy of "
        "a training image: that of the currents until the first spike, and that of the pulses that "
        "write; and of a held-out image until the last spike that votes. (c) Clocks until the "
        "first spike. (d) Neurons that fired in an epoch. "
        f"{sampled(len(told), 'array', 'bands')}"
    )
    return [Picture("learning", caption, figure)]


def _fields(dataset: Any) -> list[Picture]:
    found = finished(dataset, "fields", "classes")
    if found is None:
        return []
    fields, classes = found[0][0], found[1][0]
    order = np.lexsort((np.arange(len(classes)), np.where(classes < 0, np.inf, classes)))
    shown = order[np.linspace(0, len(order) - 1, min(len(order), _MOST_FIELDS)).astype(int)]
    side = round(np.sqrt(fields.shape[1]))
    if side * side != fields.shape[1]:
        return []
    columns = int(np.ceil(np.sqrt(len(shown))))
    lines = int(np.ceil(len(shown) / columns))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(0.52 * columns, 0.62 * lines), layout="constrained")
        for k, ax in enumerate(figure.subplots(lines, columns, squeeze=False).ravel()):
            ax.set_axis_off()
            if k < len(shown):
                ax.imshow(
                    fields[shown[k]].reshape(side, side),
                    cmap="Greys",
                    vmin=0,
                    vmax=1,
                    interpolation="nearest",
                )
                name = classes[shown[k]]
                ax.set_title("–" if name < 0 else f"{name:.0f}", fontsize=6, pad=1)
    of = f"{len(shown)} of {len(classes)}" if len(shown) < len(classes) else f"All {len(shown)}"
    caption = (
        f"{of} receptive fields of the first array, in the order of the classes for which the "
        "neurons fired most (numbers; – for none). Black: parallel, conducting; white: "
        "antiparallel; grey: parts of a synapse's junctions."
    )
    return [Picture("fields", caption, figure)]


def _confusion(dataset: Any) -> list[Picture]:
    found = finished(dataset, "confusion")
    if found is None:
        return []
    counts = found[0].sum(axis=0)
    share = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.4, 3.7), layout="constrained")
        ax = figure.add_subplot()
        image = ax.imshow(share, cmap="Blues", vmin=0, vmax=100)
        for i, j in np.argwhere(share >= 0.5):
            dark = share[i, j] > 55
            color = "white" if dark else "black"
            ax.text(j, i, f"{share[i, j]:.0f}", ha="center", va="center", color=color, fontsize=6)
        ticks = np.arange(len(share))
        ax.set_xticks(ticks)
        ax.set_yticks(ticks)
        ax.set_xlabel("class told")
        ax.set_ylabel("true class")
        add_colorbar(ax, image, "part of the class (%)")
    caption = (
        f"Confusion of classes of held-out images, {len(found[0])} arrays together; parts below "
        "0.5 % carry no number."
    )
    return [Picture("confusion", caption, figure)]


def _twin(dataset: Any, spec: Any) -> list[Picture]:
    found = finished(dataset, "twin_stored", "twin_told_apart", "twin_on")
    if found is None:
        return []
    stored, told, on = (part[0] for part in found)
    table = spec.twin
    shown = np.asarray(dataset["presentation"].values)
    spread = int(np.argmin(np.abs(np.array(table.spreads) - spec.junction.resistance_spread)))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.4, 2.9), layout="constrained")
        a, b, c = figure.subplots(1, 3)
        for k, chance in enumerate(table.probabilities):
            color = LINES[k % len(LINES)][0]
            a.plot(shown, 100 * stored[k, spread], color=color, lw=1.2, label=f"p = {chance:g}")
            a.plot(shown, 100 * told[k, spread], color=color, lw=0.9, ls="--")
            b.plot(
                100 * np.array(table.spreads),
                100 * stored[k, :, -1],
                color=color,
                lw=1.2,
                marker="o",
                ms=3.5,
            )
        a.set_xlabel("presentations")
        b.set_xlabel("spread of junctions (%)")
        for ax in (a, b):
            ax.set_ylim(-2, 102)
            ax.set_ylabel("arrays (%)")
        q = np.linspace(0, 1, 101)
        c.plot(100 * q, 100 * stationary(q, 1.0, DEPRESSION), color="0.4", lw=1.0, label="exact")
        active = np.array(table.active)
        for k in range(len(table.probabilities)):
            error = 196 * np.sqrt(on[k] * (1 - on[k]) / table.arrays)
            place = 100 * active + 1.2 * (k - 0.5 * (len(table.probabilities) - 1))
            color = LINES[k % len(LINES)][0]
            c.errorbar(place, 100 * on[k], yerr=error, ls="", marker="o", ms=3, color=color, lw=0.9)
        c.set_xlabel("input active (%)")
        c.set_ylabel("junctions on (%)")
        c.legend(frameon=False)
        for letter, ax in zip("abc", (a, b, c), strict=True):
            ax.set_title(f"({letter})", loc="left")
            tidy(ax)
        a.legend(frameon=False, loc="lower right")
    caption = (
        f"{table.arrays} arrays of 4 inputs and 2 neurons that see both diagonals of 2×2 pixels. "
        f"(a) Arrays whose neurons hold the patterns exactly (solid) and that tell them apart "
        f"(dashed; these patterns are each other's opposite, which most new arrays tell apart), at "
        f"a spread of {100 * table.spreads[spread]:g} %. (b) Arrays that hold them "
        f"after {table.presentations} presentations, in the colours of (a). (c) Junctions of a "
        "lone neuron that are on in the stationary state, beside P = q p/(q p + (1 − q) p/2); "
        "points are moved sideways; bars: 95 % intervals."
    )
    return [Picture("small-arrays", caption, figure)]


def _beside(spec: Any) -> str:
    if not spec.comparisons:
        return ""
    return ", beside ideal analog devices that get the same pulses, and a softmax, in the end"


def _counts(spec: Any) -> list[Picture]:
    """The counts that the junction was fitted to."""
    if not spec.junction.counts:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = fit_of(spec.junction.counts)
    caption = (
        "Counts of switching with their 95 % intervals, and the Fokker–Planck equation fitted to "
        "them. Pulses are made for this junction; every array has one of those that the counts "
        "leave open."
    )
    return [Picture("counts", caption, switching_fit_figure(fit))]


def _line(ax: Axes, places: np.ndarray, values: np.ndarray, k: int, label: str) -> None:
    """A mean over arrays with the band of its interval."""
    color, dashes = LINES[k % len(LINES)]
    mean, between = values.mean(axis=0), interval_of(values)
    ax.plot(places, mean, color=color, ls=dashes, lw=1.2, marker="o", ms=3.5, label=label or None)
    if between is not None:
        ax.fill_between(places, *between, color=color, alpha=0.18, lw=0)
