"""Electrical transport of a magnetic texture: conductivity, contacts, potential, conductance."""

from spinlearn.transport.bridges import bridge_electrodes, bridged_pairs
from spinlearn.transport.conductance import (
    Reading,
    conductance_matrix,
    read_conductance,
)
from spinlearn.transport.conductivity import AMR
from spinlearn.transport.crossbar import (
    CrossbarCurrents,
    attenuated_conductance,
    crossbar_currents,
    crossbar_matrix,
    selected_voltages,
)
from spinlearn.transport.electrodes import Electrodes
from spinlearn.transport.layouts import disc_electrodes, edge_electrodes, grid_electrodes
from spinlearn.transport.potential import Potential, solve_potential
from spinlearn.transport.sensitivity import conductance_sensitivity

__all__ = [
    "AMR",
    "CrossbarCurrents",
    "Electrodes",
    "Potential",
    "Reading",
    "attenuated_conductance",
    "bridge_electrodes",
    "bridged_pairs",
    "conductance_matrix",
    "conductance_sensitivity",
    "crossbar_currents",
    "crossbar_matrix",
    "disc_electrodes",
    "edge_electrodes",
    "grid_electrodes",
    "read_conductance",
    "selected_voltages",
    "solve_potential",
]
