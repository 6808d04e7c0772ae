"""What a training changes when cell, time step and interval of the current are refined.

The same films (grains and textures drawn alike on every mesh) are trained with the three patterns
of ``yu2021``. Reported for each refinement: the mean gain of unlike over like pairs, and how much
it changes, with the standard error of the paired difference over films. The time step is halved
by a tolerance of 1/32: the error of a step is of order five.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from benchmarks._measure import Row, parse, peak_memory, report, row, run_worker


def worker(name: str, films: str, length: str, voltage: str) -> dict[str, Any]:
    import numpy as np

    from spinlearn.experiments._learning_claims import (
        balanced_patterns,
        pair_products,
        relative_change,
    )
    from spinlearn.experiments.specs import experiment_type
    from spinlearn.runs import read_spec

    def contrasts(changes: dict[str, Any]) -> tuple[Any, float]:
        ensemble = {"ensemble.textures": int(films), "ensemble.studied": 0}
        small = {"film.length": float(length), "training.voltage": float(voltage)}
        spec = read_spec(name, ensemble | {"training.repetitions": 1} | small | changes)
        experiment = experiment_type(spec.experiment).build(spec)
        started, found = time.perf_counter(), []
        for k in range(int(films)):
            rows = experiment.advance(experiment.start(), k)[1]
            change = relative_change(rows["trained"][0, :, -1], rows["untrained"][:1])
            alike = pair_products(balanced_patterns())
            found.append(change[alike < 0].mean() - change[alike > 0].mean())
        return np.array(found), time.perf_counter() - started

    spec: Any = read_spec(name)
    solver, cell = spec.solver, spec.film.cell
    refined = {
        "cell by 2": {"film.cell": cell / 2},
        "time step by 2": {"solver.tolerance": solver.tolerance / 32},
        "interval of the current by 2": {
            "solver.updates": solver.updates // 2,
            "solver.turn": solver.turn / 2,
        },
    }
    base, seconds = contrasts({})
    error = base.std(ddof=1) / len(base) ** 0.5
    rows: list[tuple[Any, ...]] = [
        ("as it is", float(base.mean()), float(error), 0.0, 0.0, seconds)
    ]
    for what, changes in refined.items():
        fine, seconds = contrasts(changes)
        apart = fine - base
        error = float(apart.std(ddof=1) / len(apart) ** 0.5)
        mean = float(base.mean())
        change = float(apart.mean()) / mean
        rows.append((what, float(fine.mean()), error, change, error / mean, seconds))
    return {"rows": rows, "memory": peak_memory()}


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    films, length = ("2", 2.4e-7) if options.quick else ("16", 9.6e-7)
    # Half the length at half the voltage: the same current density.
    arguments = ["yu2021", films, f"{length}", f"{0.4 * length / 1.44e-6}"]
    found = run_worker(__spec__.name, arguments, limit=7200.0, double=False)
    rows: list[Row] = []
    size = f"{films} films of {length * 1e9:g} nm"
    for what, value, error, change, uncertain, seconds in found["rows"]:
        print(
            f"{what}: {value:.3%} ± {error:.3%} of G, changed by {change:+.1%} ± {uncertain:.1%} "
            f"of it; {seconds:.0f} s"
        )
        rows.append(row(f"contrast, {what}", size, 100 * value, "% of G"))
        if change:
            rows.append(row(f"change, {what}", size, 100 * abs(change), "%", bound=5.0))
    report(rows, options.json)


if __name__ == "__main__":
    main()
