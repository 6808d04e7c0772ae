"""What films of 35 contacts recall, and which slope they follow, beside the other hardware."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spinlearn._intervals import interval_of
from spinlearn.experiments._niu2024_bench import METHODS
from spinlearn.experiments._niu2024_film_bench import PAIRS, SLOPES
from spinlearn.experiments._niu2024_hardware import HARDWARE
from spinlearn.report._pictures import Picture
from spinlearn.report._style import LINES, STYLE
from spinlearn.report.experiments._niu2024_names import called
from spinlearn.report.experiments._samples import bars, finished, sampled, tidy

# What the film stands beside: rules in numbers, ideal links, magnetic links.
_BESIDE = ("hebb", "pseudo_inverse", "ideal, oja_subspace", "links, residual", "links, leaky")


def recall_picture(dataset: Any, spec: Any) -> list[Picture]:
    """Recall against flips and turn by turn, and cosines with the descent of Oja's objective."""
    films = finished(dataset, "film_alone_by_flips", "film_by_flips", "film_by_turn", "film_cosine")
    others = finished(dataset, "by_flips", "cosine_objective")
    if films is None or others is None:
        return []
    alone, whole, by_turn, cosine = films
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 3.5), layout="constrained")
        axes = figure.subplots(1, 3, width_ratios=[1.15, 1.0, 0.8])
        _flips(axes[0], alone, whole, others[0])
        _turns(axes[1], by_turn, spec)
        _cosines(axes[2], cosine[:, -1, SLOPES.index("Oja's objective")], others[1][:, :, 0])
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=4, frameon=False)
    memory = spec.memory
    alone_rate = alone[:, :, memory.flips].mean(axis=0)
    each = ", ".join(f"{n} {r:.2f}" for n, r in zip(memory.letters, alone_rate, strict=True))
    caption = (
        f"(a) Part of the probes of {memory.letters} that come back exactly: of all letters, by "
        "rules in numbers, links, and a film that was taught one letter after the other; and of "
        "the one letter that a copy of the film was taught alone. (b) Recall of each letter in the "
        f"course of the film's turns, {memory.flips} flips. (c) Cosine of the changes of the first "
        "epoch with the descent of Oja's objective, by all hardware. Alone, after "
        f"{memory.flips} flips: {each}; all in turn {whole[:, memory.flips].mean():.2f}. "
        f"{sampled(len(alone), 'film', 'bands and bars')} Other hardware: {len(others[0])} "
        f"device{'s' * (len(others[0]) > 1)}."
    )
    return [Picture("film-recall", caption, figure)]


def _flips(ax: Axes, alone: np.ndarray, whole: np.ndarray, rates: np.ndarray) -> None:
    places = np.arange(rates.shape[2])
    for k, method in enumerate(_BESIDE):
        color, dashes = LINES[k]
        own = rates[:, METHODS.index(method)]
        _band(ax, places, own, called(method), color=color, ls=dashes, lw=1.0)
    style: dict[str, Any] = {"color": "0.1", "lw": 1.4, "marker": "o", "ms": 4}
    _band(ax, places, alone.mean(axis=1), "film, one letter alone", **style)
    _band(ax, places, whole, "film, all in turn", **(style | {"mfc": "white", "ls": "--"}))
    ax.set_xlabel("flipped nodes")
    ax.set_ylabel("part recalled exactly")
    ax.set_title("(a) recall")
    _rates(ax)


def _turns(ax: Axes, by_turn: np.ndarray, spec: Any) -> None:
    letters = spec.memory.letters
    turns = np.arange(by_turn.shape[1])
    for k, letter in enumerate(letters):
        color, dashes = LINES[k % len(LINES)]
        marker = "os^Dv"[k % 5]
        style: dict[str, Any] = {"color": color, "ls": dashes, "lw": 1.0}
        _band(ax, turns, by_turn[:, :, k], letter, marker=marker, ms=4, **style)
    shown = ["none", *(letters[(t - 1) % len(letters)] for t in turns[1:])]
    if len(turns) <= 13:
        ax.set_xticks(turns, shown)
    ax.set_xlabel("letter shown last")
    ax.set_title("(b) film, turn by turn")
    ax.legend(frameon=False, title="recall of", loc="upper right")
    _rates(ax)


def _cosines(ax: Axes, films: np.ndarray, hardware: np.ndarray) -> None:
    names = [*(f"film, {pairs}" for pairs in PAIRS), *map(called, reversed(HARDWARE))]
    columns = [*films.T, *hardware.T[::-1]]
    for place, (name, values) in enumerate(zip(names, columns, strict=True)):
        error = bars(np.atleast_1d(values.mean()), _interval(values))
        color = "0.1" if name.startswith("film") else LINES[0][0]
        ax.errorbar(
            values.mean(), place, xerr=error, ls="", color=color, marker="o", ms=4, mfc="white",
            capsize=2, elinewidth=0.8,
        )  # fmt: skip
    ax.set_yticks(range(len(names)), names)
    ax.set_xlim(-1.05, 1.05)
    ax.set_xlabel("cosine, Oja's objective")
    ax.set_title("(c) slope, first epoch")
    tidy(ax, "x")


def _interval(values: np.ndarray) -> tuple[Any, Any] | None:
    found = interval_of(values[:, None])
    return None if found is None else (found[0], found[1])


def _band(ax: Axes, places: np.ndarray, rates: np.ndarray, label: str, **style: Any) -> None:
    mean, between = rates.mean(axis=0), interval_of(rates)
    ax.plot(places, mean, label=label, **style)
    if between is not None:
        ax.fill_between(places, *between, color=style["color"], alpha=0.15, lw=0)


def _rates(ax: Axes) -> None:
    ax.set_ylim(-0.04, 1.04)
    if len(ax.get_xticks()) > 13 or not ax.get_xlabel().startswith("letter"):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(ax)
