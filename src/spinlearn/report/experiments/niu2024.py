"""Figures of an associative memory: images, curves of recall, the course of learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.ticker import MaxNLocator

from spinlearn._intervals import interval_of
from spinlearn.experiments._niu2024_bench import METHODS
from spinlearn.experiments._niu2024_hardware import LINKS
from spinlearn.report._animation import Animation
from spinlearn.report._pictures import Picture, legend_name
from spinlearn.report._style import LINES, STYLE
from spinlearn.report._view import RunView
from spinlearn.report.experiments._niu2024_course import course_pictures
from spinlearn.report.experiments._niu2024_film import OF_FILMS, film_pictures
from spinlearn.report.experiments._niu2024_images import image_pictures
from spinlearn.report.experiments._niu2024_names import FEW, KINDS, Look, called, look
from spinlearn.report.experiments._samples import finished, sampled, tidy

#: Variables that need no general figure.
COVERED = OF_FILMS | frozenset(
    {
        "by_flips",
        "by_similarity",
        "by_load",
        "by_set",
        "by_epoch",
        "by_spread",
        "cosine_objective",
        "cosine_residual",
        "cosine_clamped",
        "objective",
        "energy",
        "read_energy",
        "epoch_time",
        "written",
        "probes",
        "recalls",
        "weights",
    }
)


# Where methods of several kinds share one panel: colours and markers of those in FEW.
_LOOKS = [Look(*LINES[k], marker) for k, marker in enumerate("x+Dos^X")]


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
        *course_pictures(dataset, spec),
        *film_pictures(dataset, spec),
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
            own = Look(*LINES[k % len(LINES)], "o")
            _line(ax, np.arange(rates.shape[1]), rates, own, f"{name} ({len(rates)})")
        _recall_axes(ax, "flipped nodes")
        figure.legend(loc="outside right upper", frameon=False)
    caption = (
        "Recall of all runs by links that were trained by the residual, with their numbers of "
        "devices; bands: 95 % intervals of the mean, from three devices on."
    )
    return [Picture("runs", caption, figure)]


def _recall_picture(dataset: Any, spec: Any) -> list[Picture]:
    """Recall against flips, similarity, load and spread, by every kind side by side."""
    found = finished(dataset, "by_flips", "by_similarity", "by_load", "by_spread")
    if found is None:
        return []
    memory = spec.memory
    rows = (
        ("flips", f"flipped nodes; {memory.letters}", found[0]),
        ("similarity", f"mean overlap of {memory.patterns} random patterns", found[1]),
        ("load", f"random patterns, overlap {memory.similarity:g}", found[2]),
    )
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.4, 9.2), layout="constrained")
        axes = figure.subplots(4, 3, sharey=True)
        for column, (kind, methods) in enumerate(KINDS.items()):
            for ax, (name, label, rates) in zip(axes[:, column], rows, strict=False):
                places = np.asarray(dataset[name].values, float)
                for method in methods:
                    own = rates[:, METHODS.index(method)]
                    _line(ax, places, own, look(method), called(method))
                _recall_axes(ax, label)
                if name != "similarity":
                    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes[0, column].set_title(kind)
        spreads = np.asarray(dataset["spread"].values, float)
        for k, method in enumerate(LINKS):
            _line(axes[3, 2], spreads, found[3][:, k], look(method), called(method))
        _recall_axes(axes[3, 2], f"spread of links; {memory.letters}")
        axes[3, 2].tick_params(labelleft=True)
        for ax in axes[3, :2]:
            ax.set_axis_off()
        for ax in axes[:3, 1:].flat:
            ax.set_ylabel("")
        for kind, (ax, place) in enumerate(
            ((axes[3, 0], (0.0, 1.0)), (axes[3, 1], (0.0, 1.0)), (axes[3, 1], (0.0, 0.5)))
        ):
            ax.add_artist(
                Legend(
                    ax,
                    *axes[0, kind].get_legend_handles_labels(),
                    loc="upper left",
                    bbox_to_anchor=place,
                    frameon=False,
                    title=list(KINDS)[kind],
                    alignment="left",
                )
            )
    caption = (
        f"Part of the probes that come back exactly, by rules in numbers, ideal links that follow "
        "rules and magnetic links, read through their conductances: against the number of flipped "
        "nodes, against how similar random patterns are, against their number, and against the "
        f"spread of the links; below the first row {memory.flips} nodes are flipped. Hardware is "
        f"taught for {spec.training.epochs} epochs. {sampled(len(found[0]), 'device', 'bands')}"
    )
    return [Picture("recall", caption, figure)]


def _set_picture(dataset: Any, spec: Any) -> list[Picture]:
    """Recall of every set of letters, in the order of what the projection recalls."""
    found = finished(dataset, "by_set")
    if found is None:
        return []
    rates, names = found[0], [str(s) for s in dataset["set"].values]
    limit = rates[:, METHODS.index("pseudo_inverse")].mean(axis=0)
    order = np.argsort(-limit, kind="stable")
    with mpl.rc_context(STYLE):
        width = max(4.6, 1.6 + 0.2 * len(names))
        figure = Figure(figsize=(width, 3.1), layout="constrained")
        ax = figure.add_subplot()
        for place, method in enumerate(FEW):
            values = rates[:, METHODS.index(method)][:, order]
            mean, between = values.mean(axis=0), interval_of(values)
            error = None if between is None else [mean - between[0], between[1] - mean]
            color, _, marker = _LOOKS[place]
            ax.errorbar(
                np.arange(len(names)) + 0.11 * (place - 0.5 * (len(FEW) - 1)),
                mean,
                yerr=None if error is None else np.maximum(error, 0),
                ls="",
                marker=marker,
                ms=3.5,
                color=color,
                elinewidth=0.8,
                label=called(method),
            )
        ax.axhline(0.95, color="0.8", lw=0.6, zorder=0)
        ax.set_xticks(range(len(names)), [names[k] for k in order], rotation=90)
        ax.set_ylim(-0.04, 1.04)
        ax.set_ylabel(f"recall after {spec.memory.flips} flips")
        figure.legend(loc="outside upper left", ncols=4, frameon=False)
        tidy(ax)
    caption = (
        f"Part of the probes with {spec.memory.flips} flipped nodes that come back exactly, for "
        "every set of letters, in the order of what the pseudo-inverse recalls; the line is at "
        f"95 %. {sampled(len(rates), 'device')}"
    )
    return [Picture("letters", caption, figure)]


def _line(ax: Axes, places: np.ndarray, rates: np.ndarray, own: Look, label: str) -> None:
    """A mean over devices with the band of its interval."""
    color, dashes, marker = own
    mean, between = rates.mean(axis=0), interval_of(rates)
    ax.plot(places, mean, color=color, ls=dashes, lw=1.2, marker=marker, ms=3.5, label=label)
    if between is not None:
        ax.fill_between(places, *between, color=color, alpha=0.18, lw=0)


def _recall_axes(ax: Axes, label: str) -> None:
    ax.set_ylim(-0.04, 1.04)
    ax.set_xlabel(label)
    ax.set_ylabel("part recalled exactly")
    tidy(ax)
