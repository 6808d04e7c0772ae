"""How often 95 % intervals of fits contain the truth, on synthetic data.

The data are made without spinlearn's models. Switching: in every trial a waiting time is drawn from
an exponential distribution and compared with the pulse. Telegraph noise: dwell times are drawn one
after the other in continuous time, the voltage is looked up at the sampling times, and noise is
added. An interval that is right contains the truth in 95 % of data sets; with 300 of them the
share lies between 90 and 98 % (four standard errors of 1.26 % below, 2.4 above). The bound of a row
is the lower of the two.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from benchmarks._measure import Row, parse, peak_memory, report, row, run_worker

SWITCHING = {"stability": 45.0, "critical_voltage": 0.5, "attempt_time": 1e-9}
VOLTAGES, PULSES, TRIALS = np.linspace(0.10, 0.46, 13), (1e-8, 1e-7, 1e-6, 1e-5), 200
SAMPLE_TIME = 25e-6
#: low, high (V), noise at both (V), dwell times of both (s).
TELEGRAPH = {
    "of one noise": (0.0362, 0.0480, 0.00091, 0.00091, 283e-6, 283e-6),
    "asymmetric, noisy": (0.036, 0.048, 0.0025, 0.0040, 400e-6, 150e-6),
}
NAMES = ("low", "high", "noise_low", "noise_high", "dwell_low", "dwell_high")


def counts(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Voltages, lengths, switched and trials of one synthetic experiment."""
    volts, length = (a.ravel() for a in np.meshgrid(VOLTAGES, PULSES))
    barrier = SWITCHING["stability"] * (1 - volts / SWITCHING["critical_voltage"]) ** 2
    mean = SWITCHING["attempt_time"] * np.exp(barrier)
    waited = mean[:, None] * rng.standard_exponential((volts.size, TRIALS))
    switched = np.sum(waited < length[:, None], axis=1)
    return volts, length, switched, np.full(volts.size, TRIALS)


def recording(rng: np.random.Generator, samples: int, truth: tuple[float, ...]) -> np.ndarray:
    """A trace by events: dwell times one after the other, looked up at the sampling times."""
    dwell = truth[4:]
    state = int(rng.uniform() < dwell[1] / sum(dwell))
    now, ends, states = 0.0, [], []
    while now < samples * SAMPLE_TIME:
        now += rng.exponential(dwell[state])
        ends.append(now)
        states.append(state)
        state = 1 - state
    at = np.searchsorted(ends, SAMPLE_TIME * np.arange(samples), side="right")
    shown = np.array(states)[at]
    return np.take(truth[:2], shown) + np.take(truth[2:4], shown) * rng.standard_normal(samples)


def worker(task: str, sets: str, samples: str) -> dict[str, Any]:
    from spinlearn.junctions import SwitchingTable, fit_switching, fit_telegraph

    hits: list[list[bool]] = []
    p_values, names = [], list(NAMES)
    for seed in range(int(sets)):
        rng = np.random.default_rng([2025, seed])
        if task.startswith("switching"):
            given = {"attempt_time": SWITCHING["attempt_time"]} if task.endswith("given") else {}
            fit = fit_switching(SwitchingTable(*counts(rng)), given=given)
            found = [e.covers(SWITCHING[n]) for n, e in fit.estimates.items() if n not in given]
            p_values.append(fit.p_value)
            names = [n for n in SWITCHING if n not in given]
        else:
            truth = TELEGRAPH[task]
            fit = fit_telegraph(recording(rng, int(samples), truth), SAMPLE_TIME)
            found = [e.covers(t) for e, t in zip(fit[:6], truth, strict=True)]
            p_values.append(fit.p_dwell)
        hits.append([bool(one) for one in found])
    share = np.mean(hits, axis=0)
    low = float(np.mean(np.array(p_values) < 0.05))
    return {"share": dict(zip(names, share, strict=True)), "low": low, "memory": peak_memory()}


def rows(sets: int, samples: int) -> list[Row]:
    found: list[Row] = []
    for task in ("switching", "switching, attempt time given", *TELEGRAPH):
        result = run_worker(__spec__.name, [task, str(sets), str(samples)], limit=7200.0)
        kind = task if task.startswith("switching") else f"telegraph {task}, {samples} samples"
        size = f"{kind}, {sets} data sets"
        for name, share in result["share"].items():
            found.append(
                row(
                    f"coverage of {name}",
                    size,
                    share,
                    "1",
                    peer="nominal",
                    peer_value=0.95,
                    ratio=share / 0.95,
                    bound=0.90,
                    peak_memory=result["memory"],
                )
            )
        found.append(
            row("p-values below 0.05", size, result["low"], "1", peer="nominal", peer_value=0.05)
        )
    return found


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    report(rows(30, 2000) if options.quick else rows(300, 4000), options.json)


if __name__ == "__main__":
    main()
