"""Reports: figures of textures, currents, conductance matrices, energies; pages of stored runs."""

from spinlearn.report._energies import energies_figure
from spinlearn.report._junction_figures import switching_fit_figure, telegraph_fit_figure
from spinlearn.report._style import prefixed
from spinlearn.report.figures import (
    conductance_figure,
    current_figure,
    magnetization_colors,
    readout_figure,
    texture_figure,
)
from spinlearn.report.html import write_figures, write_report, write_reproduction

__all__ = [
    "conductance_figure",
    "current_figure",
    "energies_figure",
    "magnetization_colors",
    "prefixed",
    "readout_figure",
    "switching_fit_figure",
    "telegraph_fit_figure",
    "texture_figure",
    "write_figures",
    "write_report",
    "write_reproduction",
]
