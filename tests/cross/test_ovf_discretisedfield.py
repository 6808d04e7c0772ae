"""OVF files to and from Ubermag's discretisedfield, which is not among the dev dependencies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinlearn import Mesh
from spinlearn.magnetics.ovf import read_ovf, unit_vectors, write_ovf

pytestmark = pytest.mark.once

df: Any = pytest.importorskip("discretisedfield")

FILM = Mesh((5, 4, 3), (2e-9, 3e-9, 5e-9))
CORNER = (-3e-9, 1e-8, 0.0)
KINDS = {"binary8": "bin8", "binary4": "bin4", "text": "txt"}


def random_field(components: int, kind: str) -> np.ndarray:
    values = np.random.default_rng(components).standard_normal((components, *FILM.shape))
    # binary4 keeps what a float32 can hold.
    return values.astype(np.float32).astype(np.float64) if kind == "binary4" else values


@pytest.mark.parametrize("components", [1, 2, 3, 6])
@pytest.mark.parametrize("kind", list(KINDS))
def test_discretisedfield_reads_what_we_write(tmp_path: Path, kind: Any, components: int) -> None:
    path = tmp_path / "m.ovf"
    values = random_field(components, kind)
    write_ovf(path, values, FILM, representation=kind, units="A/m", origin=CORNER, time=1e-9)
    field = df.Field.from_file(str(path))
    # Their arrays have the component last.
    np.testing.assert_array_equal(np.moveaxis(field.array, -1, 0), values)
    assert tuple(field.mesh.n) == FILM.shape
    np.testing.assert_allclose(field.mesh.cell, FILM.cell, rtol=1e-12)
    np.testing.assert_allclose(field.mesh.region.pmin, CORNER, atol=1e-21)
    assert field.unit == "A/m"


@pytest.mark.parametrize("kind", list(KINDS))
def test_discretisedfield_reads_ovf_1(tmp_path: Path, kind: Any) -> None:
    values = random_field(3, kind)
    write_ovf(tmp_path / "m.ovf", values, FILM, representation=kind, version=1)
    field = df.Field.from_file(str(tmp_path / "m.ovf"))
    np.testing.assert_array_equal(np.moveaxis(field.array, -1, 0), values)


@pytest.mark.parametrize("components", [1, 2, 3, 6])
@pytest.mark.parametrize("kind", list(KINDS))
def test_we_read_what_discretisedfield_writes(tmp_path: Path, kind: Any, components: int) -> None:
    path = tmp_path / "m.ovf"
    values = random_field(components, kind)
    far = np.asarray(CORNER) + FILM.extent
    mesh = df.Mesh(region=df.Region(p1=CORNER, p2=far), n=FILM.shape)
    field = df.Field(mesh, nvdim=components, value=np.moveaxis(values, 0, -1), unit="A/m")
    field.to_file(str(path), representation=KINDS[kind])
    state = read_ovf(path)
    np.testing.assert_array_equal(state.values, values)
    assert state.mesh.shape == FILM.shape
    np.testing.assert_allclose(state.mesh.cell, FILM.cell, rtol=1e-12)
    np.testing.assert_allclose(state.origin, CORNER, atol=1e-21)
    assert state.units == ("A/m",) * components


def test_the_files_of_mumax3_and_oommf_that_discretisedfield_brings() -> None:
    samples = Path(df.__file__).parent / "tests" / "test_sample"
    paths = sorted(p for p in samples.glob("*.o?f") if p.stat().st_size < 3_000_000)
    if not paths:
        pytest.skip("this discretisedfield has no sample files")
    for path in paths:
        theirs = df.Field.from_file(str(path))
        # Their meshes in metres warn in our Mesh.
        if theirs.mesh.cell.max() > 1e-3:
            continue
        ours = read_ovf(path)
        np.testing.assert_array_equal(ours.values, np.moveaxis(theirs.array, -1, 0), str(path))
        np.testing.assert_allclose(ours.mesh.cell, theirs.mesh.cell, rtol=1e-12)
        if len(ours.values) == 3:
            m, length = unit_vectors(ours)
            np.testing.assert_allclose(m * length, ours.values, rtol=1e-6, atol=1e-6)
