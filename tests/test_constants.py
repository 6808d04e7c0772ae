"""Constants against CODATA's published values, and against one another."""

from __future__ import annotations

import inspect
import re
from math import pi

import pytest

from spinlearn import constants

ELECTRON_MASS = 9.1093837e-31  # kg
ELECTRON_G = 2.00231930436
LIGHT = 299_792_458.0  # m/s
VACUUM_PERMITTIVITY = 8.8541878188e-12  # F/m


@pytest.mark.parametrize(
    ("name", "value", "rtol"),
    [
        ("ELEMENTARY_CHARGE", 1.602176634e-19, 1e-15),  # exact in SI
        ("K_B", 1.380649e-23, 1e-15),  # exact in SI
        ("HBAR", 1.054571817646156e-34, 1e-15),  # exact in SI
        ("MU_0", 1.25663706127e-6, 1e-9),
        ("BOHR_MAGNETON", 9.2740100657e-24, 3e-9),
        ("GYROMAGNETIC_RATIO", 1.76085962784e11, 3e-9),
        ("CONDUCTANCE_QUANTUM", 7.748091729863649e-5, 1e-14),
    ],
)
def test_published_value(name: str, value: float, rtol: float) -> None:
    assert getattr(constants, name) == pytest.approx(value, rel=rtol)


def test_bohr_magneton_is_charge_times_hbar_over_twice_the_mass() -> None:
    expected = constants.ELEMENTARY_CHARGE * constants.HBAR / (2 * ELECTRON_MASS)
    assert pytest.approx(expected, rel=1e-8) == constants.BOHR_MAGNETON


def test_gyromagnetic_ratio_is_g_magnetons_over_hbar() -> None:
    expected = ELECTRON_G * constants.BOHR_MAGNETON / constants.HBAR
    assert pytest.approx(expected, rel=1e-8) == constants.GYROMAGNETIC_RATIO


def test_permeability_and_permittivity_give_the_speed_of_light() -> None:
    assert pytest.approx(1 / (VACUUM_PERMITTIVITY * LIGHT**2), rel=1e-9) == constants.MU_0


def test_conductance_quantum_is_one_over_12906_ohms() -> None:
    assert pytest.approx(12906.40372, rel=1e-9) == 1 / constants.CONDUCTANCE_QUANTUM
    expected = constants.ELEMENTARY_CHARGE**2 / (pi * constants.HBAR)
    assert pytest.approx(expected, rel=1e-14) == constants.CONDUCTANCE_QUANTUM


def test_every_constant_is_a_float_with_its_unit_written_above_it() -> None:
    source = inspect.getsource(constants)
    names = [name for name in vars(constants) if name.isupper()]
    assert len(names) >= 7
    for name in names:
        assert type(getattr(constants, name)) is float
        assert re.search(rf"^#: [^\n]*(, | )[A-Za-z/() ]+\.\n{name}: Final", source, re.M), name
