"""Reports: figures of textures, currents, conductance matrices and energies."""

from spinlearn.report._energies import energies_figure
from spinlearn.report._style import prefixed
from spinlearn.report.figures import (
    conductance_figure,
    current_figure,
    magnetization_colors,
    readout_figure,
    texture_figure,
)

__all__ = [
    "conductance_figure",
    "current_figure",
    "energies_figure",
    "magnetization_colors",
    "prefixed",
    "readout_figure",
    "texture_figure",
]
