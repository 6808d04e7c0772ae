"""Magnetic tunnel junctions: noise, and fits to lab data."""

from spinlearn.junctions.estimate import Estimate
from spinlearn.junctions.fit_switching import SwitchingFit, fit_switching
from spinlearn.junctions.fit_telegraph import TelegraphFit, fit_telegraph
from spinlearn.junctions.measured_noise import MeasuredNoise, RecordedNoise, RecordingState
from spinlearn.junctions.noise import AbstractNoise
from spinlearn.junctions.published_noise import named_noise, noise_names
from spinlearn.junctions.switching_model import SwitchingModel, thermal_activation
from spinlearn.junctions.switching_table import SwitchingTable, read_switching
from spinlearn.junctions.telegraph_noise import TelegraphNoise, TelegraphState
from spinlearn.junctions.thermal_barrier import ThermalBarrier

__all__ = [
    "AbstractNoise",
    "Estimate",
    "MeasuredNoise",
    "RecordedNoise",
    "RecordingState",
    "SwitchingFit",
    "SwitchingModel",
    "SwitchingTable",
    "TelegraphFit",
    "TelegraphNoise",
    "TelegraphState",
    "ThermalBarrier",
    "fit_switching",
    "fit_telegraph",
    "named_noise",
    "noise_names",
    "read_switching",
    "thermal_activation",
]
