"""A heavy-metal layer below a film: it shunts the current, and turns it into torque."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax

from spinlearn._checks import as_leaf, is_known
from spinlearn.errors import SpinlearnValueError

Array = jax.Array


class HeavyMetal(eqx.Module):
    """A conducting layer without magnetism below the film.

    The layers share one electric field, which drives a current in both. Per current density in
    this layer it gives the film a damping- and a field-like spin–orbit torque and, if wanted, the
    field of a wide sheet, ``H = ½ J d × z``.

    Parameters
    ----------
    conductivity
        Conductivity, S/m.
    thickness
        Thickness d, m.
    dampinglike, fieldlike
        Spin–orbit efficiencies (see `SpinOrbit`), without unit.

    Raises
    ------
    SpinlearnValueError
        If the conductivity or the thickness is not positive.

    Examples
    --------
    >>> HeavyMetal(conductivity=0.55e6, thickness=4e-9, dampinglike=-0.1).thickness.shape
    ()
    """

    conductivity: Array
    thickness: Array
    dampinglike: Array
    fieldlike: Array

    def __init__(
        self, conductivity: Any, thickness: Any, dampinglike: Any = 0.0, fieldlike: Any = 0.0
    ) -> None:
        self.conductivity = as_leaf(conductivity, "heavy_metal.conductivity", "S/m")
        self.thickness = as_leaf(thickness, "heavy_metal.thickness", "m")
        self.dampinglike = as_leaf(dampinglike, "heavy_metal.dampinglike", "1")
        self.fieldlike = as_leaf(fieldlike, "heavy_metal.fieldlike", "1")
        for field, unit in (("conductivity", "S/m"), ("thickness", "m")):
            value = getattr(self, field)
            if is_known(value) and not (value.ndim == 0 and 0 < float(value) < float("inf")):
                raise SpinlearnValueError(
                    f"heavy_metal.{field}",
                    value,
                    f"one positive number in {unit}",
                    "Tantalum of 4 nm has 0.5e6 S/m, platinum 5e6 S/m.",
                )
