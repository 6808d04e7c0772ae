"""The Fokker–Planck equation of a perpendicular free layer, as a model to be fitted."""

from __future__ import annotations

import numpy as np

from spinlearn.junctions import _fokker_planck_table as solution
from spinlearn.junctions.switching_model import SwitchingModel
from spinlearn.junctions.switching_table import SwitchingTable

Numbers = np.ndarray

_NAMES = ("thermal_stability", "critical_voltage", "relaxation_time")
# Starting points are looked for on a grid: Δ, τ_D (s), and V_c over the largest voltage.
_STABILITIES = np.geomspace(6, 130, 8)
_TIMES = np.geomspace(1e-11, 3e-8, 8)
_VOLTAGES = np.geomspace(0.18, 10, 36)
_STARTS = 8
# The shortest pulse of a usual table, s.
_USUAL_PULSES = (5e-11, 1e-5)
# Rows looked at, and the most that one may weigh there: the grid is coarse.
_ROWS = 24
_HEAVIEST = 25.0


def fokker_planck() -> SwitchingModel:
    """Switching of a perpendicular macrospin, as `switching_probability` has it (V, s).

    It holds below, around and above the critical voltage, for pulses of any length from 0.15 τ_D
    on, and for switching that is rare as for errors of writing. Parameters are thermal_stability
    Δ (5 to 140), critical_voltage V_c (voltages up to 6 V_c) and relaxation_time
    τ_D = (1 + α²)/(α γ μ0 H_k), `MTJ.relaxation_time`: with known damping and anisotropy field,
    give it. The probabilities are those of a table with continuous slopes: of points with
    both above 1e-6, half are within 1e-5 of the equation, relative, 99 % within 6e-4, and all
    that were tried within 6e-3.

    References
    ----------
    W. F. Brown, Phys. Rev. 130, 1677 (1963); Z. Li and S. Zhang, Phys. Rev. B 69, 134416 (2004).

    Examples
    --------
    >>> model, volts = fokker_planck(), np.array([0.3, 0.5, 1.0])
    >>> _, left = model.chances(np.array([40.0, 0.5, 1e-9]), volts, np.full(3, 1e-8))
    >>> [f"{p:.1e}" for p in left]  # below, at and above the critical voltage
    ['1.0e+00', '2.9e-01', '5.4e-08']
    """
    return SwitchingModel(
        "Fokker-Planck",
        {_NAMES[0]: "", _NAMES[1]: "V", _NAMES[2]: "s"},
        _chances,
        _guess,
        _holds,
        f"Δ from {solution.STABILITIES[0]:g} to {solution.STABILITIES[1]:g}, voltages up to "
        f"{solution.LARGEST_DRIVE:g} V_c and pulses from {solution.SHORTEST_TIME:g} τ_D on",
        "The junction may be no perpendicular macrospin (fit thermal_activation(1.0) or a "
        "SwitchingModel of your own), or rows, units and trials may not be what the table says.",
    )


def _chances(values: Numbers, volts: Numbers, length: Numbers) -> tuple[Numbers, Numbers]:
    stability, critical, unit = values
    return solution.chances(stability, volts / critical, length / unit)


def _holds(values: Numbers, volts: Numbers, length: Numbers) -> Numbers:
    stability, critical, unit = values
    return solution.covers(stability, volts / critical, length / unit)


def _guess(table: SwitchingTable, given: dict[str, float]) -> list[dict[str, float]]:
    """The best of a grid, by distance in ln(−ln W), in which rows are nearly straight."""
    rows = np.linspace(0, len(table.voltage) - 1, min(_ROWS, len(table.voltage))).astype(int)
    volts, length, switched, trials = (np.asarray(c)[rows] for c in table)
    volts = np.abs(volts)
    share = (switched + 0.5) / (trials + 1)
    seen = np.log(-np.log1p(-share))
    weight = np.minimum(trials * share * (1 - share), _HEAVIEST)
    grid = {
        "thermal_stability": _STABILITIES,
        "critical_voltage": max(float(volts.max()), 1e-6) * _VOLTAGES,
        "relaxation_time": _TIMES * _other_units(float(length.min()))[:, None],
    } | {name: np.array([value]) for name, value in given.items()}
    points, costs = [], []
    for unit in grid["relaxation_time"].ravel():
        stability, critical = (
            g.ravel() for g in np.meshgrid(grid["thermal_stability"], grid["critical_voltage"])
        )
        _, left = solution.chances(
            stability[:, None],
            volts / critical[:, None],
            np.broadcast_to(length / unit, (1, len(rows))),
        )
        found = np.log(-np.log(np.clip(left, 1e-300, 1 - 1e-16)))
        off = solution.compress(found) - solution.compress(seen)
        # None or all of the trials: only one side is wrong.
        off = np.where((switched == 0) & (off < 0), 0, off)
        off = np.where((switched == trials) & (off > 0), 0, off)
        costs.append((weight * np.minimum(off**2, 9.0)).sum(axis=1))
        points.append(np.stack([stability, critical, np.full(len(stability), unit)], axis=1))
    order = np.argsort(np.concatenate(costs))[:_STARTS]
    return [dict(zip(_NAMES, map(float, p), strict=True)) for p in np.concatenate(points)[order]]


def _other_units(shortest: float) -> Numbers:
    """Factors of the grid's times: 1, and where pulses are none, those of a mistaken unit.

    A fit that finds the time behind a wrong unit is one whose message names it.
    """
    if _USUAL_PULSES[0] <= shortest <= _USUAL_PULSES[1]:
        return np.ones(1)
    return np.array([1.0, 1000.0 ** np.round(np.log10(shortest / 1e-8) / 3)])
