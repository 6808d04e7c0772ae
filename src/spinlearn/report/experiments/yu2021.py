"""Figures of films that train themselves: textures, conductances, learning, recall, energy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from spinlearn.experiments._conductance_changes import balanced_patterns
from spinlearn.experiments._yu2021_recall import one_bit_recall
from spinlearn.report._animation import Animation, animate
from spinlearn.report._pictures import Picture, legend_name
from spinlearn.report._quantities import with_unit
from spinlearn.report._style import LINES, STYLE
from spinlearn.report._view import RunView
from spinlearn.report.experiments._samples import draw_mean, finished, tidy
from spinlearn.report.experiments._yu2021_conductance import conductance_pictures
from spinlearn.report.experiments._yu2021_controls import control_pictures
from spinlearn.report.experiments._yu2021_course import course_pictures
from spinlearn.report.experiments._yu2021_films import contrasts, correlations, learned, signs
from spinlearn.report.experiments._yu2021_recall import recall_pictures
from spinlearn.report.experiments._yu2021_textures import texture_pictures
from spinlearn.substrates import sign_patterns

#: Variables that need no general figure.
COVERED = frozenset(
    {
        "untrained",
        "waited",
        "driven",
        "trained",
        "recalled",
        "recalled_untrained",
        "pulse_energy",
        "current_density",
        "charge_imbalance",
        "steps",
        "no_amr_untrained",
        "no_amr",
        "no_torque",
        "reversed",
        "disturbed",
        "idle",
        "m_before",
        "m_after",
        "current",
        "alternated",
        "alternated_reversed",
        "every_pattern",
        "retained",
        "frames",
    }
)


def pictures(view: RunView) -> list[Picture]:
    """Figures of what is computed (SI units)."""
    dataset = view.dataset
    if dataset is None:
        return []
    return [
        *texture_pictures(dataset, view.spec),
        *conductance_pictures(dataset),
        *course_pictures(dataset, view.spec),
        *recall_pictures(dataset),
        *control_pictures(dataset),
    ]


def animations(view: RunView) -> list[tuple[Animation, str, str]]:
    """The first film while it learns (SI units)."""
    dataset = view.dataset
    if dataset is None or finished(dataset, "frames") is None:
        return []
    animation = animate(dataset.isel(watched=0), "frames")
    pulse: Any = view.spec.training  # pyright: ignore[reportAttributeAccessIssue]
    times = dataset["frame"].values
    # The frame at the pulse's end is taken while its voltage is still on.
    states = [_state(time, pulse.pulse) for time in times]
    labels = [f"{text}, {state}" for text, state in zip(animation.labels, states, strict=True)]
    caption = (
        f"The first film in a single pulse of {with_unit(pulse.pulse, 's')} with the pattern "
        f"{signs(balanced_patterns()[0])}, and {with_unit(pulse.rest, 's')} of rest after it: "
        f"{len(labels)} textures, coloured as the wheel shows."
    )
    return [(animation._replace(labels=tuple(labels)), "film learning", caption)]


def _state(time: float, pulse: float) -> str:
    if time <= 0:
        return "before the pulse"
    return "pulse on" if time <= pulse * (1 + 1e-9) else "pulse off"


def comparison(views: Sequence[RunView]) -> list[Picture]:
    """Correlation, contrast and recall of several runs (SI units)."""
    patterns = balanced_patterns()
    probes = np.asarray(sign_patterns(patterns.shape[-1]), float)
    rows = []
    for view in views:
        changes = None if view.dataset is None else learned(view.dataset)
        states = None if view.dataset is None else finished(view.dataset, "recalled")
        if changes is None or states is None:
            continue
        against, alike = changes.against_mean[:, :, -1], changes.alike
        back = one_bit_recall(states[0], patterns, probes).mean(axis=(1, 2))
        numbers = (correlations(against, alike), 100 * contrasts(against, alike), 100 * back)
        rows.append((f"{legend_name(view.name)} ({len(against)})", numbers))
    if not rows:
        return []
    labels = ("correlation of ΔG/G\nwith $s_i s_j$", "unlike − like pairs,\nΔG/G (%)")
    labels += ("one-bit errors\ncorrected (%)",)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 1.1 + 0.36 * len(rows)), layout="constrained")
        axes = figure.subplots(1, 3, sharey=True)
        for k, (_, numbers) in enumerate(rows):
            color = LINES[k % len(LINES)][0]
            for ax, values in zip(axes, numbers, strict=True):
                draw_mean(ax, [k], values[:, None], upright=False, color=color)
        axes[0].set_yticks(range(len(rows)), [name for name, _ in rows])
        axes[0].set_ylim(len(rows) - 0.5, -0.5)
        axes[2].set_xlim(-4, 104)
        for letter, ax, label in zip("abc", axes, labels, strict=True):
            ax.set_xlabel(label)
            ax.set_title(f"({letter})")
            tidy(ax, "x" if letter == "b" else "")
    caption = (
        "All runs, with their numbers of films: correlation of the conductances' changes with the "
        "products of signs in a single film, how much more unlike pairs gain than like ones, and "
        "one-bit errors corrected. Changes are against the mean over patterns. Faint points: "
        "every film; bars: 95 % intervals of the mean, from three films on."
    )
    return [Picture("runs", caption, figure)]
