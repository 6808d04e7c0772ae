"""Learning over repetitions, and what is left after other patterns and after waiting."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinlearn._intervals import interval_of
from spinlearn.experiments._conductance_changes import (
    balanced_patterns,
    pair_products,
    relative_change,
)
from spinlearn.experiments._yu2021_claims import recall_in_turn
from spinlearn.report._pictures import Picture
from spinlearn.report._quantities import axis_of
from spinlearn.report._style import LINES, STYLE
from spinlearn.report.experiments._samples import draw_mean, finished, sampled, tidy
from spinlearn.report.experiments._yu2021_films import contrasts, correlations, learned, signs

# More points than this are joined by a line with a band around it.
_MOST_BARS = 12
_CONTRAST = "unlike − like pairs,\nΔG/G (%)"


_DRIVEN = "Diamonds: against the untrained film at the end of the last pulse, before the rest. "


def course_pictures(dataset: Any, spec: Any) -> list[Picture]:
    """Learning curve and survival, as far as they are computed."""
    return [*_learning_picture(dataset), *_survival_picture(dataset, spec)]


def _learning_picture(dataset: Any) -> list[Picture]:
    changes = learned(dataset)
    if changes is None:
        return []
    films, _, repetitions, _ = changes.against_mean.shape
    counted = np.arange(1, repetitions + 1)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.8, 2.7), layout="constrained")
        left, right = figure.subplots(1, 2)
        references = {
            "against the mean": changes.against_mean,
            "against untrained": changes.against_untrained,
        }
        for k, (name, values) in enumerate(references.items()):
            found = [correlations(values[:, :, r], changes.alike) for r in range(repetitions)]
            # Aside, so that intervals do not cover each other.
            places = counted + (0.04 * (2 * k - 1) if repetitions <= _MOST_BARS else 0.0)
            _draw_course(left, places, np.stack(found, axis=1), k, name)
        gained = [
            contrasts(changes.against_untrained[:, :, r], changes.alike) for r in range(repetitions)
        ]
        grown = 100 * np.stack([np.zeros(films), *gained], axis=1)
        _draw_course(right, np.arange(repetitions + 1), grown, 0, "")
        driven = _driven(dataset)
        if driven is not None:
            ends = {"ls": "", "marker": "D", "color": LINES[3][0], "points": False}
            at, name = [repetitions + 0.15], "end of the last pulse"
            draw_mean(left, at, correlations(driven, changes.alike)[:, None], label=name, **ends)
            draw_mean(right, at, 100 * contrasts(driven, changes.alike)[:, None], **ends)
        left.set_ylabel("correlation of ΔG/G with $s_i s_j$")
        left.set_ylim(-1.05, 0.05 if left.get_ylim()[1] < 0.05 else 1.05)
        figure.legend(loc="outside upper left", ncols=3, frameon=False, handlelength=2.4)
        right.set_ylabel(_CONTRAST)
        for letter, ax in zip("ab", (left, right), strict=True):
            ax.set_xlabel("repetitions")
            ax.set_xlim(0.5 if ax is left else -0.3, repetitions + 0.5)
            _whole_ticks(ax, repetitions, 1 if ax is left else 0)
            ax.set_title(f"({letter})")
            tidy(ax, "y")
    caption = (
        "Learning over repetitions of the pulses: (a) correlation of the conductances' changes "
        "with the products of signs in a single film, over patterns and pairs, against the mean "
        "over patterns and against the untrained film; (b) how much more unlike pairs gain than "
        f"like ones, mean over patterns. "
        f"{_DRIVEN if driven is not None else ''}{sampled(films)} Faint points: every film."
    )
    return [Picture("learning", caption, figure)]


def _driven(dataset: Any) -> np.ndarray | None:
    """Changes while the last pulse is still on, ``(films, patterns, pairs)``."""
    found = finished(dataset, "untrained", "driven")
    return None if found is None else relative_change(found[1], found[0][:, None])


def _survival_picture(dataset: Any, spec: Any) -> list[Picture]:
    """Two patterns in turn, and waiting at a temperature."""
    turns = finished(dataset, "untrained", "alternated", "alternated_reversed")
    waits = finished(dataset, "untrained", "trained", "retained")
    panels = 5 * (turns is not None) + (waits is not None)
    if not panels:
        return []
    rows, columns = (1, 1) if panels == 1 else (2, 3)
    texts, films = [], 0
    with mpl.rc_context(STYLE):
        size = (0.6 + 2.9 * columns, 3.1 * rows)
        figure = Figure(figsize=size, layout="constrained")
        axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
        for k, ax in enumerate(axes):
            ax.set_title(f"({'abcdef'[k]})", pad=5)
            ax.set_visible(k < panels)
        if turns is not None:
            films = len(turns[0])
            untrained, alternated, backwards = turns
            _draw_turns(axes[0], untrained, alternated, first=0)
            _draw_turns(axes[1], untrained, backwards, first=1)
            _draw_memory(axes[2], untrained, alternated)
            _draw_recall(axes[3], recall_in_turn(dataset, "alternated"), first=0)
            _draw_recall(axes[4], recall_in_turn(dataset, "alternated_reversed"), first=1)
            texts.append(
                "(a) Two patterns in turn on one film: how much more a pattern's unlike pairs "
                "gained than its like ones since the film was untrained, after every training "
                "(filled: with that pattern). (b) The same, the other pattern first. (c) "
                "Correlation of the changes in (a) with the pattern trained last and the one "
                "before. Dotted: a film that holds the last pattern alone has −½ of its "
                "correlation with the other. (d), (e) Share of a pattern's one-bit errors that the "
                "film corrects in the courses of (a) and (b), weights against its own mean over "
                "orthogonal patterns."
            )
        if waits is not None:
            films = len(waits[0])
            _draw_waiting(axes[panels - 1], dataset, *waits)
            texts.append(
                f"({'abcdef'[panels - 1]}) The first pattern's film while it waits at "
                f"{spec.controls.retention_temperature:g} K."
            )
    texts.append(f"{sampled(films, 'studied film')} Faint points: every film.")
    return [Picture("survival", " ".join(texts), figure)]


def _draw_turns(ax: Axes, untrained: np.ndarray, alternated: np.ndarray, *, first: int) -> None:
    """What unlike pairs of either pattern gained, the first trained at odd turns."""
    changes = relative_change(alternated, untrained[:, None])
    alike = pair_products(balanced_patterns())[:2]
    count = changes.shape[1]
    trainings = np.arange(1, count + 1)
    for k in range(2):
        found = [contrasts(changes[:, t], alike[k]) for t in range(count)]
        values = 100 * np.stack(found, axis=1)
        _draw_course(ax, trainings, values, k, signs(balanced_patterns()[k]))
        own = (np.arange(count) + first) % 2 == k
        if count <= _MOST_BARS:
            mean = values.mean(axis=0)
            style: dict[str, Any] = {"marker": "os"[k], "color": LINES[k][0], "ms": 4.5}
            ax.plot(trainings[own], mean[own], ls="", zorder=4, **style)
    ax.set_ylabel(_CONTRAST)
    _tidy_turns(ax, count)


def _draw_memory(ax: Axes, untrained: np.ndarray, alternated: np.ndarray) -> None:
    """Correlation with the pattern trained last and with the one before."""
    changes = relative_change(alternated, untrained[:, None])
    alike = pair_products(balanced_patterns())[:2]
    count = changes.shape[1]
    trainings = np.arange(1, count + 1)
    by_pattern = np.stack(
        [[correlations(changes[:, t], alike[k]) for t in range(count)] for k in range(2)]
    )
    last = np.stack([by_pattern[t % 2, t] for t in range(count)], axis=1)
    other = np.stack([by_pattern[(t + 1) % 2, t] for t in range(count)], axis=1)
    _draw_course(ax, trainings, last, 0, "trained last")
    _draw_course(ax, trainings[1:], other[:, 1:], 1, "the one before")
    ax.plot(trainings, -0.5 * last.mean(axis=0), ls=":", color="0.4", lw=1, zorder=0)
    ax.set_ylabel("correlation of ΔG/G with $s_i s_j$")
    _tidy_turns(ax, count)


def _draw_recall(ax: Axes, recalled: np.ndarray, *, first: int) -> None:
    """Share of either pattern's one-bit errors corrected after every training."""
    count = recalled.shape[1]
    trainings = np.arange(1, count + 1)
    for k in range(2):
        values = 100 * recalled[:, :, k]
        # Aside, so that intervals do not cover each other.
        places = trainings + (0.06 * (2 * k - 1) if count <= _MOST_BARS else 0.0)
        _draw_course(ax, places, values, k, signs(balanced_patterns()[k]))
        own = (np.arange(count) + first) % 2 == k
        if count <= _MOST_BARS:
            style: dict[str, Any] = {"marker": "os"[k], "color": LINES[k][0], "ms": 4.5}
            ax.plot(places[own], values.mean(axis=0)[own], ls="", zorder=4, **style)
    ax.set_ylabel("one-bit errors corrected (%)")
    ax.set_ylim(-4, 104)
    _tidy_turns(ax, count)


