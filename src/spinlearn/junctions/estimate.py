"""A fitted number with its confidence interval."""

from __future__ import annotations

from typing import NamedTuple


class Estimate(NamedTuple):
    """A fitted number with its confidence interval, in an SI unit.

    Parameters
    ----------
    value
        The most likely value, in the unit.
    low, high
        Ends of the interval; 0 or infinity where the data set no bound.
    unit
        SI unit; empty for none.

    Examples
    --------
    >>> print(Estimate(0.42, 0.40, 0.45, "V"))
    0.42 V (0.4 to 0.45)
    """

    value: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.low == self.high:
            return f"{self.value:.4g}{unit} (given)"
        return f"{self.value:.4g}{unit} ({self.low:.4g} to {self.high:.4g})"

    def covers(self, value: float) -> bool:
        """Whether the interval contains a value (SI units)."""
        return self.low <= value <= self.high
