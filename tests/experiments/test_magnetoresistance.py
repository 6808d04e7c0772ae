"""The field loop, against symmetries of the square film."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pytest
import xarray

from spinlearn.experiments.magnetoresistance import _reversal, _two_terminal
from spinlearn.runs import Result, make_spec, run
from tests.runs.small import small_spec

FILM = {"length": 64e-9, "width": 64e-9, "anisotropy": 0.0}


def _loop(path: Path, **changes: object) -> Result:
    tables = {"film": FILM, "relax": {"tolerance": 1e-4}} | changes
    return run(small_spec(**tables), path)


@pytest.fixture(scope="module")
def along_x(tmp_path_factory: pytest.TempPathFactory) -> Result:
    loop = {"points": 3, "largest": 2e5, "angle": 0.1}
    return _loop(tmp_path_factory.mktemp("x") / "run", loop=loop)


def test_turning_the_field_turns_the_contacts(along_x: Result, tmp_path: Path) -> None:
    """A quarter turn of the field is a quarter turn of the square with its four contacts."""
    loop = {"points": 3, "largest": 2e5, "angle": 0.1 + np.pi / 2}
    turned = _loop(tmp_path / "run", loop=loop).dataset["conductance"].values[0]
    g = along_x.dataset["conductance"].values[0]
    order = [(k + 1) % 4 for k in range(4)]  # contacts are numbered counter-clockwise
    np.testing.assert_allclose(turned[np.ix_(order, order)], g, rtol=3e-4)
    assert np.abs(turned - g).max() > 1e-3 * g.max()


def test_current_along_m_meets_more_resistance(along_x: Result) -> None:
    """m lies near x: the path from left to right (1, 3) conducts less than the other (0, 2)."""
    g = -along_x.dataset["conductance"].values[0]
    assert g[1, 3] < g[0, 2]
    assert 0.5 * 0.025 < g[0, 2] / g[1, 3] - 1 < 2.5 * 0.025


def test_without_amr_nothing_is_read(tmp_path: Path) -> None:
    film = FILM | {"amr_ratio": 0.0}
    g = _loop(tmp_path / "run", film=film).dataset["conductance"].values
    np.testing.assert_allclose(g, np.broadcast_to(g[:1], g.shape), rtol=1e-5)


def test_claims(along_x: Result) -> None:
    claims = {claim.name: claim for claim in along_x.claims}
    assert 0 < claims["remanence"].value <= 1
    low, high = claims["coercive field"].interval or (0.0, 0.0)
    assert (low, high) == (0.0, 2e5)  # three points cannot tell more
    change = next(c.value for name, c in claims.items() if name.startswith("change"))
    assert 0 < change <= 0.025
    assert along_x.totals["field evaluations"][0] == float(along_x.dataset["evaluations"].sum())


def test_grains_depend_on_the_seed_and_matter(tmp_path: Path) -> None:
    film = FILM | {"anisotropy": 5e4, "grain_size": 16e-9}
    a, b = (
        _loop(tmp_path / str(seed), film=film, seed=seed).dataset["mean_m"].values
        for seed in (0, 1)
    )
    assert np.abs(a - b).max() > 1e-3


@pytest.mark.parametrize("start", ["random", "vortex"])
def test_other_starts(start: str, tmp_path: Path) -> None:
    result = _loop(tmp_path / "run", relax={"start": start, "tolerance": 1e-3})
    assert result.status == "finished"
    assert result.spec.precision == ("float64" if jax.config.jax_enable_x64 else "float32")


def test_two_terminal_resistance_of_resistors() -> None:
    """Three resistors in a triangle: R12 beside R13 + R23."""
    g12, g13, g23 = 1.0, 2.0, 4.0
    g = np.array([[g12 + g13, -g12, -g13], [-g12, g12 + g23, -g23], [-g13, -g23, g13 + g23]])
    expected = 1 / (g12 + 1 / (1 / g13 + 1 / g23))
    np.testing.assert_allclose(_two_terminal(np.stack([g, 2 * g]), 0, 1), [expected, expected / 2])


@pytest.mark.parametrize("points", [2, 3, 5, 40, 41])
def test_reversal_is_known_as_well_as_the_grid(points: int) -> None:
    """A square loop that turns at 1 kA/m: the bracket holds it, whatever the grid."""
    spec = make_spec({"experiment": "magnetoresistance", "loop": {"points": points, "angle": 0.0}})
    field = np.array(spec.loop.fields)  # pyright: ignore[reportAttributeAccessIssue]
    m = np.where(field > 0, 0.99, -0.99)
    m[:points] = np.where(field[:points] > -1e3, 0.99, -0.99)
    m[points - 1 :] = np.where(field[points - 1 :] < 1e3, -0.99, 0.99)
    data = xarray.Dataset(
        {"field": ("step", field), "mean_m": (("step", "c"), np.stack([m, 0 * m, 0 * m], 1))}
    )
    claims = {claim.name: claim for claim in _reversal(spec, data)}  # pyright: ignore
    low, high = claims["coercive field"].interval or (0.0, 0.0)
    assert low <= 1e3 <= high
    assert high - low == pytest.approx(8e4 / (points - 1))
    assert ("remanence" in claims) == (points % 2 == 1)


def test_a_loop_that_does_not_saturate_claims_no_reversal(tmp_path: Path) -> None:
    loop = {"points": 3, "largest": 1e3}
    result = _loop(tmp_path / "run", loop=loop, relax={"start": "vortex", "tolerance": 1e-3})
    assert not {"coercive field", "remanence"} & {claim.name for claim in result.claims}
