"""Magnetic tunnel junctions: noise, and fits to lab data."""

from spinlearn.junctions.measured_noise import MeasuredNoise, RecordedNoise, RecordingState
from spinlearn.junctions.noise import AbstractNoise
from spinlearn.junctions.telegraph_noise import (
    TelegraphNoise,
    TelegraphState,
    named_noise,
    noise_names,
)
from spinlearn.junctions.thermal_barrier import ThermalBarrier

__all__ = [
    "AbstractNoise",
    "MeasuredNoise",
    "RecordedNoise",
    "RecordingState",
    "TelegraphNoise",
    "TelegraphState",
    "ThermalBarrier",
    "named_noise",
    "noise_names",
]
