"""A trace that is to be fitted: finite voltages, and more than two of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinlearn._checks import as_numbers
from spinlearn.errors import SpinlearnValueError

FEWEST_SAMPLES = 100


def checked_trace(trace: Any, largest: float) -> np.ndarray:
    """The trace as numbers, V, ``(N,)``."""
    given = as_numbers(trace, "trace", "voltages (N,), V", "Pass the trace as an array.")
    if given.ndim != 1 or len(given) < FEWEST_SAMPLES:
        raise SpinlearnValueError(
            "trace", f"shape {given.shape}", f"(N,), N >= {FEWEST_SAMPLES}", "Pass one trace."
        )
    bad = ~np.isfinite(given)
    if bad.any():
        k = int(np.argmax(bad))
        raise SpinlearnValueError(f"trace[{k}]", given[k], "a finite voltage, V", "Cut it there.")
    if np.abs(given).max() > largest:
        k = int(np.argmax(np.abs(given)))
        raise SpinlearnValueError(
            f"trace[{k}]",
            f"{given[k]:g} V",
            f"at most {largest:g} V in magnitude",
            "If the trace is in mV, divide by 1000; if it is right, pass a higher `largest`.",
        )
    if not given.std() > 1e-9 * np.abs(given).max():
        raise SpinlearnValueError(
            "trace", "one value throughout", "a trace with two levels", "Check the readout."
        )
    if len(np.unique(given[: 10 * FEWEST_SAMPLES])) < 3 and len(np.unique(given)) < 3:
        raise SpinlearnValueError(
            "trace",
            "two values and nothing in between",
            "a trace with readout noise: without any the likelihood has no maximum",
            "Add noise of a known size, say the step of the digitiser over √12; the dwell times "
            "stay. Or count the samples between flips.",
        )
    return given


def scaled(trace: np.ndarray) -> tuple[np.ndarray, float, float]:
    """The trace with mean 0 and variance 1; its mean and standard deviation, V."""
    centre, scale = float(trace.mean()), float(trace.std())
    return (trace - centre) / scale, centre, scale
