"""Energy of a pulse, controls without what makes films learn, and the learning spectrum."""

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
from spinlearn.report._pictures import Picture
from spinlearn.report._quantities import with_unit
from spinlearn.report._style import LINES, STYLE, prefixed
from spinlearn.report.experiments._samples import draw_mean, finished, interval_text, sampled, tidy
from spinlearn.report.experiments._yu2021_films import contrasts, signs
from spinlearn.substrates import learning_spectrum

_PARTS = ("hebb", "drift", "crosstalk", "polarity", "higher")
_PART_NAMES = (
    "Hebb: $s_i s_j$",
    "drift: no sign",
    "crosstalk: $s_k s_l$",
    "polarity: odd",
    "higher: four",
)


def control_pictures(dataset: Any) -> list[Picture]:
    """Energies, controls and spectrum, as far as they are computed."""
    return [*_energy_picture(dataset), *_controls_picture(dataset), *_spectrum_picture(dataset)]


def _energy_picture(dataset: Any) -> list[Picture]:
    found = finished(dataset, "pulse_energy", "current_density", "charge_imbalance")
    if found is None:
        return []
    energy, density, imbalance = found
    films, patterns, repetitions = energy.shape
    scale, joule = prefixed(float(energy.max()), "J")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 2.7), layout="constrained")
        ax = figure.add_subplot()
        mean = scale * energy.mean(axis=(0, 2))
        ax.bar(range(patterns), mean, width=0.62, color="0.88", zorder=0)
        shown = min(repetitions, len(LINES))
        for k in range(shown):
            places = np.arange(patterns) + 0.5 * ((k + 0.5) / shown - 0.5)
            label = f"repetition {k + 1}"
            draw_mean(ax, places, scale * energy[:, :, k], color=LINES[k][0], label=label)
        ax.set_xticks(range(patterns), [signs(p) for p in balanced_patterns()])
        ax.set_xlabel("pattern")
        ax.set_ylabel(f"energy of a pulse ({joule})")
        ax.set_ylim(0, 1.1 * scale * float(energy.max()))
        if 1 < repetitions <= len(LINES):
            figure.legend(loc="outside upper left", ncols=2, frameon=False, handletextpad=0.2)
        tidy(ax)
    mean, interval = float(energy.mean()), interval_of(energy.mean(axis=(1, 2)))
    between = ""
    if interval is not None:
        between = f" ({' … '.join(with_unit(float(v), 'J') for v in interval)})"
    caption = (
        f"Energy of a training pulse by pattern and repetition; mean {with_unit(mean, 'J')}"
        f"{between}. {sampled(films)} Root mean square of the current density in the layer that "
        f"writes: {with_unit(float(density.mean()), 'A/m²', 3)}. The currents of all contacts add "
        f"up to {with_unit(float(imbalance.max()), '1', 2)} of the largest at most."
    )
    return [Picture("energy", caption, figure)]


def _controls_picture(dataset: Any) -> list[Picture]:
    names = ("untrained", "trained", "waited", "no_torque", "no_amr", "no_amr_untrained")
    found = finished(dataset, *names, "reversed", "disturbed", "idle")
    if found is None:
        return []
    untrained, trained, waited, no_torque, no_amr, flat, negative, disturbed, idle = found
    alike = pair_products(balanced_patterns())
    before, last = untrained[:, None], trained[:, :, -1]
    changes = {
        "trained": relative_change(last, before),
        "negative first": relative_change(negative, before),
        "without torque": relative_change(no_torque, before),
        "without AMR": relative_change(no_amr, flat[:, None]),
    }
    sizes = {
        "training": np.abs(changes["trained"]).mean(axis=(1, 2)),
        "reading": np.abs(relative_change(disturbed, idle)).mean(axis=1),
        "waiting": np.abs(relative_change(waited, untrained)).mean(axis=1),
    }
    films = len(untrained)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 2.5), layout="constrained")
        left, right = figure.subplots(1, 2)
        gained = [100 * contrasts(change, alike) for change in changes.values()]
        _draw_rows(left, list(changes), gained)
        left.set_xlabel("unlike − like pairs, ΔG/G (%)")
        left.set_title("(a) what learning needs")
        tidy(left, "x")
        _draw_rows(right, list(sizes), [100 * size for size in sizes.values()], log=True)
        right.set_xlabel("mean |ΔG|/G (%)")
        right.set_title("(b) how much conductances change")
        tidy(right)
    ratio = with_unit(float(np.mean(sizes["reading"] / sizes["training"])), "1", 2)
    caption = (
        "(a) How much more unlike pairs gain than like ones, mean over patterns: as trained, with "
        "the pulses of the patterns' negatives first, with a current that does not act on the "
        "texture, and with a conductivity that does not depend on it. (b) Mean change of a "
        "conductance by training, by the read voltage held on one contact after another (against "
        "a film that waited instead), and by waiting untrained for as long as training takes. "
        f"Reading changes {ratio} of what training does. {sampled(films, 'studied film')} "
        "Points: every film."
    )
    return [Picture("controls", caption, figure)]


