"""Hardware that conducts and learns."""

from spinlearn.substrates.check import check_substrate
from spinlearn.substrates.crossbar import Crossbar, CrossbarReading, CrossbarState
from spinlearn.substrates.crossbar_cells import Cells
from spinlearn.substrates.film import Film, FilmState
from spinlearn.substrates.heavy_metal import HeavyMetal
from spinlearn.substrates.ideal import Ideal, IdealState
from spinlearn.substrates.ideal_crossbar import IdealCrossbar, IdealCrossbarState
from spinlearn.substrates.learning_kernel import (
    LearningKernel,
    conductance_changes,
    measure_learning_kernel,
)
from spinlearn.substrates.learning_spectrum import (
    LearningSpectrum,
    hebb_correlation,
    learning_spectrum,
    sign_patterns,
)
from spinlearn.substrates.link_fit import LinkFit, LinkResponse, fit_links, measure_link
from spinlearn.substrates.link_model import LinkModel
from spinlearn.substrates.links import Links, LinksState
from spinlearn.substrates.substrate import AbstractSubstrate, Record

__all__ = [
    "AbstractSubstrate",
    "Cells",
    "Crossbar",
    "CrossbarReading",
    "CrossbarState",
    "Film",
    "FilmState",
    "HeavyMetal",
    "Ideal",
    "IdealCrossbar",
    "IdealCrossbarState",
    "IdealState",
    "LearningKernel",
    "LearningSpectrum",
    "LinkFit",
    "LinkModel",
    "LinkResponse",
    "Links",
    "LinksState",
    "Record",
    "check_substrate",
    "conductance_changes",
    "fit_links",
    "hebb_correlation",
    "learning_spectrum",
    "measure_learning_kernel",
    "measure_link",
    "sign_patterns",
]
