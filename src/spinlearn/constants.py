"""Physical constants (CODATA, as shipped with scipy), in SI units."""

from __future__ import annotations

from math import pi
from typing import Final

from scipy import constants as _codata

#: Vacuum permeability, T m/A.
MU_0: Final[float] = float(_codata.mu_0)
#: Elementary charge, C.
ELEMENTARY_CHARGE: Final[float] = float(_codata.e)
#: Reduced Planck constant, J s.
HBAR: Final[float] = float(_codata.hbar)
#: Boltzmann constant, J/K.
K_B: Final[float] = float(_codata.k)
#: Bohr magneton, J/T.
BOHR_MAGNETON: Final[float] = float(_codata.physical_constants["Bohr magneton"][0])
#: Electron gyromagnetic ratio (magnitude), rad/(s T).
GYROMAGNETIC_RATIO: Final[float] = float(_codata.physical_constants["electron gyromag. ratio"][0])
#: Conductance quantum 2e²/h, S.
CONDUCTANCE_QUANTUM: Final[float] = 2.0 * ELEMENTARY_CHARGE**2 / (2.0 * pi * HBAR)
