"""How often 95 % intervals of fits contain the truth, on synthetic data.

The data are made without the models that are fitted. Switching: in every trial a waiting time is
drawn from an exponential distribution and compared with the pulse, at a constant attempt time or
at Brown's rate; or counts are drawn from the probabilities of the Fokker-Planck equation, solved
for every row, below and above the critical voltage. Telegraph noise: dwell times are drawn one
after the other in continuous time, the voltage is looked up at the sampling times, and noise is
added. An interval that is right contains the truth in 95 % of data sets; with 300 of them the
share lies between 90 and 98 % (four standard errors of 1.26 % below, 2.4 above). The bound of a row
is the lower of the two; models fitted to the data of another have none, and their medians are
shown.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._measure import Row, parse, peak_memory, report, row, run_worker

SWITCHING = {"thermal_stability": 45.0, "critical_voltage": 0.5, "attempt_time": 1e-9}
VOLTAGES, PULSES, TRIALS = np.linspace(0.10, 0.38, 13), (1e-8, 1e-7, 1e-6, 1e-5), 200
BROWN = {"thermal_stability": 45.0, "critical_voltage": 0.5, "relaxation_time": 2e-10}
#: A perpendicular junction, and experiments on it: voltages, pulse lengths and trials of a row.
DAMPING, FIELD = 0.02, 2.7e5
EXPERIMENTS: dict[str, tuple[Any, tuple[float, ...], int]] = {
    "below V_c": (np.linspace(0.10, 0.46, 13), PULSES, TRIALS),
    "across V_c": (np.linspace(0.25, 1.00, 13), (3e-9, 1e-8, 3e-8, 1e-7), TRIALS),
    "write errors above V_c": (np.linspace(0.6, 1.2, 7), (3e-9, 5e-9, 1e-8, 2e-8), 100_000),
}
SAMPLE_TIME = 25e-6
#: low, high (V), noise at both (V), dwell times of both (s).
TELEGRAPH = {
    "of one noise": (0.0362, 0.0480, 0.00091, 0.00091, 283e-6, 283e-6),
    "asymmetric, noisy": (0.036, 0.048, 0.0025, 0.0040, 400e-6, 150e-6),
}
NAMES = ("low", "high", "noise_low", "noise_high", "dwell_low", "dwell_high")


def counts(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Voltages, lengths, switched and trials at a constant attempt time."""
    volts, length = (a.ravel() for a in np.meshgrid(VOLTAGES, PULSES))
    barrier = SWITCHING["thermal_stability"] * (1 - volts / SWITCHING["critical_voltage"]) ** 2
    return _waited(rng, volts, length, SWITCHING["attempt_time"] * np.exp(barrier))


