"""Capacity of Hebb's rule against the number of nodes, beside mean-field theory.

Random patterns; recall from the patterns themselves, asynchronous, until nothing changes or 300
sweeps are over; fields from the patterns, sums of integers in float32. In a finite network the
transition is smeared, so that its place depends on what is called the capacity. Three readings:

- the load at which the mean overlap has fallen to 0.967, which mean-field theory gives at its
  capacity, where the overlap jumps;
- the load at which half of the patterns are kept (final overlap above 0.7);
- the load at which the kept parts of a network and of the next larger one are the same: below it
  the larger one keeps more, above it less.

As n → ∞ all three are one. Loads are 0.138 + t n^(-2/3) with the same t for all n, the width of the
transition as far as known; readings are linear between them, and loads that do not bracket a
reading leave it out. Errors are standard ones by leaving out one set of patterns after another.
The last row fits the second reading in n^(-2/3). The ratio compares with 0.1379.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import Row, parser, peak_memory, report, row, run_worker

CENTRE = 0.138
PLACES = (-2.5, -1.0, 0.0, 1.0, 2.0, 3.0, 4.5, 6.0)  # t
PROBES = 64  # of every set
SWEEPS = 300
CRITICAL_OVERLAP = 0.9674  # of mean-field theory, at its capacity
TOLERANCE = 0.01
# Nodes and sets of patterns.
FULL = {500: 40, 1000: 20, 2000: 10, 5000: 4, 10_000: 3}
QUICK = {250: 4, 500: 2}

Curve = dict[str, Any]


def worker(nodes: str, sets: str) -> Curve:
    """Loads ``(k,)``, and overlaps and kept parts of every set ``(sets, k)``."""
    import jax
    import jax.numpy as jnp

    from spinlearn.networks import load_curve
    from spinlearn.rules import hebb

    n = int(nodes)
    curves = [
        load_curve(
            hebb,
            n,
            [CENTRE + t * n ** (-2 / 3) for t in PLACES],
            key=jax.random.fold_in(jax.random.key(n), number),
            probes=PROBES,
            sweeps=SWEEPS,
            dtype=jnp.float32,
        )
        for number in range(int(sets))
    ]
    found: Curve = {
        name: np.array([getattr(curve, name) for curve in curves], float).tolist()
        for name in ("kept", "overlap")
    }
    return found | {"load": np.asarray(curves[0].load, float).tolist(), "memory": peak_memory()}


def crossing(loads: np.ndarray, values: np.ndarray, level: float) -> float:
    """First load at which the values fall below a level, linear between loads."""
    for k in range(len(loads) - 1):
        if values[k] >= level > values[k + 1]:
            share = (values[k] - level) / (values[k] - values[k + 1])
            return float(loads[k] + share * (loads[k + 1] - loads[k]))
    return float("nan")


def half_kept(curve: Curve, sets: list[int]) -> float:
    return crossing(np.array(curve["load"]), np.array(curve["kept"])[sets].mean(axis=0), 0.5)


def critical_overlap(curve: Curve, sets: list[int]) -> float:
    overlap = np.array(curve["overlap"])[sets].mean(axis=0)
    return crossing(np.array(curve["load"]), overlap, CRITICAL_OVERLAP)


def kept_alike(small: Curve, large: Curve) -> float:
    """Load at which a larger network begins to keep less than a smaller one.

    Where almost all or almost none is kept, noise decides; the crossing is between those. A
    straight line through the differences there is steadier than the first change of sign.
    """
    loads = np.array(large["load"])  # which the wider curve of the smaller network covers
    kept = [np.mean(large["kept"], axis=0)]
    kept.append(np.interp(loads, small["load"], np.mean(small["kept"], axis=0)))
    between = np.all((np.array(kept) > 0.3) & (np.array(kept) < 0.995), axis=0)
    if np.sum(between) < 2:
        return float("nan")
    slope, start = np.polyfit(loads[between], (kept[0] - kept[1])[between], 1)
    return float(-start / slope)


def with_error(reading: Callable[[Curve, list[int]], float], curve: Curve) -> tuple[float, float]:
    """A reading of all sets and its standard error, by leaving out one after the other."""
    every = list(range(len(curve["kept"])))
    left = np.array([reading(curve, [k for k in every if k != out]) for out in every])
    spread = np.sum((left - left.mean()) ** 2) * (len(every) - 1) / len(every)
    return reading(curve, every), float(np.sqrt(spread))


def readings(curves: dict[int, Curve]) -> list[Row]:
    rows: list[Row] = []
    half = {}
    for n, curve in curves.items():
        size = f"{n} nodes, {len(curve['kept'])} sets"
        half[n] = with_error(half_kept, curve)
        critical = with_error(critical_overlap, curve)
        rows += _rows("load at the critical overlap", size, critical, curve["memory"])
        rows += _rows("load at which half is kept", size, half[n], curve["memory"])
    for small, large in pairwise(curves):
        found = kept_alike(curves[small], curves[large])
        rows += _rows("load kept alike", f"{small} and {large} nodes", (found, None), None)
    limit, slope, error = extrapolated(half)
    rows += _rows("half kept, extrapolated", f"to ∞ from {list(half)}", (limit, error), None)
    return [*rows, row("half kept, slope in n^(-2/3)", f"from {list(half)}", slope, "1")]


def extrapolated(half: dict[int, tuple[float, float]]) -> tuple[float, float, float]:
    """Limit, slope in n^(-2/3) and standard error of the limit, weighted by the errors."""
    known = {n: pair for n, pair in half.items() if np.all(np.isfinite(pair)) and pair[1] > 0}
    if len(known) < 2:
        return float("nan"), float("nan"), float("nan")
    shift = np.array([n ** (-2 / 3) for n in known])
    loads, errors = np.array(list(known.values())).T
    (slope, limit), spread = np.polyfit(shift, loads, 1, w=1 / errors, cov="unscaled")
    return float(limit), float(slope), float(np.sqrt(spread[1, 1]))


def _rows(
    figure: str, size: str, found: tuple[float, float | None], memory: int | None
) -> list[Row]:
    from spinlearn.networks import mean_field_capacity

    (load, error), theory = found, mean_field_capacity()
    main = row(
        figure,
        size,
        load,
        "p/n",
        peer="mean-field theory",
        peer_value=theory,
        ratio=load / theory,
        bound=TOLERANCE,
        peak_memory=memory,
    )
    return [main] if error is None else [main, row(f"{figure}, error", size, error, "p/n")]


def draw(curves: dict[int, Curve], path: Path) -> None:
    """What is kept against the load, and the readings against the number of nodes."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from spinlearn.report._style import STYLE

    with rc_context(STYLE):
        figure = Figure(figsize=(6.6, 2.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw_kept(left, curves)
        _draw_readings(right, curves)
        figure.savefig(path, dpi=200)


def _draw_kept(axes: Any, curves: dict[int, Curve]) -> None:
    from spinlearn.networks import mean_field_capacity
    from spinlearn.report._style import LINES

    for (n, curve), (colour, dashes) in zip(curves.items(), LINES, strict=False):
        kept = np.array(curve["kept"])
        error = kept.std(axis=0, ddof=1) / np.sqrt(len(kept))
        style: dict[str, Any] = {"color": colour, "ls": dashes, "marker": ".", "lw": 1}
        axes.errorbar(curve["load"], kept.mean(axis=0), error, label=f"n = {n}", **style)
    axes.axvline(mean_field_capacity(), color="0.5", lw=0.8, ls=":")
    axes.set(xlabel="load p/n", ylabel="part of the patterns kept", ylim=(0, 1.03))
    axes.legend(frameon=False)


def _draw_readings(axes: Any, curves: dict[int, Curve]) -> None:
    from spinlearn.networks import mean_field_capacity
    from spinlearn.report._style import LINES

    shift = np.array(list(curves)) ** (-2 / 3)
    end = 1.05 * shift.max()
    for reading, label, (colour, _) in (
        (half_kept, "half is kept", LINES[0]),
        (critical_overlap, "mean overlap is 0.967", LINES[1]),
    ):
        load, error = np.array([with_error(reading, curve) for curve in curves.values()]).T
        axes.errorbar(shift, load, error, color=colour, fmt="o", ms=3, label=label)
    limit, slope, _ = extrapolated({n: with_error(half_kept, c) for n, c in curves.items()})
    axes.plot([0, end], [limit, limit + slope * end], color=LINES[0][0], lw=0.8)
    theory = "mean-field theory, n → ∞"
    axes.axhline(mean_field_capacity(), color="0.5", lw=0.8, ls=":", label=theory)
    axes.set(xlabel="$n^{-2/3}$", ylabel="load p/n", xlim=(0, end))
    axes.legend(frameon=False)


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parser(__doc__)
    options.add_argument("--figure", type=Path, help="draw the curves here, as a PNG")
    options.add_argument("--curves", type=Path, help="write the curves here, as JSON")
    given = options.parse_args()
    curves: dict[int, Curve] = {}
    for n, sets in (QUICK if given.quick else FULL).items():
        arguments = [str(n), str(sets)]
        curves[n] = run_worker(__spec__.name, arguments, double=False, limit=7200.0)
    if given.curves is not None:
        given.curves.write_text(json.dumps(curves, indent=1) + "\n", encoding="utf-8")
    if given.figure is not None:
        draw(curves, given.figure)
    # A reading that the loads do not bracket is none.
    report([line for line in readings(curves) if np.isfinite(line["value"])], given.json)


if __name__ == "__main__":
    main()
