"""Electrical transport of a magnetic texture: conductivity, contacts, potential, conductance."""

from spinlearn.transport.bridges import bridge_electrodes, bridged_pairs
from spinlearn.transport.conductance import (
    Reading,
    conductance_matrix,
    read_conductance,
)
from spinlearn.transport.conductivity import AMR
from spinlearn.transport.electrodes import Electrodes
from spinlearn.transport.layouts import disc_electrodes, edge_electrodes, grid_electrodes
from spinlearn.transport.potential import Potential, solve_potential
from spinlearn.transport.sensitivity import conductance_sensitivity

__all__ = [
    "AMR",
    "Electrodes",
    "Potential",
    "Reading",
    "bridge_electrodes",
    "bridged_pairs",
    "conductance_matrix",
    "conductance_sensitivity",
    "disc_electrodes",
    "edge_electrodes",
    "grid_electrodes",
    "read_conductance",
    "solve_potential",
]