def brown_counts(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """The same at Brown's rate; none of these barriers is crossed back."""
    volts, length = (a.ravel() for a in np.meshgrid(VOLTAGES, PULSES))
    drive, delta = volts / BROWN["critical_voltage"], BROWN["thermal_stability"]
    rate = np.sqrt(delta / np.pi) * (1 - drive**2) * (1 - drive)
    mean = BROWN["relaxation_time"] / rate * np.exp(delta * (1 - drive) ** 2)
    return _waited(rng, volts, length, mean)


def _waited(
    rng: np.random.Generator, volts: np.ndarray, length: np.ndarray, mean: np.ndarray
) -> tuple[np.ndarray, ...]:
    waited = mean[:, None] * rng.standard_exponential((volts.size, TRIALS))
    switched = np.sum(waited < length[:, None], axis=1)
    return volts, length, switched, np.full(volts.size, TRIALS)


def junction() -> Any:
    """The perpendicular junction of the experiments."""
    from spinlearn.junctions import MTJ

    return MTJ(
        resistance_parallel=5e3,
        area=1e-15,
        tmr=1.0,
        thermal_stability=SWITCHING["thermal_stability"],
        critical_voltage=SWITCHING["critical_voltage"],
        damping=DAMPING,
        anisotropy_field=FIELD,
    )


def pulsed(experiment: str) -> Callable[[np.random.Generator], tuple[np.ndarray, ...]]:
    """A function that draws the counts of an experiment, from the Fokker-Planck equation."""
    from spinlearn.junctions import write_error_rate

    across, lengths, trials = EXPERIMENTS[experiment]
    volts, length = (a.ravel() for a in np.meshgrid(across, lengths))
    failed = np.asarray(write_error_rate(junction(), volts, length), np.float64)

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        return volts, length, trials - rng.binomial(trials, failed), np.full(volts.size, trials)

    return draw


def truth_of(model: str, data: str) -> dict[str, float]:
    """What a fit should find, by name (SI units)."""
    if model == "thermal-activation":
        return SWITCHING
    if data == "brown":
        return BROWN
    return BROWN | {"relaxation_time": float(junction().relaxation_time)}


def recording(
    rng: np.random.Generator,
    samples: int,
    truth: tuple[float, ...],
    sample_time: float = SAMPLE_TIME,
) -> np.ndarray:
    """A trace by events: dwell times one after the other, looked up at the sampling times."""
    dwell = truth[4:]
    state = int(rng.uniform() < dwell[1] / sum(dwell))
    now, ends, states = 0.0, [], []
    while now < samples * sample_time:
        now += rng.exponential(dwell[state])
        ends.append(now)
        states.append(state)
        state = 1 - state
    at = np.searchsorted(ends, sample_time * np.arange(samples), side="right")
    shown = np.array(states)[at]
    return np.take(truth[:2], shown) + np.take(truth[2:4], shown) * rng.standard_normal(samples)


#: Data, model, and whether its time is given.
FITS = (
    ("constant attempt time", "thermal-activation", False),
    ("constant attempt time", "thermal-activation", True),
    ("brown", "brown", False),
    *((name, "fokker-planck", False) for name in EXPERIMENTS),
    ("across V_c", "fokker-planck", True),
    *((name, "brown", False) for name in EXPERIMENTS),
    *((name, "thermal-activation", False) for name in EXPERIMENTS),
)


def switching_worker(data: str, model: str, given: bool, sets: int) -> dict[str, Any]:
    """Shares of intervals that contain the truth, of small p-values, and medians."""
    from spinlearn.junctions import SwitchingTable, fit_switching

    warnings.simplefilter("ignore")
    truth = truth_of(model, data)
    time = list(truth)[-1]
    draw = {"constant attempt time": counts, "brown": brown_counts}.get(data) or pulsed(data)
    known = {time: truth[time]} if given else {}
    names = [name for name in truth if name not in known]
    fits = [
        fit_switching(
            SwitchingTable(*draw(np.random.default_rng([2025, seed]))), model, given=known
        )
        for seed in range(sets)
    ]
    p_values = np.array([fit.p_value for fit in fits])
    return {
        "share": {n: np.mean([f.estimates[n].covers(truth[n]) for f in fits]) for n in names},
        "median": {n: np.median([f.estimates[n].value for f in fits]) for n in names},
        "low": float(np.mean(p_values < 0.05)),
        "rejected": float(np.mean([fit.rejected for fit in fits])),
        "memory": peak_memory(),
    }


def telegraph_worker(task: str, sets: int, samples: int) -> dict[str, Any]:
    """The same for traces."""
    from spinlearn.junctions import fit_telegraph

    truth = TELEGRAPH[task]
    warnings.simplefilter("ignore")
    hits, p_values, told = [], [], []
    for seed in range(sets):
        rng = np.random.default_rng([2025, seed])
        fit = fit_telegraph(recording(rng, samples, truth), SAMPLE_TIME)
        hits.append([e.covers(t) for e, t in zip(fit[:6], truth, strict=True)])
        p_values.append(fit.p_dwell)
        told.append(bool(fit.concerns))
    share = dict(zip(NAMES, map(float, np.mean(hits, axis=0)), strict=True))
    low = float(np.mean(np.array(p_values) < 0.05))
    memory = peak_memory()
    return {"share": share, "low": low, "rejected": float(np.mean(told)), "memory": memory}


#: Easy axis, what is given of the junction, and the law that is fitted.
CURRENTS = (-1e-6, 1e-6)
CARRYING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "perpendicular, Brown's prefactor": ({}, {"bias_prefactor": True}),
    "perpendicular": ({"attempt_time": 1e-9}, {}),
    "in the plane": (
        {"attempt_time": 1e-9, "easy_axis": "in-plane", "easy_plane_field": 5e5},
        {"voltage_exponent": 1.0},
    ),
}


