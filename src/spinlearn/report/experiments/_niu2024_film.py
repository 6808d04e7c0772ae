"""Films of 35 contacts beside an associative memory's links: reach, weights, texture, recall."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn._intervals import interval_of
from spinlearn.experiments._niu2024_film_claims import pair_changes
from spinlearn.report._pictures import Picture
from spinlearn.report._style import DIVERGING, LINES, STYLE, add_colorbar
from spinlearn.report.experiments._niu2024_film_recall import recall_picture
from spinlearn.report.experiments._niu2024_film_texture import texture_picture
from spinlearn.report.experiments._samples import finished, sampled, tidy

#: Variables that are drawn here.
OF_FILMS = frozenset(
    f"film_{name}"
    for name in (
        "untrained",
        "reference",
        "alone",
        "course",
        "weights_alone",
        "weights",
        "alone_by_flips",
        "by_flips",
        "by_turn",
        "energy_alone",
        "energy",
        "cosine",
        "m_before",
        "m_first",
        "m_after",
        "current",
    )
)
# Distances that are drawn, from the nearest on: beyond, conductances are below what is read.
_FARTHEST = 10


def film_pictures(dataset: Any, spec: Any) -> list[Picture]:
    """Figures of the films; none without films, or before the first of them is computed."""
    found = finished(dataset, "film_alone", "film_reference", "film_weights", "film_weights_alone")
    if found is None:
        return []
    alone, course = found[3][0], found[2][0]
    return [
        _reach(dataset, spec, len(found[0])),
        _weights(dataset, spec, alone, course),
        *texture_picture(dataset, spec),
        *recall_picture(dataset, spec),
    ]


def _reach(dataset: Any, spec: Any, films: int) -> Picture:
    """Agreement, contrast and size of changes against the distance between contacts."""
    changes = [pair_changes(spec, dataset, k) for k in range(films)]
    far = changes[0].distances()[:_FARTHEST]
    pairs = [changes[0].at(d) for d in far]
    agreement = np.array([[c.agreement(at) for at in pairs] for c in changes])
    gained = np.array([[100 * _rms(c.relative[:, at & c.used]) for at in pairs] for c in changes])
    near = np.array([_rms(c.gain[:, c.near & c.used]) for c in changes])
    learned = np.array([[_rms(c.gain[:, at & c.used]) for at in pairs] for c in changes])
    size = np.array([[c.size[at & c.used].mean() for at in pairs] for c in changes])
    first = np.array([c.size[c.near & c.used].mean() for c in changes])
    unit = "contacts" if spec.film.contacts == "edge" else "pitches"
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.6, 2.7), layout="constrained")
        axes = figure.subplots(1, 3)
        _series(axes[0], far, agreement, 0)
        axes[0].set_ylim(-1.05, 0.25)
        axes[0].set_ylabel("r of ΔG/G with $s_i s_j$")
        tidy(axes[0], "y")
        _series(axes[1], far, gained, 1)
        axes[1].set_ylim(0, None)
        axes[1].set_ylabel("rms of ΔG/G (%)")
        tidy(axes[1])
        _series(axes[2], far, learned / near[:, None], 0, "change ΔG")
        _series(axes[2], far, size / first[:, None], 2, "conductance G")
        axes[2].set_yscale("log")
        axes[2].set_ylabel("over that of neighbours")
        axes[2].legend(frameon=False)
        tidy(axes[2])
        titles = ("agreement", "relative changes", "in S")
        for letter, ax, title in zip("abc", axes, titles, strict=True):
            ax.set_xlabel(f"distance of contacts ({unit})")
            ax.set_title(f"({letter}) {title}")
    counts = ", ".join(f"{int((at & changes[0].used).sum())}" for at in pairs)
    caption = (
        "How far the couplings of a film of 35 contacts reach, after one pattern alone "
        f"({', '.join(spec.memory.letters)}): (a) correlation of the relative change of "
        "conductances, against the mean over balanced patterns, with $s_i s_j$; −1 is Hebb's rule. "
        "(b) Size of those changes. (c) Changes and conductances in S, over those of neighbours: "
        f"pairs far apart conduct next to nothing. Pairs at each distance: {counts}. "
        f"{sampled(films, 'film')}"
    )
    return Picture("film-reach", caption, figure)


def _series(
    ax: Axes, places: np.ndarray, values: np.ndarray, style: int, label: str | None = None
) -> None:
    """Means over films with error bars."""
    color, dashes = LINES[style]
    mean, between = values.mean(axis=0), interval_of(values)
    error = None if between is None else np.maximum([mean - between[0], between[1] - mean], 0)
    marker = "os^"[style]
    ax.errorbar(
        places, mean, yerr=error, color=color, ls=dashes, lw=1.0, marker=marker, ms=4,
        mfc="white", capsize=2, elinewidth=0.8, label=label,
    )  # fmt: skip


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _weights(dataset: Any, spec: Any, alone: np.ndarray, course: np.ndarray) -> Picture:
    """Outer products beside the weights of the first film."""
    letters = np.asarray(dataset["letters"].values, float)
    names, p = spec.memory.letters, len(letters)
    n = letters.shape[1]
    panels = {
        f"outer product, {names[0]}": np.outer(letters[0], letters[0]) / n,
        f"film, {names[0]} alone": alone[0],
        f"outer product, {names}": letters.T @ letters / n,
        f"film, {names} in turn": course[p],
    }
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 2.3), layout="constrained")
        axes = figure.subplots(1, len(panels))
        for k, (ax, (title, values)) in enumerate(zip(axes, panels.items(), strict=True)):
            w = values * (1 - np.eye(n))
            limit = float(np.abs(w).max()) or 1.0
            image = ax.imshow(w, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
            ax.set_title(f"({'abcd'[k]}) {title}")
            ax.set_xticks([0, n - 1])
            ax.set_yticks([0, n - 1], ["0", str(n - 1)] if k == 0 else ["", ""])
            ax.set_xlabel("from node")
            add_colorbar(ax, image, "")
        axes[0].set_ylabel("to node")
    caption = (
        "What Hebb's rule asks for, and what the first film learned: weights without their "
        f"diagonal, each in a scale of its own (no unit), (a, b) of {names[0]} alone and (c, d) of "
        f"{names}, each shown once. The film's are what conductances gained in S, in units in "
        "which neighbours of one pattern have 1/n in the rms. Only neighbours have weights worth "
        "the name."
    )
    return Picture("film-weights", caption, figure)
