"""Numbers with their units, as text and as axes."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import numpy as np

from spinlearn.constants import MU_0
from spinlearn.report._style import prefixed

# A prefix before a power would be raised with it; these have none or stand for themselves.
_UNPREFIXED = re.compile(r"^(|1|%|°|rad|kg.*|\w+[²³].*)$")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def scale_of(peak: float, unit: str) -> tuple[float, str]:
    """Factor and unit for a value, with an SI prefix where the unit takes one (any SI unit)."""
    if _UNPREFIXED.match(unit):
        return 1.0, "" if unit == "1" else unit
    return prefixed(peak, unit)


def number(value: float, digits: int = 4) -> str:
    """A number as it is printed: a true minus, powers of ten."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    text = f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.replace("-", "−")
    if not exponent:
        return mantissa
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def quantity(value: float, unit: str, digits: int = 4) -> tuple[str, str]:
    """A value and its unit with SI prefix, both as text (any SI unit)."""
    scale, shown = scale_of(abs(value), unit)
    return number(scale * value, digits), shown


def with_unit(value: float, unit: str, digits: int = 4) -> str:
    """A value with its unit in one text."""
    return " ".join(quantity(value, unit, digits)).strip()


def duration(seconds: float) -> str:
    """A wall time, s, in seconds, minutes or hours."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 7200:
        return f"{seconds / 60:.3g} min"
    return f"{seconds / 3600:.3g} h"


def is_field(unit: str, description: str) -> bool:
    """Whether it is an applied field in A/m, which is read as μ0H in T."""
    return unit == "A/m" and "field" in description


class Axis(NamedTuple):
    """Values for an axis, its label and its unit with prefix."""

    values: np.ndarray
    label: str
    unit: str

    @property
    def title(self) -> str:
        """Label with the unit in brackets."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def text(self, index: int) -> str:
        """One of the values with its label and unit."""
        return f"{self.label} = {number(float(self.values[index]), 3)} {self.unit}".strip()


def axis_of(array: Any, peak: float | None = None) -> Axis:
    """Axis of an xarray DataArray, from its units and long name (SI units).

    Parameters
    ----------
    array
        Numbers in SI units.
    peak
        Largest value that the prefix has to suit, in the array's unit; by default its own.
    """
    values = np.asarray(array.values, np.float64)
    unit = array.attrs.get("units", "1")
    label = str(array.attrs.get("long_name") or array.name)
    factor = 1.0
    if is_field(unit, label):
        factor, unit = MU_0, "T"
        label = "applied field μ₀H" if label == "applied field" else f"{label} μ₀H"
    if peak is None:
        finite = np.abs(values[np.isfinite(values)])
        peak = float(finite.max()) if finite.size else 0.0
    scale, shown = scale_of(factor * peak, unit)
    return Axis(scale * factor * values, label, shown)
