"""Write pulses of a crossbar: how likely they switch, and which voltage that takes."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from spinlearn._checks import as_leaf, as_number
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import MTJ, SwitchingLookup, tabulate_switching

Array = jax.Array

# Voltages of a table over the critical one: twice it writes within some relaxation times, shorter
# pulses need more.
_HIGHEST, _HIGHEST_OF_SHORT, _SHORT = 2.0, 4.0, 5.0
# The voltage of a pulse is found by looking at so many voltages, so many times.
_LOOKED_AT, _ZOOMS = 1025, 4


def table_of_pulses(junction: MTJ, pulse_lengths: tuple[float, float]) -> SwitchingLookup:
    """Switching probabilities of a mean device from no voltage to one that writes (V, s)."""
    short = min(pulse_lengths) < _SHORT * float(junction.relaxation_time)
    highest = _HIGHEST_OF_SHORT if short else _HIGHEST
    return tabulate_switching(
        junction, (0.0, highest * float(junction.critical_voltage)), pulse_lengths
    )


def voltage_of_pulse(table: SwitchingLookup, probability: Any, duration: Any) -> Array:
    """Voltage (V) of a pulse of a duration (s) that switches with a probability (no unit)."""
    wanted = as_number(
        probability,
        "probability",
        lambda p: 0 < p < 1,
        "a number above 0 and below 1 (no unit)",
        "Pass a probability of switching.",
    )
    low, high = (float(v) for v in table.voltages)

    def chances(volts: np.ndarray) -> np.ndarray:
        return np.asarray(table.switching_probability(volts, duration), np.float64)

    least, most = chances(np.array([low, high]))
    if not least <= wanted <= most:
        raise SpinlearnValueError(
            "probability",
            wanted,
            f"{least:.3g} to {most:.3g}, of pulses of {low:g} to {high:g} V",
            "Pass a table of other voltages, or another duration.",
        )
    for _ in range(_ZOOMS):
        volts = np.linspace(low, high, _LOOKED_AT)
        above = int(np.argmax(np.append(chances(volts[1:-1]) >= wanted, True)))
        low, high = volts[above], volts[above + 1]
    return as_leaf(0.5 * (low + high), "voltage", "V")
