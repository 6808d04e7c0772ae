"""What a trace is if it is no telegraph noise of one junction is told, and clean ones are left."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.fit_coverage import SAMPLE_TIME, TELEGRAPH, recording
from spinlearn import SpinlearnValueError
from spinlearn.constants import K_B
from spinlearn.junctions import MTJ, TelegraphNoise, fit_barrier, fit_telegraph
from spinlearn.report import telegraph_fit_figure

pytestmark = pytest.mark.once

COUNT, NOISE = 4000, 0.00091
TIME = SAMPLE_TIME * np.arange(COUNT)


def _clean(rng: np.random.Generator) -> np.ndarray:
    return recording(rng, COUNT, TELEGRAPH["of one noise"])


def _series(rng: np.random.Generator) -> np.ndarray:
    one, two = (recording(rng, COUNT, (0.018, v, 0, 0, 3e-4, 3e-4)) for v in (0.024, 0.030))
    return one + two + NOISE * rng.standard_normal(COUNT)


def _filtered(rng: np.random.Generator) -> np.ndarray:
    found = _clean(rng)
    for k in range(1, COUNT):
        found[k] += np.exp(-1.0) * (found[k - 1] - found[k])
    return found


def _spiky(rng: np.random.Generator) -> np.ndarray:
    found = _clean(rng)
    found[[500, 1700, 3100]] += 0.05
    return found


def _two_rates(rng: np.random.Generator) -> np.ndarray:
    stays = np.ceil(rng.exponential(np.where(rng.uniform(size=COUNT) < 0.6, 3.0, 30.0)))
    state = np.repeat(np.arange(COUNT) % 2, stays.astype(int))[:COUNT]
    return 0.036 + 0.012 * state + NOISE * rng.standard_normal(COUNT)


ODD: dict[str, tuple[Callable[[np.random.Generator], np.ndarray], str, str]] = {
    "series": (_series, "the trace has 4 levels", "one junction alone"),
    "hum": (lambda r: _clean(r) + NOISE * np.sin(314.16 * TIME), "wave of 50 Hz", "Subtract"),
    "drift": (lambda r: _clean(r) + 0.02 * TIME, "levels wander", "running median"),
    "filter": (_filtered, "low-pass filter", "every n-th sample"),
    "digitiser": (lambda r: 0.002 * np.round(_clean(r) / 0.002), "steps of 0.002 V", "finer range"),
    "spikes": (_spiky, r"3 of 4000 samples far .*trace\[500\]", "sample before"),
    "two rates": (_two_rates, "not exponential", "telegraph_fit_figure"),
}


@pytest.mark.parametrize("name", list(ODD))
def test_what_a_trace_is_instead_is_told_with_the_remedy(name: str) -> None:
    make, match, remedy = ODD[name]
    trace = make(np.random.default_rng(11))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fit = fit_telegraph(trace, SAMPLE_TIME)
    assert [str(one.message) for one in told] == list(fit.concerns)
    assert len(fit.concerns) == 1
    with pytest.raises(UserWarning, match=match):
        raise UserWarning(fit.concerns[0])
    assert remedy in fit.concerns[0]
    assert "NOT TO BE TRUSTED" in repr(fit)
    assert telegraph_fit_figure(fit, trace)._suptitle is not None  # pyright: ignore


def test_clean_traces_are_left_alone() -> None:
    for kind in TELEGRAPH:
        for seed in range(8):
            trace = recording(np.random.default_rng([3, seed]), COUNT, TELEGRAPH[kind])
            fit = fit_telegraph(trace, SAMPLE_TIME)  # a warning is an error here
            assert fit.concerns == ()
    assert "NOT TO BE" not in repr(fit)


def test_why_no_fit_was_found_is_told() -> None:
    rng = np.random.default_rng(12)
    coarse = 0.006 * np.round(_clean(rng) / 0.006) + 1e-9 * (np.arange(COUNT) == 7)
    with pytest.raises(SpinlearnValueError, match="digitiser"):
        fit_telegraph(coarse, SAMPLE_TIME)
    spiky = _clean(rng)
    spiky[rng.uniform(size=COUNT) < 0.003] = 0.4
    with pytest.raises(SpinlearnValueError, match="spikes"):
        fit_telegraph(spiky, SAMPLE_TIME)


def test_the_barrier_of_traces_at_several_voltages() -> None:
    """Dwell times by the law itself, written here: 12 k_B T, 0.5 V, 1 ns."""
    fits, volts = [], (-0.004, 0.0, 0.006)
    for k, v in enumerate(volts):
        dwell = [1e-9 * np.exp(12.4 * (1 + s * v / 0.5) ** 2) for s in (-1, 1)]
        truth = (0.036, 0.048, NOISE, NOISE, *dwell)
        trace = recording(np.random.default_rng([4, k]), COUNT, truth)
        fits.append(fit_telegraph(trace, SAMPLE_TIME, confidence=0.99))
    found = fit_barrier(fits, 1e-9, voltage=volts, confidence=0.99)
    assert found.estimates["barrier"].covers(12.4 * K_B * 300)
    assert found.estimates["critical_voltage"].covers(0.5)
    assert found.p_value > 1e-3
    low, high = found.barrier.dwell_times(0.0)
    assert float(low) == pytest.approx(float(high))
    one = fit_barrier(fits[2:], 1e-9, voltage=0.006)
    assert "no p-value" in repr(one)
    with pytest.raises(SpinlearnValueError, match="sign"):
        fit_barrier(fits[2:], 1e-9, voltage=-0.006)
    with pytest.raises(SpinlearnValueError, match="second voltage"):
        fit_barrier(fits[2:], 1e-9, voltage=0.006, anisotropy_field=1e4)
    with pytest.raises(SpinlearnValueError, match="attempt_time"):
        fit_barrier(fits, 1.0, voltage=volts)


@pytest.mark.parametrize(
    ("easy_axis", "law"),
    [
        ("perpendicular", {"bias_prefactor": True}),
        ("perpendicular", {}),
        ("in-plane", {"voltage_exponent": 1.0}),
    ],
    ids=["Brown", "perpendicular", "in the plane"],
)
def test_the_barrier_of_a_junction_that_carries_a_current(
    easy_axis: Any, law: dict[str, Any]
) -> None:
    """Every state has its own voltage: of one for both the barrier would be off."""
    given = {} if law.get("bias_prefactor") else {"attempt_time": 1e-9}
    device = MTJ(
        resistance_parallel=5e3,
        area=1e-15,
        tmr=1.0,
        thermal_stability=12.0,
        critical_voltage=0.5,
        damping=0.02,
        anisotropy_field=2e4,
        easy_axis=easy_axis,
        easy_plane_field=5e5 if easy_axis == "in-plane" else 0.0,
        **given,
    )
    fits, volts = [], []
    for k, current in enumerate((-1e-6, 1e-6)):
        noise = TelegraphNoise.from_junction(device, SAMPLE_TIME, current=current)
        sign = np.sign(current)  # below P where it is negative: then -trace is fitted
        levels, dwell = (
            [float(v[0]) for v in pair]
            for pair in ((noise.low, noise.high), (noise.dwell_low, noise.dwell_high))
        )
        truth = (*(sign * v for v in levels), NOISE, NOISE, *dwell)
        step = min(dwell) / 8
        trace = recording(np.random.default_rng([5, k]), COUNT, truth, step)
        fits.append(fit_telegraph(trace, step, confidence=0.99))
        volts.append((sign * fits[k].low.value, sign * fits[k].high.value))
    attempt = float(device.attempt_time)
    found = fit_barrier(fits, attempt, voltage=volts, confidence=0.99, **law)
    assert found.estimates["barrier"].covers(float(device.barrier))
    assert found.estimates["critical_voltage"].covers(0.5)
    assert found.p_value > 1e-3
    again = [float(t) for t in found.barrier.dwell_times(volts[1][0])]
    assert again[0] == pytest.approx(fits[1].dwell_low.value, rel=0.15)


def test_a_voltage_that_does_nothing_leaves_the_critical_voltage_open() -> None:
    """Of the published noise in some keys 1/V_c comes out below zero, by chance: no error."""
    for seed in range(12):
        rng = np.random.default_rng([6, seed])
        fit = fit_telegraph(_clean(rng), SAMPLE_TIME)
        ratio = np.log(fit.dwell_high.value / fit.dwell_low.value)
        if -0.3 < ratio < 0:
            with pytest.warns(UserWarning, match="do not tell a critical voltage"):
                found = fit_barrier([fit], 1e-9, voltage=0.042)
            assert found.estimates["critical_voltage"].value == np.inf
            assert np.isinf(float(found.barrier.critical_voltage))
            assert 0 < found.estimates["critical_voltage"].low < np.inf
            return
    raise AssertionError("no trace whose low level lasts longer")


def test_a_sample_time_in_other_units_is_named() -> None:
    trace = _clean(np.random.default_rng(3))
    with pytest.warns(UserWarning, match=r"sample_time = 25 s.*pass 0\.025 or 2\.5e-05"):
        fit_telegraph(trace, 25.0)
