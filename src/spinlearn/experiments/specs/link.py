"""The magnetic link of a specification: a conductor that its own current writes."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from spinlearn.experiments.specs.base import Table, quantity

_FIT = "fitted to 8 simulated granular films, 300 K, ours (docs/theory/networks.md, Links)"


class LinkTable(Table):
    """The magnetic link: a film of 480 nm between two contacts (SI units, see its fields).

    Examples
    --------
    >>> LinkTable().device_spread
    0.1
    """

    conductance: float = quantity(14.9e-3, "S", 1e-9, 1e3, "Conductance of a new link", source=_FIT)
    change: float = quantity(
        5.27e-3, "1", -0.9, 100.0, "Relative change of a link that is written whole", source=_FIT
    )
    threshold: float = quantity(
        79.3e-3, "V", 1e-6, 1e3, "Voltage that in the end writes half of a link", source=_FIT
    )
    steepness: float = quantity(
        1.53, "1", 0.1, 100.0, "Exponent of what a voltage writes in the end", source=_FIT
    )
    rate: float = quantity(0.772e9, "1/s", 1e-3, 1e15, "Rate at the threshold", source=_FIT)
    acceleration: float = quantity(
        1.90, "1", 0.1, 100.0, "Exponent of the rate of writing", source=_FIT
    )
    retention: float = quantity(1e6, "s", 1e-9, 1e12, "Time in which what is written wears off")
    device_spread: float = quantity(
        0.10, "1", 0.0, 1.0, "Spread of ln g, of ln c and of ln v from link to link"
    )
    cycle_spread: float = quantity(0.02, "1", 0.0, 1.0, "Spread of what a pulse writes")

    @model_validator(mode="after")
    def _changes(self) -> Self:
        if self.change == 0:
            raise ValueError(
                "change = 0: allowed is any other relative change, since weights are read over it. "
                "A film of 480 nm has 5.27e-3."
            )
        return self
