"""What times and voltages of a junction can be: beyond, the unit is more likely wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping

from spinlearn.junctions.estimate import Estimate

#: A pulse without a unit is refused above: 1 ns is more than this in µs and in ns, and slower
#: pulses than 1 ms are rare (assumed).
LONGEST_PULSE = 1e-3
#: A voltage without a unit is refused above: barriers of MgO of a nanometre break down at 1 to 2 V
#: (assumed).
LARGEST_VOLTAGE = 2.0
#: Ranges of fitted parameters, and a usual value to guess the unit from (assumed). τ_D is
#: 1/(α γ μ0 H_k): 0.3 µs at α = 0.003 and 6 mT, 1 ps beyond α = 1 and 5 T. Attempt times are
#: measured down to 1e-18 s.
_RANGES = {
    "relaxation_time": (1e-12, 3e-7, 1e-9),
    "attempt_time": (0.0, 1e-6, 1e-9),
    "critical_voltage": (1e-4, LARGEST_VOLTAGE, 0.5),
}
#: A barrier this high, over k_B T, is that of a memory, which no voltage below this one writes:
#: such have 0.1 V and more. Superparamagnetic junctions may have a tenth of a millivolt (assumed).
_MEMORY, _LEAST_OF_MEMORIES = 15.0, 0.01
_COLUMNS = {"s": "pulse_length", "V": "voltage"}
_SMALLER = {3: "m", 6: "µ", 9: "n", 12: "p"}


def unlikely_units(estimates: Mapping[str, Estimate], lengths: int) -> list[str]:
    """What to say of fitted parameters whose whole interval no junction has.

    Pulses of one length alone tell a time so badly that its unit need not be at fault.
    """
    found = []
    stability = estimates.get("thermal_stability")
    memory = stability is not None and stability.low > _MEMORY
    for name, (least, most, usual) in _RANGES.items():
        estimate = estimates.get(name)
        if memory and name == "critical_voltage":
            least = _LEAST_OF_MEMORIES
        if estimate is None or estimate.low == estimate.high:
            continue  # given, not fitted
        if estimate.low > most or estimate.high < least:
            column, unit = _COLUMNS[estimate.unit], estimate.unit
            said = _guess(estimate.value / usual, column, unit)
            if unit == "s" and lengths < 2:
                said = (
                    "Pulses of one length do not tell it: measure at a second length, or pass "
                    f"given={{{name!r}: ...}} (s). {said}"
                )
            which = "memories" if least == _LEAST_OF_MEMORIES else "junctions"
            found.append(f"{name} {estimate}: {which} have {least:g} to {most:g} {unit}. {said}")
    return found


def _guess(ratio: float, column: str, unit: str) -> str:
    """The mistake that makes a parameter so many times too large, and its remedy."""
    decades = math.log10(ratio)
    power = min(12, 3 * round(abs(decades) / 3))
    if not power:
        return f"See whether the column {column} is in {unit} and of the right scale."
    small = _SMALLER[power] + unit
    if decades > 0:
        return (
            f"The column {column} may be in {small}, read as {unit}: name the unit in the header, "
            f"'{column} ({small})', or convert the array. If the header names a unit, the numbers "
            f"are in one that is smaller by 1e-{power}."
        )
    return (
        f"The column {column} may be in {unit}, read as {small}, or converted twice: if the "
        f"header names a unit, the numbers are in one that is larger by 1e{power}."
    )