def _tidy_turns(ax: Axes, count: int) -> None:
    ax.set_xlabel("trainings")
    ax.set_xlim(0.5, count + 0.5)
    _whole_ticks(ax, count)
    _legend_above(ax)
    tidy(ax, "y")


def _draw_waiting(
    ax: Axes, dataset: Any, untrained: np.ndarray, trained: np.ndarray, retained: np.ndarray
) -> None:
    alike = pair_products(balanced_patterns())[0]
    states = np.concatenate([trained[:, :1, -1], retained], axis=1)
    changes = relative_change(states, untrained[:, None])
    found = [contrasts(changes[:, k], alike) for k in range(changes.shape[1])]
    time = axis_of(dataset["wait"])
    places = np.concatenate([[0.0], time.values])
    _draw_course(ax, places, 100 * np.stack(found, axis=1), 0, signs(balanced_patterns()[0]))
    ax.set_xlabel(time.title)
    ax.set_ylabel(_CONTRAST)
    ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    _legend_above(ax)
    tidy(ax, "y")


def _draw_course(ax: Axes, x: np.ndarray, values: np.ndarray, style: int, label: str) -> None:
    """Mean over films ``(films, k)`` along x with its interval."""
    color, dashes = LINES[style]
    if len(x) > _MOST_BARS:
        ax.plot(x, values.mean(axis=0), color=color, ls=dashes, lw=1.2, label=label)
        interval = interval_of(values)
        if interval is not None:
            ax.fill_between(x, *interval, color=color, alpha=0.2, lw=0)
        return
    for film in values:
        faint = max(0.15, min(0.5, 6 / len(values)))
        ax.plot(x, film, ".", color=color, alpha=faint, ms=4, mew=0)
    draw_mean(
        ax, x, values, points=False, color=color, ls=dashes, lw=1.2, marker="os"[style], label=label
    )


def _legend_above(ax: Axes) -> None:
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.02, 0.99),
        ncols=2,
        frameon=False,
        fontsize=7.5,
        handlelength=2.2,
        columnspacing=1.0,
        borderpad=0.1,
    )


def _whole_ticks(ax: Axes, last: int, first: int = 1) -> None:
    if last <= _MOST_BARS:
        ax.set_xticks(range(first, last + 1))