def barrier_worker(kind: str, sets: int, samples: int) -> dict[str, Any]:
    """Traces of a junction that carries a current of either sign, and the barrier behind them."""
    from spinlearn.junctions import MTJ, TelegraphNoise, fit_barrier, fit_telegraph

    warnings.simplefilter("ignore")
    given, law = CARRYING[kind]
    device = MTJ(
        resistance_parallel=5e3,
        area=1e-15,
        tmr=1.0,
        thermal_stability=12.0,
        critical_voltage=0.5,
        damping=DAMPING,
        anisotropy_field=2e4,
        **given,
    )
    known = {"barrier": float(device.barrier), "critical_voltage": 0.5}
    noises = [TelegraphNoise.from_junction(device, SAMPLE_TIME, current=i) for i in CURRENTS]
    hits, p_values, told = [], [], []
    for seed in range(sets):
        fits, volts = [], []
        for k, (current, noise) in enumerate(zip(CURRENTS, noises, strict=True)):
            values = (noise.low, noise.high, noise.dwell_low, noise.dwell_high)
            low, high, *dwell = (float(v[0]) for v in values)
            sign = float(np.sign(current))
            step = min(dwell) / 8
            truth = (sign * low, sign * high, 9.1e-4, 9.1e-4, *dwell)
            trace = recording(np.random.default_rng([2026, seed, k]), samples, truth, step)
            fits.append(fit_telegraph(trace, step))
            volts.append((sign * fits[k].low.value, sign * fits[k].high.value))
        found = fit_barrier(fits, float(device.attempt_time), voltage=volts, **law)
        hits.append([found.estimates[name].covers(truth) for name, truth in known.items()])
        p_values.append(found.p_value)
        told.append(bool(found.concerns))
    share = dict(zip(known, map(float, np.mean(hits, axis=0)), strict=True))
    low = float(np.mean(np.array(p_values) < 0.05))
    return {
        "share": share,
        "low": low,
        "rejected": float(np.mean(told)),
        "memory": peak_memory(),
    }


def worker(task: str, *options: str) -> dict[str, Any]:
    if task == "telegraph":
        kind, sets, samples = options
        return telegraph_worker(kind, int(sets), int(samples))
    if task == "barrier":
        kind, sets, samples = options
        return barrier_worker(kind, int(sets), int(samples))
    data, model, given, sets = options
    return switching_worker(data, model, given == "given", int(sets))


def rows(sets: int, samples: int) -> list[Row]:
    found: list[Row] = []
    for data, model, given in FITS:
        arguments = ["switching", data, model, "given" if given else "free", str(sets)]
        result = run_worker(__spec__.name, arguments, limit=7200.0)
        own = data == "constant attempt time" or model in ("fokker-planck", data)
        text = f"{data}, fitted by {model}{', its time given' if given else ''}, {sets} data sets"
        found += _rows(result, text, own)
    for kind in TELEGRAPH:
        arguments = ["telegraph", kind, str(sets), str(samples)]
        result = run_worker(__spec__.name, arguments, limit=7200.0)
        found += _rows(result, f"telegraph {kind}, {samples} samples, {sets} data sets", True)
    for kind in CARRYING:
        result = run_worker(__spec__.name, ["barrier", kind, str(sets), str(samples)], limit=7200.0)
        text = f"barrier {kind}, traces at -1 and 1 µA, {samples} samples, {sets} data sets"
        found += _rows(result, text, True)
    return found


def _rows(result: dict[str, Any], size: str, own: bool) -> list[Row]:
    """Of one kind of data and fit; the model is right for them or not."""
    memory = result["memory"]
    found = [
        row(
            f"coverage of {name}",
            size,
            share,
            "1",
            peer="nominal",
            peer_value=0.95,
            ratio=share / 0.95,
            bound=0.90 if own else None,
            peak_memory=memory,
        )
        for name, share in result["share"].items()
    ]
    if own:
        share = result["low"]
        return [
            *found,
            row("p-values below 0.05", size, share, "1", peer="nominal", peer_value=0.05),
            row("fits told to be wrong", size, result["rejected"], "1"),
        ]
    units = {"thermal_stability": "1", "critical_voltage": "V"}
    found += [
        row(f"median of {name}", size, value, units.get(name, "s"))
        for name, value in result["median"].items()
    ]
    return [*found, row("fits told to be wrong", size, result["rejected"], "1")]


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    report(rows(20, 2000) if options.quick else rows(300, 4000), options.json)


if __name__ == "__main__":
    main()
