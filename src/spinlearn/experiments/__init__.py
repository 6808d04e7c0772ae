"""Experiments: one module per system, from named parameters to the numbers and fields it gives."""

from spinlearn.experiments.readout import (
    Readout,
    StripedFilm,
    read_striped_film,
    stripe_texture,
)

__all__ = ["Readout", "StripedFilm", "read_striped_film", "stripe_texture"]
