"""What a trace is if it is no telegraph noise of one junction is told, and clean ones are left."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.fit_coverage import SAMPLE_TIME, TELEGRAPH, recording
from spinlearn import SpinlearnValueError
from spinlearn.constants import K_B
from spinlearn.junctions import fit_barrier, fit_telegraph
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
