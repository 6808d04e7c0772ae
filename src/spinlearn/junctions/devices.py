"""Published junctions by name, with the source of every number."""

from __future__ import annotations

from collections.abc import Mapping
from math import log, pi
from types import MappingProxyType
from typing import Any

from spinlearn.constants import MU_0
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions.mtj import MTJ

_IKEDA = "Ikeda et al., Nat. Mater. 9, 721 (2010)"
_KOENDERS = "Koenders et al., Phys. Rev. Applied 23, 054035 (2025)"
_MIZRAHI = "Mizrahi et al., Nat. Commun. 9, 1533 (2018)"
_ASSUMED = "assumed"
# The moment 2 Δ k_B T/(μ0 H_k) is then that of 1.5 nm (Δ of 12.6) and 1.6 nm (Δ of 13.8).
_FREE_LAYER = "assumed: so that 60 nm and the barrier make a free layer of 1.5 nm with 0.8 MA/m"

_TABLE: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        # Perpendicular, 40 nm: a memory.
        "ikeda2010": {
            "resistance_area": (18e-12, f"{_IKEDA}, text"),
            "area": (pi * 20e-9**2, f"{_IKEDA}, abstract: 40 nm diameter"),
            "tmr": (1.24, f"{_IKEDA}, text; abstract: over 120 %"),
            "thermal_stability": (43.0, f"{_IKEDA}, text"),
            "critical_current": (49e-6, f"{_IKEDA}, abstract"),
            "damping": (0.027, f"{_IKEDA}, text: film of 1.3 nm"),
            "anisotropy_field": (0.34 / MU_0, f"{_IKEDA}, text: film of 1.3 nm, 0.34 T"),
            "half_voltage": (0.5, _ASSUMED),
            "temperature": (300.0, _ASSUMED),
        },
        # In-plane, superparamagnetic, 60 nm: a source of noise.
        "koenders2025": {
            "resistance_parallel": (3e3, f"{_KOENDERS}: 3 to 6 kΩ; not RA / area"),
            "area": (pi * 30e-9**2, f"{_KOENDERS}: 60 nm, circular"),
            "tmr": (1.0, f"{_KOENDERS}: above 100 %; 3 to 6 kΩ"),
            # ln(τ/τ_0). The published chain flips with probability 0.0809 a sample of 25 µs: seen
            # dwells of 12.36 samples, of which one flip in twelve is undone before it is seen, so
            # that the junction's own are 11.33 samples, τ = 283 µs.
            "thermal_stability": (
                log(11.3315 * 25e-6 / 1e-9),
                f"assumed: τ_0 of 1 ns; dwell of 11.33 samples at 40 kHz, 283 µs, which are 12.36 "
                f"as counted on the samples: {_KOENDERS}, 0.0809 flips a sample",
            ),
            "attempt_time": (1e-9, _ASSUMED),
            "critical_voltage": (0.1, _ASSUMED),
            "damping": (0.01, _ASSUMED),
            "anisotropy_field": (2.5e4, _FREE_LAYER),
            "easy_plane_field": (8e5, _ASSUMED),
            "half_voltage": (0.5, _ASSUMED),
            "temperature": (300.0, _ASSUMED),
        },
        # Superparamagnetic junctions of a population code; resistances are ours.
        "mizrahi2018": {
            "thermal_stability": (13.8, f"{_MIZRAHI}: 8.9 to 18.7, the middle"),
            "critical_current": (2.2e-7, f"{_MIZRAHI}: 85 to 550 nA, the geometric mean"),
            "resistance_parallel": (1e3, _ASSUMED),
            "area": (pi * 30e-9**2, _ASSUMED),
            "tmr": (1.0, _ASSUMED),
            "attempt_time": (1e-9, _ASSUMED),
            "damping": (0.01, _ASSUMED),
            "anisotropy_field": (2.5e4, _FREE_LAYER),
            "easy_plane_field": (8e5, _ASSUMED),
            "half_voltage": (0.5, _ASSUMED),
            "temperature": (300.0, _ASSUMED),
        },
    }
)


def junction_names() -> tuple[str, ...]:
    """Names of the junctions that `named_junction` knows (text without unit).

    Examples
    --------
    >>> junction_names()
    ('ikeda2010', 'koenders2025', 'mizrahi2018')
    """
    return tuple(sorted(_TABLE))


def named_junction(name: str) -> MTJ:
    """A junction with published parameters, in SI units as in `MTJ`, and the source of each.

    What the publication does not state is "assumed", which its ``sources`` say field by field.
    ``"text"`` marks numbers of a paper's text that were not at hand when this was written.

    Parameters
    ----------
    name
        One of `junction_names`.

    Raises
    ------
    SpinlearnValueError
        If the name is unknown.

    Examples
    --------
    >>> memory = named_junction("ikeda2010")
    >>> dict(memory.sources)["half_voltage"]
    'assumed'
    >>> round(float(memory.relaxation_time * 1e9), 2)  # ns
    0.62
    """
    if name not in _TABLE:
        raise SpinlearnValueError(
            "name", name, f"one of {', '.join(junction_names())}", "Build others with MTJ(...)."
        )
    entry = _TABLE[name]
    values = {field: value for field, (value, _) in entry.items()}
    sources = {field: source for field, (_, source) in entry.items()}
    axis = "in-plane" if "easy_plane_field" in entry else "perpendicular"
    sources["easy_axis"] = _ASSUMED if name == "mizrahi2018" else sources["area"].split(":")[0]
    return MTJ(**values, easy_axis=axis, sources=sources)
