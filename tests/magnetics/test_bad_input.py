"""What cannot be right is refused where it is handed in, by name and with the remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, SpinlearnError, SpinlearnValueError, key_from_seed
from spinlearn.magnetics import (
    LLG,
    BulkDMI,
    CubicAnisotropy,
    Demag,
    Energies,
    Exchange,
    InterfacialDMI,
    Slonczewski,
    SpinOrbit,
    ThermalField,
    UniaxialAnisotropy,
    Zeeman,
    ZhangLi,
    evolve,
    relax,
)

pytestmark = pytest.mark.once

MESH = Mesh((6, 4, 1), (3e-9, 3e-9, 2e-9))
FILM = Material(8e5, 13e-12, 2e5)
ENERGY = Exchange(MESH, FILM) + UniaxialAnisotropy(MESH, FILM)
REAL = jnp.result_type(float)
M = jnp.zeros((3, *MESH.shape), REAL).at[2].set(1.0)
WRONG = np.full((4, 6, 1), 1.0)  # x and y exchanged
SPIN_TORQUE = LLG(ENERGY, ZhangLi(MESH, FILM, 0.5, 0.1), damping=0.1)
BATH = ThermalField(MESH, FILM, 300.0)
HOT = LLG(ENERGY, BATH, damping=0.1)
COLD = LLG(ENERGY, damping=0.1)
Case = tuple[str, Callable[[], Any], str, str]


def film(**changed: Any) -> Material:
    usual: dict[str, Any] = {"saturation_magnetization": 8e5, "exchange": 13e-12}
    return Material(**{**usual, **changed})


def run(**changed: Any) -> Any:
    usual: dict[str, Any] = {"llg": COLD, "m": M, "duration": 1e-12}
    return evolve(**{**usual, **changed})


def tilted(factor: float) -> jnp.ndarray:
    return factor * M.at[0].set(0.1)


# What is wrong, the call, the field that the error names, and a part of its message.
MATERIALS: list[Case] = [
    ("negative exchange", lambda: film(exchange=-1e-12), "exchange", "at least 0"),
    ("exchange without a number", lambda: film(exchange=None), "exchange", "a number in J/m"),
    ("negative Ms", lambda: film(saturation_magnetization=-8e5), "saturation_magnetization", "A/m"),
    ("NaN anisotropy", lambda: film(anisotropy=np.nan), "anisotropy", "finite"),
    ("no axis", lambda: film(anisotropy_axis=(0, 0, 0)), "anisotropy_axis", "other than zero"),
]
NO_FILM = film(saturation_magnetization=0.0)
KINDS: dict[str, Callable[[Material], Any]] = {
    "exchange": lambda film: Exchange(MESH, film),
    "uniaxial": lambda film: UniaxialAnisotropy(MESH, film),
    "interfacial DMI": lambda film: InterfacialDMI(MESH, film),
    "bulk DMI": lambda film: BulkDMI(MESH, film),
    "Zeeman": lambda film: Zeeman(MESH, film, (0.0, 0.0, 1e5)),
    "demag": lambda film: Demag(MESH, film),
    "Zhang-Li": lambda film: ZhangLi(MESH, film, 0.5, 0.1),
    "spin-orbit": lambda film: SpinOrbit(MESH, film, 0.1),
    "thermal": lambda film: ThermalField(MESH, film, 300.0),
}
EMPTY: list[Case] = [
    (
        f"no film for {name}",
        lambda build=build: build(NO_FILM),
        "saturation_magnetization",
        "a positive value in A/m in at least one cell",
    )
    for name, build in KINDS.items()
]
SHAPES: list[Case] = [
    (
        "Ms on other cells",
        lambda: Demag(MESH, film(saturation_magnetization=8e5 * WRONG)),
        "saturation_magnetization",
        "one number or one per cell, (6, 4, 1)",
    ),
    ("A on other cells", lambda: Exchange(MESH, film(exchange=1e-11 * WRONG)), "exchange", "6, 4"),
    (
        "K on other cells",
        lambda: UniaxialAnisotropy(MESH, film(anisotropy=1e5 * WRONG)),
        "anisotropy",
        "(6, 4, 1)",
    ),
    (
        "axes on other cells",
        lambda: UniaxialAnisotropy(MESH, film(anisotropy_axis=np.stack([WRONG] * 3))),
        "anisotropy_axis",
        "(3,) or (3, 6, 4, 1)",
    ),
    (
        "D on other cells",
        lambda: InterfacialDMI(MESH, film(interfacial_dmi=1e-3 * WRONG)),
        "interfacial_dmi",
        "(6, 4, 1)",
    ),
    (
        "bulk D on other cells",
        lambda: BulkDMI(MESH, film(bulk_dmi=1e-3 * WRONG)),
        "bulk_dmi",
        "(6, 4, 1)",
    ),
    ("damping on other cells", lambda: LLG(ENERGY, damping=0.1 * WRONG), "damping", "(6, 4, 1)"),
    (
        "temperature on other cells",
        lambda: ThermalField(MESH, FILM, 300 * WRONG),
        "temperature",
        "(6, 4, 1)",
    ),
    (
        "polarization on other cells",
        lambda: ZhangLi(MESH, FILM, 0.5 * WRONG, 0.1),
        "polarization",
        "(6, 4, 1)",
    ),
]
TERMS: list[Case] = [
    (
        "terms on meshes of other shape",
        lambda: ENERGY + Exchange(Mesh((6, 5, 1), (3e-9, 3e-9, 2e-9)), FILM),
        "terms",
        "on one mesh",
    ),
    (
        "terms of an open and a periodic film",
        lambda: ENERGY + Exchange(Mesh(MESH.shape, MESH.cell, (True, False, False)), FILM),
        "terms",
        "on one mesh",
    ),
    ("no terms", lambda: Energies(()), "terms", "one or more energy terms"),
    (
        "demag without a surface",
        lambda: Demag(Mesh((4, 4, 4), (2e-9, 2e-9, 2e-9), (True, True, True)), FILM),
        "mesh.periodic",
        "open one axis",
    ),
    (
        "demag of a wall without ends",
        lambda: Demag(Mesh((4, 4, 4), (2e-9, 2e-9, 2e-9), (True, False, True)), FILM),
        "mesh.periodic",
        "open one axis",
    ),
    (
        "a field of two components",
        lambda: Zeeman(MESH, FILM, (1e4, 0.0)),
        "applied",
        "(3,) or (3, 6, 4, 1)",
    ),
    (
        "a field on other cells",
        lambda: Zeeman(MESH, FILM, np.stack([WRONG] * 3)),
        "applied",
        "(3,) or (3, 6, 4, 1)",
    ),
    ("a field of NaN", lambda: Zeeman(MESH, FILM, (0.0, np.nan, 0.0)), "applied", "NaN"),
    (
        "a function that returns two components",
        lambda: run(llg=LLG(Zeeman(MESH, FILM, lambda t: jnp.zeros(2)))),
        "applied",
        "(3,) or (3, 6, 4, 1)",
    ),
    (
        "cubic axes that are not orthogonal",
        lambda: CubicAnisotropy(MESH, FILM, (5e4, 0.0), ((1, 0, 0), (1, 1, 0))),
        "axes",
        "two orthogonal axes",
    ),
]
TORQUES: list[Case] = [
    (
        "polarization above 1",
        lambda: ZhangLi(MESH, FILM, 1.5, 0.1),
        "polarization",
        "from -1 to 1",
    ),
    (
        "no direction of the fixed layer",
        lambda: Slonczewski(MESH, FILM, 0.5, (0.0, 0.0, 0.0)),
        "fixed_layer",
        "other than zero",
    ),
    (
        "no place of the fixed layer",
        lambda: Slonczewski(MESH, FILM, 0.5, (0.0, 0.0, 1.0), position="left"),
        "position",
        "'top' or 'bottom'",
    ),
    ("negative temperature", lambda: ThermalField(MESH, FILM, -1.0), "temperature", "300"),
    ("NaN temperature", lambda: ThermalField(MESH, FILM, np.nan), "temperature", ">= 0 in K"),
    ("no energy", lambda: LLG("Exchange", damping=0.1), "energy", "Exchange(mesh, material)"),  # pyright: ignore
    ("negative damping", lambda: LLG(ENERGY, damping=-0.1), "damping", ">= 0"),
    ("an energy among the torques", lambda: LLG(ENERGY, (ENERGY,)), "torques", "ZhangLi"),  # pyright: ignore
    ("a class for a torque", lambda: LLG(ENERGY, (ZhangLi,)), "torques", "ThermalField"),  # pyright: ignore
    ("two baths", lambda: LLG(ENERGY, (BATH, BATH)), "torques", "at most one ThermalField"),
]
CURRENTS: list[Case] = [
    ("no current", lambda: run(llg=SPIN_TORQUE), "current_density", "which ZhangLi needs"),
    (
        "no current in rhs",
        lambda: SPIN_TORQUE.rhs(M),
        "current_density",
        "Pass it to rhs or evolve",
    ),
    (
        "one vector for all cells",
        lambda: run(llg=SPIN_TORQUE, current_density=jnp.ones(3)),
        "current_density",
        "jnp.broadcast_to",
    ),
    (
        "a current in the plane alone",
        lambda: run(llg=SPIN_TORQUE, current_density=jnp.ones((2, *MESH.shape))),
        "current_density",
        "(3, 6, 4, 1)",
    ),
    (
        "a function that returns the wrong shape",
        lambda: run(llg=SPIN_TORQUE, current_density=lambda t: jnp.ones(3)),
        "current_density",
        "(3, 6, 4, 1)",
    ),
]
STATES: list[Case] = [
    (f"{name}, {call.__name__}", lambda call=call, m=m: call(m), "m", part)
    for call in (lambda m: run(m=m), lambda m: relax(ENERGY, m))
    for name, m, part in (
        ("m without layers", M[..., 0], "even for one layer"),
        ("m with components last", jnp.moveaxis(M, 0, 3), "(3, 6, 4, 1)"),
        ("m on other cells", jnp.swapaxes(M, 1, 2), "(3, 6, 4, 1)"),
        ("integer m", jnp.ones((3, *MESH.shape), int), ".astype(float)"),
        ("complex m", M.astype(complex), "floating-point"),
        ("m in A/m", 8e5 * M, "Divide by the length"),
        ("m twice as long", tilted(2.0), "unit vectors"),
        ("NaN in m", M.at[0, 1, 1].set(np.nan), "unit vectors"),
    )
]
RUNS: list[Case] = [
    ("a bath without a step", lambda: run(llg=HOT, key=key_from_seed(0)), "step", "step=1e-13"),
    ("a bath without a key", lambda: run(llg=HOT, step=1e-13), "key", "key_from_seed(0)"),
    ("unknown method", lambda: run(method="euler"), "method", "Leave it at '"),
    ("no tolerance", lambda: run(tolerance=0.0), "tolerance", "between 0 and 1"),
    ("negative tolerance", lambda: run(tolerance=-1e-5), "tolerance", "1e-5"),
    ("tolerance of 1", lambda: run(tolerance=1.0), "tolerance", "between 0 and 1"),
    ("NaN tolerance", lambda: run(tolerance=np.nan), "tolerance", "between 0 and 1"),
    ("negative step", lambda: run(step=-1e-13), "step", "a positive number in s"),
    ("negative duration", lambda: run(duration=-1e-12), "duration", "a positive time in s"),
    ("no duration", lambda: run(duration=0.0), "duration", "1e-9"),
    ("endless duration", lambda: run(duration=np.inf), "duration", "a positive time in s"),
    ("NaN duration", lambda: run(duration=np.nan), "duration", "a positive time in s"),
    ("times in disorder", lambda: run(times=[8e-13, 2e-13]), "times", "Sort them"),
    ("times beyond the end", lambda: run(times=[5e-13, 2e-12]), "times", "the duration longer"),
    ("times before the start", lambda: run(times=[-1e-13, 5e-13]), "times", "from 0 to"),
    ("NaN among the times", lambda: run(times=[1e-13, np.nan]), "times", "increasing times"),
    ("no times", lambda: run(times=[]), "times", "one or more times"),
    ("one time without a list", lambda: run(times=5e-13), "times", "jnp.linspace"),
    ("unknown method of relax", lambda: relax(ENERGY, M, method="lbfgs"), "method", "'minimize'"),
    ("no tolerance of relax", lambda: relax(ENERGY, M, tolerance=0.0), "tolerance", "1e-6"),
]
CASES = [*MATERIALS, *EMPTY, *SHAPES, *TERMS, *TORQUES, *CURRENTS, *STATES, *RUNS]


@pytest.mark.filterwarnings("ignore:cell edge")
@pytest.mark.parametrize(
    ("call", "field", "part"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_is_refused_by_name_and_with_the_remedy(call: Any, field: str, part: str):
    with pytest.raises(SpinlearnValueError) as caught:
        call()
    error = caught.value
    assert error.field == field
    assert part in str(error)
    assert str(error).startswith(f"{field} = ")
    # The remedy is a sentence.
    assert error.fix[0].isupper()
    assert error.fix.endswith((".", "!"))


def test_a_cell_above_the_exchange_length_warns_with_both_numbers():
    mesh = Mesh((6, 4, 1), (8e-9, 4e-9, 20e-9))
    with pytest.warns(UserWarning, match=r"8 nm exceeds the exchange length 5\.69 nm.*refine"):
        Exchange(mesh, FILM)


def test_the_thickness_of_one_layer_does_not_warn():
    Exchange(Mesh((6, 4, 1), (4e-9, 4e-9, 20e-9)), FILM)


@pytest.mark.parametrize("method", ["minimize", "overdamped"])
def test_relax_that_does_not_converge_says_how_far_it_came_and_what_helps(method: str):
    # Across the axis, a little off.
    start = M.at[2].set(0.1).at[0].set(np.sqrt(0.99))
    with pytest.raises(SpinlearnError, match=r"torque of .* Ms after \d+ steps .*Raise max_steps"):
        relax(ENERGY, start, method=method, max_steps=4)


def test_relax_with_nan_in_the_field_is_an_error():
    energy = ENERGY + Zeeman(MESH, FILM, lambda t: jnp.full(3, np.nan, REAL))
    with pytest.raises(SpinlearnError, match="NaN"):
        relax(energy, M)


OTHER = Mesh((6, 5, 1), (3e-9, 3e-9, 2e-9))


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("terms", lambda: ENERGY + Exchange(Mesh(MESH.shape, (2e-9, 2e-9, 1e-9)), FILM)),
        ("torques", lambda: LLG(ENERGY, 3)),
        ("torques", lambda: LLG(ENERGY, ENERGY)),
        ("torques", lambda: LLG(ENERGY, SpinOrbit(OTHER, FILM, 0.1))),
        ("gyromagnetic_ratio", lambda: LLG(ENERGY, gyromagnetic_ratio=-1.0)),
        ("polarization", lambda: Slonczewski(MESH, FILM, 1.5, (0, 0, 1))),
        ("asymmetry", lambda: Slonczewski(MESH, FILM, 0.5, (0, 0, 1), asymmetry=0.0)),
        ("dampinglike", lambda: SpinOrbit(MESH, FILM, float("nan"))),
        ("nonadiabaticity", lambda: ZhangLi(MESH, FILM, 0.5, float("nan"))),
        ("m", lambda: evolve(LLG(ENERGY), jnp.zeros((3, *MESH.shape)), 1e-12)),
        ("m", lambda: evolve(LLG(ENERGY), None, 1e-12)),
        ("times", lambda: evolve(LLG(ENERGY), M, 1e-12, observe=lambda t, m: m)),
        ("step", lambda: evolve(LLG(ENERGY), M, 1e-12, step=float("inf"))),
        ("step", lambda: evolve(LLG(ENERGY), M, 1e-12, step="1e-13")),
        ("duration", lambda: evolve(LLG(ENERGY), M, None)),
        ("tolerance", lambda: evolve(LLG(ENERGY), M, 1e-12, tolerance="x")),
        ("llg", lambda: evolve(ENERGY, M, 1e-12)),
        ("energy", lambda: relax(LLG(ENERGY), M)),
    ],
)
def test_what_was_accepted_or_crashed_is_named(field: str, call: Any):
    with pytest.raises(SpinlearnValueError) as caught:
        call()
    assert caught.value.field == field
