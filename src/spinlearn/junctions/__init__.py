"""Magnetic tunnel junctions: resistance, macrospin, switching."""

from spinlearn.junctions.devices import junction_names, named_junction
from spinlearn.junctions.macrospin import Macrospin, Trajectories
from spinlearn.junctions.mtj import MTJ
from spinlearn.junctions.switching import switching_probability, write_error_rate
from spinlearn.junctions.switching_forms import (
    activation_rate,
    ballistic_write_error,
    relaxation_rate,
    thermal_switching,
    zero_temperature_time,
)
from spinlearn.junctions.switching_lookup import SwitchingLookup, tabulate_switching

__all__ = [
    "MTJ",
    "Macrospin",
    "SwitchingLookup",
    "Trajectories",
    "activation_rate",
    "ballistic_write_error",
    "junction_names",
    "named_junction",
    "relaxation_rate",
    "switching_probability",
    "tabulate_switching",
    "thermal_switching",
    "write_error_rate",
    "zero_temperature_time",
]
