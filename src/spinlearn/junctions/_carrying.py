"""A junction that carries a current: the voltage over each state, and how long it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from spinlearn._checks import is_known
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions.thermal_barrier import ThermalBarrier

if TYPE_CHECKING:
    from spinlearn.junctions.mtj import MTJ


def carrying(
    junction: MTJ, current: Any, field: Any
) -> tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    """Voltages (V) over P and AP at a current (A) in a field (A/m), and their dwell times (s)."""
    barrier = ThermalBarrier.from_junction(junction)
    parallel, opposite = (junction.voltage(cosine, current) for cosine in (1.0, -1.0))
    low = barrier.dwell_times(parallel, field, junction.temperature)[0]
    high = barrier.dwell_times(opposite, field, junction.temperature)[1]
    for state, dwell, volts in (("P", low, parallel), ("AP", high, opposite)):
        if is_known(dwell, volts) and not np.isfinite(np.asarray(dwell)).all():
            raise SpinlearnValueError(
                "current",
                f"{np.asarray(current)} A, up to {np.abs(np.asarray(volts)).max():.3g} V over "
                f"{state}",
                f"a current at which {state} is left within {np.finfo(dwell.dtype).max:.0e} s",
                "Pass a lower current: this one holds the junction in its state.",
            )
    return (parallel, opposite), (low, high)
