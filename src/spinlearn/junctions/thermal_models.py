"""Switching over a barrier, as models to be fitted: a constant attempt time, and Brown's rate."""

from __future__ import annotations

import numpy as np

from spinlearn._checks import as_number
from spinlearn.junctions.switching_model import SwitchingModel
from spinlearn.junctions.switching_table import SwitchingTable

Numbers = np.ndarray

_REMEDY = (
    "Fit model='fokker-planck', which holds below, around and above the critical voltage of a "
    "perpendicular free layer."
)
# Below so many k_B T there is no barrier to speak of, and within so many τ_D no steady rate.
_LOWEST_BARRIER = 2.0
_SHORTEST_PULSE = 30.0


def thermal_activation(exponent: float = 2.0) -> SwitchingModel:
    """Switching over a barrier that the voltage lowers, as in `ThermalBarrier` (V, s).

    ``P = 1 - exp(-t/τ)``, ``τ = τ_0 exp(Δ max(1 - V/V_c, 0)^n)``, with the parameters
    thermal_stability Δ, critical_voltage V_c and attempt_time τ_0. With the exponent 1 the three
    are tied, ``ln τ = ln τ_0 + Δ - Δ V/V_c``, and one must be given; with 2 the curvature in V
    tells them apart, which takes data over a wide range of voltages.

    The attempt time is a constant here, which it is for no macrospin: to the data of one this
    model assigns a Δ that is too small by a fifth, say. It is a law for what has no better one.

    Parameters
    ----------
    exponent
        n: 2 for one moment in a uniaxial anisotropy, 1 for the linear law (no unit).

    Raises
    ------
    SpinlearnValueError
        If the exponent is not positive.

    References
    ----------
    W. F. Brown, Phys. Rev. 130, 1677 (1963); Z. Li and S. Zhang, Phys. Rev. B 69, 134416 (2004).

    Examples
    --------
    >>> model = thermal_activation()
    >>> p, _ = model.chances(np.array([40.0, 0.5, 1e-9]), np.array([0.4]), np.array([1e-8]))
    >>> p.round(4).tolist()  # ten attempts over 40 (1 - 0.8)² k_B T
    [0.8672]
    """
    power = as_number(exponent, "exponent", lambda n: n > 0, "a positive number", "Pass 1 or 2.")

    def height(values: Numbers, volts: Numbers) -> Numbers:
        stability, critical, _ = values
        return stability * np.maximum(1 - volts / critical, 0) ** power

    def chances(values: Numbers, volts: Numbers, length: Numbers) -> tuple[Numbers, Numbers]:
        tries = np.exp(np.minimum(np.log(length / values[2]) - height(values, volts), 600))
        return -np.expm1(-tries), np.exp(-tries)

    def guess(table: SwitchingTable, given: dict[str, float]) -> list[dict[str, float]]:
        attempts = [given["attempt_time"]] if "attempt_time" in given else np.logspace(-13, -7, 13)
        return [_straight(table, float(t), power) | given for t in attempts]

    return SwitchingModel(
        f"thermal activation, exponent {power:g}",
        {"thermal_stability": "", "critical_voltage": "V", "attempt_time": "s"},
        chances,
        guess,
        lambda values, volts, length: height(values, volts) >= _LOWEST_BARRIER,
        f"barriers of {_LOWEST_BARRIER:g} k_B T or more, below the critical voltage",
        _REMEDY,
    )


def brown_rate() -> SwitchingModel:
    """Switching over a high barrier at Brown's rate, `thermal_switching` (V, s).

    ``r = √(Δ/π) (1 - i²)(1 - i) exp(-Δ (1 - i)²)/τ_D``, i = V/V_c, and the rate back of the other
    sign; the parameters are thermal_stability Δ, critical_voltage V_c and relaxation_time τ_D,
    which is `MTJ.relaxation_time` and may be given. Of a perpendicular macrospin the rate is 15
    to 35 % too large for barriers of 2 to 8 k_B T, and pulses of less than 100 τ_D switch less
    often than it says. Where the barrier is below k_B T it is held.

    References
    ----------
    W. F. Brown, Phys. Rev. 130, 1677 (1963).

    Examples
    --------
    >>> model = brown_rate()
    >>> p, _ = model.chances(np.array([40.0, 0.5, 1e-9]), np.array([0.3]), np.array([1e-7]))
    >>> p.round(4).tolist()
    [0.1408]
    """

    def chances(values: Numbers, volts: Numbers, length: Numbers) -> tuple[Numbers, Numbers]:
        stability, critical, unit = values
        drive = np.minimum(volts / critical, 1 - 1 / np.sqrt(max(stability, 1.0001)))
        scale = np.sqrt(stability / np.pi) * (1 - drive**2)
        out = scale * (1 - drive) * np.exp(-stability * (1 - drive) ** 2)
        back = scale * (1 + drive) * np.exp(-stability * (1 + drive) ** 2)
        both = out + back
        decayed = np.maximum(both * length / unit, 1e-300)
        switched = out / both * -np.expm1(-decayed)
        return switched, back / both + out / both * np.exp(-decayed)

    def guess(table: SwitchingTable, given: dict[str, float]) -> list[dict[str, float]]:
        units = (
            [given["relaxation_time"]] if "relaxation_time" in given else np.logspace(-12, -7, 11)
        )
        starts = []
        for unit in units:
            # The mean dwell without voltage at a usual barrier.
            start = _straight(table, float(unit) * np.sqrt(np.pi / 40), 2.0)
            del start["attempt_time"]
            starts.append(start | {"relaxation_time": float(unit)} | given)
        return starts

    def holds(values: Numbers, volts: Numbers, length: Numbers) -> Numbers:
        stability, critical, unit = values
        barrier = stability * np.maximum(1 - volts / critical, 0) ** 2
        return (barrier >= _LOWEST_BARRIER) & (length >= _SHORTEST_PULSE * unit)

    return SwitchingModel(
        "Brown's rate",
        {"thermal_stability": "", "critical_voltage": "V", "relaxation_time": "s"},
        chances,
        guess,
        holds,
        f"barriers of {_LOWEST_BARRIER:g} k_B T or more, below the critical voltage, and pulses "
        f"of {_SHORTEST_PULSE:g} τ_D or more",
        _REMEDY,
    )


def _straight(table: SwitchingTable, attempt: float, power: float) -> dict[str, float]:
    """The line through (ln τ/τ_0)^(1/n), which is straight in V."""
    share = (table.switched + 0.5) / (table.trials + 1)
    barrier = np.log(table.pulse_length / attempt) - np.log(-np.log1p(-share))
    # Rows that say something: neither none nor all.
    weight = np.sqrt(table.trials * share * (1 - share)) * (barrier > 0) + 1e-6
    root, volts = np.maximum(barrier, 0.01) ** (1 / power), np.abs(table.voltage)
    slope, top = np.polyfit(volts, root, 1, w=weight) if np.ptp(volts) > 0 else (0.0, root.mean())
    largest = max(float(volts.max()), 1e-6)
    critical = -top / slope if slope < 0 < top else 2 * largest
    return {
        "thermal_stability": max(float(top), 0.1) ** power,
        "critical_voltage": float(np.clip(critical, 0.2 * largest, 50 * largest)),
        "attempt_time": attempt,
    }
