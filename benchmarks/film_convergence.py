"""What a training changes when cell, time step and interval of the current are refined.

The same films are trained with the three patterns of ``yu2021``: on the finer mesh a film starts
from its texture on the coarser one, relaxed again, or chance would decide which of many
metastable states it falls into. Reported for each refinement: the mean gain of unlike over like
pairs, and how much it changes, with the 95 % interval (Student's) of the paired difference over
films. The tolerance of a time step is divided by 32, which would halve a step whose error is of
order five; how many steps that makes depends on what limits them.

``--films N`` and ``--part P`` set how many films, and their part of the preset's length.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from benchmarks._measure import Row, parse, peak_memory, report, row, run_worker


def worker(name: str, films: str, part: str) -> dict[str, Any]:
    import equinox as eqx
    import jax.numpy as jnp
    import numpy as np
    from scipy.stats import t as students

    from spinlearn.experiments._conductance_changes import (
        balanced_patterns,
        pair_products,
        relative_change,
    )
    from spinlearn.experiments._yu2021_bench import Bench
    from spinlearn.experiments.experiment import in_precision
    from spinlearn.experiments.self_learning_film import film_mesh, four_contacts, new_film
    from spinlearn.magnetics import relax
    from spinlearn.rng import key_from_seed, stream
    from spinlearn.runs import read_spec

    def new(spec: Any, number: int) -> Any:
        contacts = four_contacts(film_mesh(spec), spec.contacts)
        key = stream(key_from_seed(spec.seed), "film", number)
        return in_precision(new_film(spec, contacts, key), spec.precision)

    def film(spec: Any, number: int) -> Any:
        made = new(spec, number)
        times = spec.film.cells // coarse.film.cells
        if times == 1:
            return made
        first = jnp.repeat(jnp.repeat(new(coarse, number).texture, times, 1), times, 2)
        rest = relax(made.llg.energy, first, tolerance=spec.solver.relaxation, max_steps=100_000)
        return eqx.tree_at(lambda f: f.texture, made, rest.m)

    def contrasts(changes: dict[str, Any]) -> tuple[Any, float]:
        spec = changed(changes)
        started, found = time.perf_counter(), []
        for k in range(int(films)):
            noise = stream(key_from_seed(spec.seed), "film noise", k)
            rows = Bench(spec, film(spec, k), k, noise).train()
            after = np.asarray(rows["trained"])[:, -1]
            change = relative_change(after, np.asarray(rows["untrained"])[None])
            alike = pair_products(balanced_patterns())
            found.append(change[alike < 0].mean() - change[alike > 0].mean())
            print(changes, k, found[-1], file=sys.stderr, flush=True)
        return np.array(found), time.perf_counter() - started

    spec: Any = read_spec(name)
    # The voltage goes with the length: the same current density.
    small = {
        "film.length": float(part) * spec.film.length,
        "training.voltage": float(part) * spec.training.voltage,
    }
    solver, cell = spec.solver, spec.film.cell

    def changed(changes: dict[str, Any]) -> Any:
        return read_spec(name, {"training.repetitions": 1} | small | changes)

    coarse = changed({})
    refined = {
        "cell by 2": {"film.cell": cell / 2},
        "tolerance of a time step by 32": {"solver.tolerance": solver.tolerance / 32},
        "interval of the current by 2": {
            "solver.updates": solver.updates // 2,
            "solver.turn": solver.turn / 2,
        },
    }
    base, seconds = contrasts({})
    quantile = students.ppf(0.975, len(base) - 1) / len(base) ** 0.5
    error = float(quantile * base.std(ddof=1))
    rows: list[tuple[Any, ...]] = [("as it is", float(base.mean()), error, 0.0, 0.0, seconds)]
    for what, changes in refined.items():
        fine, seconds = contrasts(changes)
        apart = fine - base
        error = float(quantile * apart.std(ddof=1))
        mean = float(base.mean())
        change = float(apart.mean()) / mean
        rows.append((what, float(fine.mean()), error, change, error / mean, seconds))
    return {"rows": rows, "memory": peak_memory()}


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    films, part = _taken("--films"), _taken("--part")
    options = parse(__doc__)
    rows: list[Row] = []
    usual = ("2", "0.125") if options.quick else ("8", "1")
    for name in ("yu2021-paper", "yu2021-transfer-paper"):
        rows += _refinements(name, films or usual[0], part or usual[1])
    report(rows, options.json)


def _taken(option: str) -> str | None:
    """The value of an option, which is taken out of the arguments; None without it."""
    if option not in sys.argv:
        return None
    at = sys.argv.index(option)
    value = sys.argv[at + 1]
    del sys.argv[at : at + 2]
    return value


def _refinements(name: str, films: str, part: str) -> list[Row]:
    """One preset's rows, and a line printed for each."""
    found = run_worker(__spec__.name, [name, films, part], limit=14400.0, double=False)
    rows: list[Row] = []
    size = f"{name}, {films} films, {part} of their length"
    for what, value, error, change, uncertain, seconds in found["rows"]:
        print(
            f"{name}, {what}: {value:.3%} ± {error:.3%} of G, changed by {change:+.2%} "
            f"± {uncertain:.2%} of it; {seconds:.0f} s"
        )
        rows.append(row(f"contrast, {what}", size, 100 * value, "% of G"))
        if change:
            rows.append(row(f"change, {what}", size, 100 * abs(change), "%", bound=5.0))
    return rows


if __name__ == "__main__":
    main()
