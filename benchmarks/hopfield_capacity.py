"""Capacity of Hebb's rule against the number of nodes, beside mean-field theory.

Random patterns, recall from the patterns themselves, asynchronous, float32. In a finite network the
transition is smeared, so that its place depends on what is called the capacity. Three readings:
the load at which the mean overlap has fallen to what mean-field theory gives at its capacity
(0.967); the load at which half of the patterns are kept (final overlap above 0.7); and the load at
which the kept parts of a network and of the next larger one are the same, below which the larger
one keeps more and above which it keeps less. As n → ∞ all three are one. The ratio compares
0.1379 with what is found. A last row extrapolates the second one in n^(−2/3).
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks._measure import Row, parse, peak_memory, report, row, run_worker

LOADS = (0.12, 0.13, 0.135, 0.14, 0.145, 0.15, 0.155, 0.16, 0.17, 0.19)
PROBES = 200
SWEEPS = 300
CRITICAL_OVERLAP = 0.9674  # of mean-field theory, at its capacity
TOLERANCE = 0.01


def worker(nodes: str, sets: str, stride: str) -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    from spinlearn.networks import load_curve
    from spinlearn.rules import hebb

    curve = load_curve(
        hebb,
        int(nodes),
        LOADS[:: int(stride)],
        key=jax.random.key(int(nodes)),
        probes=PROBES,
        trials=int(sets),
        sweeps=SWEEPS,
        dtype=jnp.float32,
    )
    found = {name: np.asarray(getattr(curve, name), float) for name in ("load", "kept", "overlap")}
    return {name: v.tolist() for name, v in found.items()} | {"memory": peak_memory()}


def crossing(loads: list[float], values: np.ndarray, level: float) -> float:
    """First load at which the values fall below a level, linear between loads."""
    for k in range(len(loads) - 1):
        if values[k] >= level > values[k + 1]:
            share = (values[k] - level) / (values[k] - values[k + 1])
            return loads[k] + share * (loads[k + 1] - loads[k])
    return float("nan")


def equal_load(small: dict[str, Any], large: dict[str, Any]) -> float:
    """Load at which a larger network begins to keep less than a smaller one.

    Where almost all or almost none is kept, noise decides; the crossing is between those. A
    straight line through the differences there is steadier than the first change of sign.
    """
    loads = np.asarray(small["load"])
    kept = np.array([small["kept"], large["kept"]])
    between = np.all((kept > 0.3) & (kept < 0.995), axis=0)
    if np.sum(between) < 2:
        return float("nan")
    slope, start = np.polyfit(loads[between], (kept[1] - kept[0])[between], 1)
    return float(-start / slope)


def readings(sizes: dict[int, int], stride: int = 1) -> list[Row]:
    curves = {}
    for n, sets in sizes.items():
        arguments = [str(n), str(sets), str(stride)]
        curves[n] = run_worker(__spec__.name, arguments, double=False, limit=7200.0)
    rows: list[Row] = []
    half = {}
    for n, curve in curves.items():
        half[n] = crossing(curve["load"], np.asarray(curve["kept"]), 0.5)
        overlap = crossing(curve["load"], np.asarray(curve["overlap"]), CRITICAL_OVERLAP)
        size = f"{n} nodes, {sizes[n]} sets"
        rows.append(_row("load at the critical overlap", size, overlap, curve["memory"]))
        rows.append(_row("load at which half is kept", size, half[n], curve["memory"]))
    numbers = list(curves)
    for small, large in pairwise(numbers):
        found = equal_load(curves[small], curves[large])
        rows.append(_row("load kept alike", f"{small} and {large} nodes", found, None))
    shift = np.array([n ** (-2 / 3) for n in numbers])
    known = np.isfinite(list(half.values()))
    if np.sum(known) >= 2:
        limit = float(np.polyfit(shift[known], np.array(list(half.values()))[known], 1)[1])
        rows.append(_row("half kept, extrapolated", f"to ∞ from {numbers}", limit, None))
    return rows


def _row(figure: str, size: str, load: float, memory: int | None) -> Row:
    from spinlearn.networks import mean_field_capacity

    theory = mean_field_capacity()
    return row(
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


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    if options.quick:
        rows = readings({250: 4, 500: 2}, stride=3)
    else:
        rows = readings({500: 40, 1000: 20, 2000: 10, 5000: 3, 10000: 2})
    # A reading that the loads do not bracket is none.
    report([line for line in rows if np.isfinite(line["value"])], options.json)


if __name__ == "__main__":
    main()
