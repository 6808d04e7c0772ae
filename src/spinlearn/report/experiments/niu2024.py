"""Figures of an associative memory: images, curves of recall, the course of learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn.experiments._intervals import interval_of
from spinlearn.experiments._memory_bench import METHODS, PROTOCOLS
from spinlearn.report._animation import Animation
from spinlearn.report._pictures import Picture, legend_name
from spinlearn.report._style import LINES, STYLE
from spinlearn.report._view import RunView
from spinlearn.report.experiments._niu2024_course import course_picture
from spinlearn.report.experiments._niu2024_images import image_pictures
from spinlearn.report.experiments._samples import finished, sampled, tidy

#: Variables that need no general figure.
COVERED = frozenset(
    {
        "by_flips",
        "by_similarity",
        "by_load",
        "by_set",
        "by_epoch",
        "by_spread",
        "cosine_objective",
        "cosine_residual",
        "energy",
        "read_energy",
        "epoch_time",
        "written",
        "probes",
        "recalls",
        "weights",
    }
)

#: Methods that have a line of their own in figures, and what they are called.
SHOWN = {
    "hebb": "outer product",
    "storkey": "Storkey",
    "pseudo_inverse": "pseudo-inverse",
    "oja_subspace": "Oja, subspace",
    "links, hebbian": "links, hebbian",
    "links, residual": "links, residual",
    "links, subspace": "links, subspace",
}

_MARKERS = ("x", "+", "x", "+", "o", "s", "^")


def pictures(view: RunView) -> list[Picture]:
    """Figures of what is computed (SI units)."""
    dataset = view.dataset
    if dataset is None:
        return []
    spec: Any = view.spec
    return [
        *image_pictures(dataset, spec),
        *_recall_picture(dataset, spec),
        *_set_picture(dataset, spec),
        *course_picture(dataset, spec),
    ]


def animations(view: RunView) -> list[tuple[Animation, str, str]]:
    """None: there is no texture (no unit)."""
    del view
    return []


def comparison(views: Sequence[RunView]) -> list[Picture]:
    """Recall of several runs against the number of flips, links trained by the residual."""
    found = [
        (legend_name(view.name), rows[0][:, METHODS.index("links, residual")])
        for view in views
        if view.dataset is not None and (rows := finished(view.dataset, "by_flips")) is not None
    ]
    if not found:
        return []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.8), layout="constrained")
        ax = figure.add_subplot()
        for k, (name, rates) in enumerate(found):
            _line(ax, np.arange(rates.shape[1]), rates, k, f"{name} ({len(rates)})")
        _recall_axes(ax, "flipped nodes")
        figure.legend(loc="outside right upper", frameon=False)
    caption = (
        "Recall of all runs by links that were trained by the residual, with their numbers of "
        "devices; bands: 95 % intervals of the mean, from three devices on."
    )
    return [Picture("runs", caption, figure)]


def _recall_picture(dataset: Any, spec: Any) -> list[Picture]:
    """Recall against flips, similarity, load and the spread of devices."""
    found = finished(dataset, "by_flips", "by_similarity", "by_load", "by_spread")
    if found is None:
        return []
    memory = spec.memory
    panels = (
        ("flips", f"flipped nodes; letters {memory.letters}", found[0]),
        ("similarity", f"mean overlap of {memory.patterns} random patterns", found[1]),
        ("load", f"random patterns of mean overlap {memory.similarity:g}", found[2]),
        ("spread", f"spread of links; letters {memory.letters}", found[3]),
    )
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 5.0), layout="constrained")
        axes = figure.subplots(2, 2, sharey=True)
        for letter, ax, (name, label, rates) in zip("abcd", axes.flat, panels, strict=True):
            places = np.asarray(dataset[name].values, float)
            names = [f"links, {p}" for p in PROTOCOLS] if name == "spread" else list(METHODS)
            for k, (method, text) in enumerate(SHOWN.items()):
                if method in names:
                    _line(ax, places, rates[:, names.index(method)], k, text)
            _recall_axes(ax, label)
            ax.set_title(f"({letter})")
        for ax in axes[:, 1]:
            ax.set_ylabel("")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
    caption = (
        f"Part of the probes that come back exactly: (a) against the number of flipped nodes, "
        f"(b) against how similar random patterns are, (c) against their number, (d) against the "
        f"spread of the links; in (b) to (d) {memory.flips} nodes are flipped. Lines: rules in "
        "numbers; lines with markers: links trained by pulses, "
        f"{spec.training.epochs} epochs. {sampled(len(found[0]), 'device', 'bands')}"
    )
    return [Picture("recall", caption, figure)]


def _set_picture(dataset: Any, spec: Any) -> list[Picture]:
    """Recall of every set of letters, in the order of what the projection recalls."""
    found = finished(dataset, "by_set")
    if found is None:
        return []
    rates, names = found[0], [str(s) for s in dataset["set"].values]
    shown = ("hebb", "pseudo_inverse", "links, hebbian", "links, residual", "links, subspace")
    limit = rates[:, METHODS.index("pseudo_inverse")].mean(axis=0)
    order = np.argsort(-limit, kind="stable")
    with mpl.rc_context(STYLE):
        width = max(3.6, 1.6 + 0.16 * len(names))
        figure = Figure(figsize=(width, 2.9), layout="constrained")
        ax = figure.add_subplot()
        for method in shown:
            k = list(SHOWN).index(method)
            values = rates[:, METHODS.index(method)][:, order]
            mean, between = values.mean(axis=0), interval_of(values)
            error = None if between is None else [mean - between[0], between[1] - mean]
            ax.errorbar(
                np.arange(len(names)) + 0.12 * (shown.index(method) - 2),
                mean,
                yerr=None if error is None else np.maximum(error, 0),
                ls="",
                marker=_MARKERS[k],
                ms=3.5,
                color=LINES[k][0],
                elinewidth=0.8,
                label=SHOWN[method],
            )
        ax.axhline(0.95, color="0.8", lw=0.6, zorder=0)
        ax.set_xticks(range(len(names)), [names[k] for k in order], rotation=90)
        ax.set_ylim(-0.04, 1.04)
        ax.set_ylabel(f"recall after {spec.memory.flips} flips")
        figure.legend(loc="outside upper left", ncols=3, frameon=False)
        tidy(ax)
    caption = (
        f"Part of the probes with {spec.memory.flips} flipped nodes that come back exactly, for "
        "every set of letters, in the order of what the pseudo-inverse recalls; the line is at "
        f"95 %. {sampled(len(rates), 'device')}"
    )
    return [Picture("letters", caption, figure)]


def _line(ax: Axes, places: np.ndarray, rates: np.ndarray, k: int, label: str) -> None:
    """A mean over devices with the band of its interval."""
    color, dashes = LINES[k % len(LINES)]
    mean, between = rates.mean(axis=0), interval_of(rates)
    marker = _MARKERS[k % len(_MARKERS)] if label.startswith("links") else ""
    ax.plot(places, mean, color=color, ls=dashes, lw=1.2, marker=marker, ms=3.5, label=label)
    if between is not None:
        ax.fill_between(places, *between, color=color, alpha=0.18, lw=0)


def _recall_axes(ax: Axes, label: str) -> None:
    ax.set_ylim(-0.04, 1.04)
    ax.set_xlabel(label)
    ax.set_ylabel("part recalled exactly")
    tidy(ax)