def _draw_rows(ax: Axes, names: list[str], values: list[np.ndarray], log: bool = False) -> None:
    """A row per name with its mean over films; what is zero has no place on logarithms."""
    rows = np.arange(len(names), dtype=float)
    shown = [found for found in values if np.all(found > 0)]
    if log and shown:
        # Whole decades, so that every tick has room for its number.
        decades = np.log10([min(v.min() for v in shown), max(v.max() for v in shown)])
        low, high = np.floor(decades[0] - 1e-9), np.ceil(decades[1] + 1e-9)
        ax.set(xscale="log", xlim=(10.0**low, 10.0**high))
    for row, found in zip(rows, values, strict=True):
        if log and not np.all(found > 0):
            text = "none" if not np.any(found) else "none in some films"
            ax.text(0.02, row, text, transform=ax.get_yaxis_transform(), va="center", fontsize=7.5)
            continue
        draw_mean(ax, [row], found[:, None], upright=False, color=LINES[int(row)][0])
    ax.set_yticks(rows, names)
    ax.set_ylim(len(names) - 0.5, -0.5)


def _spectrum_picture(dataset: Any) -> list[Picture]:
    found = finished(dataset, "untrained", "every_pattern")
    if found is None:
        return []
    untrained, every = found
    # Mean square one: what changes little is no smaller than what a float32 holds.
    spectra = [learning_spectrum(_scaled(change)) for change in every - untrained[:, None]]
    parts = 100 * np.array([[float(getattr(s, part)) for part in _PARTS] for s in spectra])
    own = 100 * np.array([float(s.hebb_of_learned) for s in spectra])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.4), layout="constrained")
        ax = figure.add_subplot()
        rows = np.arange(len(_PARTS))
        colors = [LINES[k][0] for k in range(len(_PARTS))]
        ax.barh(rows, parts.mean(axis=0), height=0.66, color=colors, alpha=0.35)
        for row, color in zip(rows, colors, strict=True):
            draw_mean(ax, [row], parts[:, row : row + 1], upright=False, color=color)
        ax.set_yticks(rows, _PART_NAMES)
        ax.invert_yaxis()
        ax.set_xlabel("share of the mean square of ΔG (%)")
        ax.set_xlim(left=0)
        tidy(ax)
    text = interval_text(float(own.mean()), interval_of(own), 1)
    caption = (
        "Learning spectrum: what the change of a conductance by one pulse, each of all sixteen "
        "patterns, depends on: the product of its own two signs, no sign, other pairs of signs, "
        "an odd number of signs, or all four. A film without other changes has Hebb's rule and "
        f"drift in equal parts. Of what depends on the pattern, Hebb's rule is {text} %. "
        f"{sampled(len(every), 'studied film')} Points: every film."
    )
    return [Picture("spectrum", caption, figure)]


def _scaled(change: np.ndarray) -> np.ndarray:
    return change / (np.abs(change).max() or 1.0)
