"""Micromagnetics of a film under the current that flows in it."""

from spinlearn.magnetics.anisotropy import CubicAnisotropy, UniaxialAnisotropy
from spinlearn.magnetics.demag import Demag
from spinlearn.magnetics.dmi import BulkDMI, InterfacialDMI
from spinlearn.magnetics.driven import AbstractDrive, Driven, Supply, evolve_driven
from spinlearn.magnetics.energy import AbstractEnergy, Energies
from spinlearn.magnetics.evolve import Evolution, evolve
from spinlearn.magnetics.exchange import Exchange
from spinlearn.magnetics.grains import grain_axes, grain_factors, grain_labels
from spinlearn.magnetics.llg import LLG
from spinlearn.magnetics.oersted import OerstedField
from spinlearn.magnetics.ovf import OVF, OVFError, read_ovf, unit_vectors, write_ovf
from spinlearn.magnetics.relax import Relaxation, relax
from spinlearn.magnetics.slonczewski import Slonczewski
from spinlearn.magnetics.spin_orbit import SpinOrbit
from spinlearn.magnetics.states import (
    random_state,
    skyrmion_state,
    two_domain_state,
    uniform_state,
    vortex_state,
)
from spinlearn.magnetics.stripes import maze_state, stripe_state
from spinlearn.magnetics.thermal import ThermalField
from spinlearn.magnetics.torque import AbstractTorque, LayerCurrents
from spinlearn.magnetics.zeeman import Zeeman
from spinlearn.magnetics.zhang_li import ZhangLi

__all__ = [
    "LLG",
    "OVF",
    "AbstractDrive",
    "AbstractEnergy",
    "AbstractTorque",
    "BulkDMI",
    "CubicAnisotropy",
    "Demag",
    "Driven",
    "Energies",
    "Evolution",
    "Exchange",
    "InterfacialDMI",
    "LayerCurrents",
    "OVFError",
    "OerstedField",
    "Relaxation",
    "Slonczewski",
    "SpinOrbit",
    "Supply",
    "ThermalField",
    "UniaxialAnisotropy",
    "Zeeman",
    "ZhangLi",
    "evolve",
    "evolve_driven",
    "grain_axes",
    "grain_factors",
    "grain_labels",
    "maze_state",
    "random_state",
    "read_ovf",
    "relax",
    "skyrmion_state",
    "stripe_state",
    "two_domain_state",
    "uniform_state",
    "unit_vectors",
    "vortex_state",
    "write_ovf",
]
