"""Hardware that conducts and learns."""

from spinlearn.substrates.film import Film, FilmState
from spinlearn.substrates.heavy_metal import HeavyMetal
from spinlearn.substrates.substrate import AbstractSubstrate, Record

__all__ = ["AbstractSubstrate", "Film", "FilmState", "HeavyMetal", "Record"]
