"""Probability that a pulse switches a junction, as a model with parameters to be fitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from spinlearn._checks import as_number
from spinlearn.junctions.switching_table import SwitchingTable

Chances = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
Guess = Callable[[SwitchingTable, dict[str, float]], list[dict[str, float]]]


class SwitchingModel(NamedTuple):
    """What `fit_switching` fits: any probability with positive parameters.

    Parameters
    ----------
    name
        For figures and messages.
    parameters
        SI unit of each parameter, by name; empty for none.
    chances
        Function of parameters ``(k,)``, magnitudes of voltages (V) and pulse lengths (s),
        ``(rows,)`` each, that returns the probabilities to switch and not to switch, both to full
        relative precision.
    guess
        Function of the table and of the parameters that are given, which returns one or more
        starting points, by name.
    limit
        Name of the voltage parameter beyond which the model does not hold, or None.

    Examples
    --------
    >>> def chances(values, volts, length):
    ...     odds = np.exp((volts - values[0]) / values[1])
    ...     return odds / (1 + odds), 1 / (1 + odds)
    >>> logistic = SwitchingModel(
    ...     "logistic", {"centre": "V", "width": "V"}, chances,
    ...     lambda table, given: [{"centre": 0.5, "width": 0.1}])
    >>> float(logistic.chances(np.array([0.5, 0.1]), np.array([0.5]), np.array([1e-9]))[0][0])
    0.5
    """

    name: str
    parameters: dict[str, str]
    chances: Chances
    guess: Guess
    limit: str | None = None


def thermal_activation(exponent: float = 2.0) -> SwitchingModel:
    """Switching over a barrier that the voltage lowers, as in `ThermalBarrier` (V, s).

    ``P = 1 - exp(-t/τ)``, ``τ = τ_0 exp(Δ max(1 - V/V_c, 0)^n)``, with the parameters stability Δ,
    critical_voltage V_c and attempt_time τ_0. It holds below V_c. With the exponent 1 the three
    are tied, ``ln τ = ln τ_0 + Δ - Δ V/V_c``, and one must be given; with 2 the curvature in V
    tells them apart, which takes data over a wide range of voltages.

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

    def chances(
        values: np.ndarray, volts: np.ndarray, length: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        stability, critical, attempt = values
        height = stability * np.maximum(1 - volts / critical, 0) ** power
        tries = np.exp(np.minimum(np.log(length / attempt) - height, 600))
        return -np.expm1(-tries), np.exp(-tries)

    def guess(table: SwitchingTable, given: dict[str, float]) -> list[dict[str, float]]:
        attempts = [given["attempt_time"]] if "attempt_time" in given else np.logspace(-13, -7, 13)
        return [_straight(table, float(t), power, given) for t in attempts]

    return SwitchingModel(
        f"thermal activation, exponent {power:g}",
        {"stability": "", "critical_voltage": "V", "attempt_time": "s"},
        chances,
        guess,
        "critical_voltage",
    )


def _straight(
    table: SwitchingTable, attempt: float, power: float, given: dict[str, float]
) -> dict[str, float]:
    """The line through (ln τ/τ_0)^(1/n), which is straight in V."""
    share = (table.switched + 0.5) / (table.trials + 1)
    barrier = np.log(table.pulse_length / attempt) - np.log(-np.log1p(-share))
    # Rows that say something: neither none nor all.
    weight = np.sqrt(table.trials * share * (1 - share)) * (barrier > 0) + 1e-6
    root, volts = np.maximum(barrier, 0.01) ** (1 / power), np.abs(table.voltage)
    slope, top = np.polyfit(volts, root, 1, w=weight) if np.ptp(volts) > 0 else (0.0, root.mean())
    largest = max(float(volts.max()), 1e-6)
    critical = -top / slope if slope < 0 < top else 2 * largest
    start = {
        "stability": max(float(top), 0.1) ** power,
        "critical_voltage": float(np.clip(critical, 0.2 * largest, 50 * largest)),
        "attempt_time": attempt,
    }
    return start | given
