"""Magnetic tunnel junctions: resistance, macrospin, switching, noise, fits to lab data."""

from spinlearn.junctions.devices import junction_names, named_junction
from spinlearn.junctions.estimate import Estimate
from spinlearn.junctions.fit_barrier import BarrierFit, fit_barrier
from spinlearn.junctions.fit_switching import fit_switching
from spinlearn.junctions.fit_telegraph import fit_telegraph
from spinlearn.junctions.fokker_planck_model import fokker_planck
from spinlearn.junctions.macrospin import Macrospin, Trajectories
from spinlearn.junctions.measured_noise import MeasuredNoise, RecordedNoise, RecordingState
from spinlearn.junctions.mtj import MTJ
from spinlearn.junctions.noise import AbstractNoise
from spinlearn.junctions.published_noise import named_noise, noise_names
from spinlearn.junctions.switching import switching_probability, write_error_rate
from spinlearn.junctions.switching_fit import SwitchingFit
from spinlearn.junctions.switching_forms import (
    activation_rate,
    ballistic_write_error,
    relaxation_rate,
    thermal_switching,
    zero_temperature_time,
)
from spinlearn.junctions.switching_lookup import SwitchingLookup, tabulate_switching
from spinlearn.junctions.switching_model import SwitchingModel
from spinlearn.junctions.switching_table import SwitchingTable, read_switching
from spinlearn.junctions.telegraph_fit import TelegraphFit
from spinlearn.junctions.telegraph_noise import TelegraphNoise, TelegraphState
from spinlearn.junctions.thermal_barrier import ThermalBarrier
from spinlearn.junctions.thermal_models import brown_rate, thermal_activation
from spinlearn.junctions.white_noise import BernoulliNoise, GaussianNoise, WhiteNoiseState

__all__ = [
    "MTJ",
    "AbstractNoise",
    "BarrierFit",
    "BernoulliNoise",
    "Estimate",
    "GaussianNoise",
    "Macrospin",
    "MeasuredNoise",
    "RecordedNoise",
    "RecordingState",
    "SwitchingFit",
    "SwitchingLookup",
    "SwitchingModel",
    "SwitchingTable",
    "TelegraphFit",
    "TelegraphNoise",
    "TelegraphState",
    "ThermalBarrier",
    "Trajectories",
    "WhiteNoiseState",
    "activation_rate",
    "ballistic_write_error",
    "brown_rate",
    "fit_barrier",
    "fit_switching",
    "fit_telegraph",
    "fokker_planck",
    "junction_names",
    "named_junction",
    "named_noise",
    "noise_names",
    "read_switching",
    "relaxation_rate",
    "switching_probability",
    "tabulate_switching",
    "thermal_activation",
    "thermal_switching",
    "write_error_rate",
    "zero_temperature_time",
]
