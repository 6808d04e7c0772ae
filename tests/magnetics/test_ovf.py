"""OVF files: bits kept, the layout of the standard, other programs' files, and damaged ones."""

from __future__ import annotations

import os
import pickle
import re
import struct
import tracemalloc
import warnings
from itertools import product
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis.extra import numpy as hnp

from spinlearn import Mesh, SpinlearnError, SpinlearnValueError
from spinlearn.magnetics import ovf as ovf_module
from spinlearn.magnetics.ovf import OVF, OVFError, read_ovf, unit_vectors, write_ovf

pytestmark = pytest.mark.once

DATA = Path(__file__).parent / "data"
FILM = Mesh((4, 3, 2), (2e-9, 3e-9, 1e-9))
KINDS = list(product((1, 2), ("binary8", "binary4", "text")))
BITS = {"binary8": np.uint64, "binary4": np.uint32, "text": np.uint64}


def numbers(components: int = 3, mesh: Mesh = FILM) -> np.ndarray:
    """The values of the Ubermag files: see data/README.md."""
    ix, iy, iz = np.indices(mesh.shape)
    n = ix + 10.0 * iy + 100.0 * iz + 1
    return np.stack([n / 3, -n / 7, 8e5 / n, n])[:components]


def same_bits(a: np.ndarray, b: np.ndarray, kind: str) -> bool:
    return a.shape == b.shape and bool((a.view(BITS[kind]) == b.view(BITS[kind])).all())


def change(path: Path, old: str, new: str) -> Path:
    content = path.read_bytes()
    assert content.count(old.encode()) == 1, f"{old!r} is not there once"
    path.write_bytes(content.replace(old.encode(), new.encode()))
    return path


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "m.ovf"
    write_ovf(path, numbers(), FILM, representation="text", units="A/m")
    return path


# --- Round trips -----------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "kind"), KINDS)
def test_round_trip_keeps_every_bit(tmp_path: Path, version: Any, kind: Any) -> None:
    rng = np.random.default_rng(3)
    values = rng.standard_normal((3, *FILM.shape))
    if kind == "binary4":
        values = values.astype(np.float32)
    else:
        values *= 10.0 ** rng.integers(-300, 300, values.shape)
    values.ravel()[:6] = [0.0, -0.0, np.inf, -np.inf, np.nan, np.finfo(values.dtype).tiny / 2]
    labels = None if version == 1 else ["a", "two words", "c"]
    units = "A/m" if version == 1 else ["A/m", "", "J/m^3"]
    told = {"title": "µ: state 3", "units": units, "origin": (-4e-9, 1e-7, 0.0), "time": 1.7e-10}
    description = ("made by: hand", "Iteration: 3, State id: 4")
    path = tmp_path / "m.ovf"
    write_ovf(
        path, values, FILM, representation=kind, version=version,
        labels=labels, description=description, **told,
    )  # fmt: skip
    back = read_ovf(path)
    assert back.values.dtype == (np.float32 if kind == "binary4" else np.float64)
    assert back.values.flags.c_contiguous
    assert back.values.flags.writeable
    assert same_bits(back.values, values, kind)
    assert back.mesh.shape == FILM.shape
    assert back.mesh.cell.tolist() == FILM.cell.tolist()
    assert (back.title, back.origin, back.time) == (told["title"], told["origin"], told["time"])
    assert back.description == description
    assert back.labels == (() if version == 1 else ("a", "two words", "c"))
    assert back.units == (("A/m",) * 3 if version == 1 else ("A/m", "", "J/m^3"))


@hypothesis.given(st.data())
@hypothesis.settings(max_examples=60)
def test_round_trip_of_any_field(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    kind: Any = data.draw(st.sampled_from(["binary8", "binary4", "text"]))
    version: Any = data.draw(st.sampled_from([1, 2]))
    shape = data.draw(st.tuples(*[st.integers(1, 5)] * 3))
    components = 3 if version == 1 else data.draw(st.integers(1, 4))
    cell = data.draw(st.tuples(*[st.floats(1e-12, 1e-3)] * 3))
    dtype = np.float32 if kind == "binary4" else np.float64
    # A NaN in a text has lost its sign and payload.
    floats = hnp.from_dtype(np.dtype(dtype), allow_nan=kind != "text")
    values = data.draw(hnp.arrays(dtype, (components, *shape), elements=floats))
    line = st.text(max_size=20).map(str.strip).filter(lambda t: t.isprintable() and "##" not in t)
    title = data.draw(line)
    word = line.filter(lambda t: not set(t) & set('{}"\\'))
    labels = None if version == 1 else data.draw(st.lists(word, min_size=1, max_size=1))
    labels = labels and [f"{labels[0]}{i}" for i in range(components)]
    path = tmp_path_factory.mktemp("ovf") / "any.ovf"
    mesh = Mesh(shape, cell)
    write_ovf(
        path, values, mesh, representation=kind, version=version, title=title or "t", labels=labels
    )
    back = read_ovf(path)
    assert same_bits(back.values, values, kind)
    assert (back.mesh.shape, tuple(back.mesh.cell)) == (shape, cell)
    assert back.title == (title or "t")
    assert back.labels == tuple(labels or ())


@pytest.mark.parametrize("components", [1, 2, 3, 4])
def test_any_number_of_components(tmp_path: Path, components: int) -> None:
    write_ovf(tmp_path / "f.ovf", numbers(components), FILM, title="field")
    back = read_ovf(tmp_path / "f.ovf")
    assert np.array_equal(back.values, numbers(components))
    named = ("field_x", "field_y", "field_z") if components == 3 else back.labels
    assert len(back.labels) == components
    assert back.labels == named
    assert back.units == ("1",) * components


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_other_numbers_are_converted_exactly(tmp_path: Path, dtype: Any) -> None:
    values = (1000 * numbers()).astype(dtype)
    for kind in ("binary8", "text"):
        write_ovf(tmp_path / "m.ovf", values, FILM, representation=kind)
        assert np.array_equal(read_ovf(tmp_path / "m.ovf").values, values.astype(float))


def test_a_film_of_many_rows_as_text(tmp_path: Path) -> None:
    film = Mesh((131, 127, 1), (1e-9, 1e-9, 1e-9))
    write_ovf(tmp_path / "m.ovf", numbers(3, film), film, representation="text")
    assert np.array_equal(read_ovf(tmp_path / "m.ovf").values, numbers(3, film))


# --- The layout of the standard --------------------------------------------------------------

TINY = """# OOMMF OVF 2.0
# Segment count: 1
# Begin: Segment
# Begin: Header
# Title: tiny
# meshtype: rectangular
# meshunit: nm
# xbase: 1.5
# ybase: 2
# zbase: -0.5
# xnodes: 3
# ynodes: 2
# znodes: 2
# xstepsize: 3
# ystepsize: 4
# zstepsize: 1
# valuedim: 2
# valuelabels: a b
# valueunits: T
# End: Header
# Begin: Data Text
111 -111
211 -211
311 -311
121 -121
221 -221
321 -321
112 -112
212 -212
312 -312
122 -122
222 -222
322 -322
# End: Data Text
# End: Segment
"""


def write_tiny(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    path = tmp_path / "tiny.ovf"
    path.write_text(TINY, encoding="utf-8")
    for old, new in changes:
        change(path, old, new)
    return path


def test_x_runs_fastest_then_y_then_z(tmp_path: Path) -> None:
    tiny = read_ovf(write_tiny(tmp_path))
    ix, iy, iz = np.indices((3, 2, 2)) + 1
    n = 100.0 * ix + 10 * iy + iz
    assert np.array_equal(tiny.values, [n, -n])
    assert tiny.mesh.shape == (3, 2, 2)
    # Correctly rounded: 3 * 1e-9 would be 3.0000000000000004e-09.
    assert tiny.mesh.cell.tolist() == [3e-9, 4e-9, 1e-9]
    np.testing.assert_allclose(tiny.origin, (0, 0, -1e-9), atol=1e-24)
    assert tiny.units == ("T", "T")
    assert tiny.time is None


@pytest.mark.parametrize(
    ("unit", "cell"), [("m", 3.0), ("mm", 3e-3), ("um", 3e-6), ("µm", 3e-6), ("pm", 3e-12)]
)
@pytest.mark.filterwarnings("ignore:cell")
def test_mesh_units(tmp_path: Path, unit: str, cell: float) -> None:
    tiny = read_ovf(write_tiny(tmp_path, ("meshunit: nm", f"meshunit: {unit}")))
    assert tiny.mesh.cell[0] == cell


@pytest.mark.parametrize(("version", "order"), [(1, ">"), (2, "<")])
@pytest.mark.parametrize(("kind", "letter", "check"), [
    ("binary4", "f", 1234567.0), ("binary8", "d", 123456789012345.0)
])  # fmt: skip
def test_bytes_of_binary_data(
    tmp_path: Path, version: Any, order: str, kind: Any, letter: str, check: float
) -> None:
    film = Mesh((2, 1, 1), (1e-9, 1e-9, 1e-9))
    values = np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]).reshape(3, 2, 1, 1)
    write_ovf(tmp_path / "m.ovf", values, film, representation=kind, version=version)
    head, _, rest = (tmp_path / "m.ovf").read_bytes().partition(b"Begin: Data Binary")
    data = rest.split(b"\n", 1)[1]
    assert data.startswith(struct.pack(f"{order}7{letter}", check, 1, 2, 3, 4, 5, 6) + b"\n# End")
    first = "# OOMMF: rectangular mesh v1.0" if version == 1 else "# OOMMF OVF 2.0"
    assert head.decode().splitlines()[0] == first


def test_header_that_is_written(text_file: Path) -> None:
    lines = text_file.read_text(encoding="utf-8").splitlines()
    for line in (
        "# xmin: 0.0", "# xmax: 8e-09", "# xbase: 1e-09", "# xnodes: 4", "# xstepsize: 2e-09",
        "# valuedim: 3", "# valuelabels: m_x m_y m_z", "# valueunits: A/m A/m A/m",
        "# meshunit: m", "# meshtype: rectangular", "# End: Header", "# End: Segment",
    ):  # fmt: skip
        assert line in lines


# --- Files of other programs -----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["txt", "bin4", "bin8"])
def test_files_of_ubermag(kind: str) -> None:
    state = read_ovf(DATA / f"ubermag_{kind}.ovf")
    exact = numbers().astype(np.float32 if kind == "bin4" else np.float64)
    assert np.array_equal(state.values, exact)
    np.testing.assert_allclose(state.mesh.cell, FILM.cell, rtol=1e-15)
    assert state.origin == (-4e-9, 0.0, 1e-9)
    assert state.labels == ("field_x", "field_y", "field_z")
    assert state.units == ("A/m",) * 3
    assert state.description == ("File generated by Field class",)


def test_scalar_file_of_ubermag() -> None:
    state = read_ovf(DATA / "ubermag_scalar_bin8.ovf")
    assert np.array_equal(state.values, numbers(1))
    assert state.labels == ("field_x",)


def test_files_of_mumax3() -> None:
    state = read_ovf(DATA / "mumax3_text.ovf")
    assert state.mesh.shape == (3, 2, 1)
    assert state.mesh.cell.tolist() == [5e-9, 5e-9, 3e-9]
    assert (state.time, state.description) == (2.0000000000000002e-10, ())
    assert state.values[:, 1, 0, 0].tolist() == [0.70710677, 0.70710677, 0]
    assert state.values[:, 1, 1, 0].tolist() == [0, 0, -1]
    full = read_ovf(DATA / "mumax3_binary4.ovf")
    assert (full.title, full.units) == ("m_full", ("A/m",) * 3)
    assert full.values[:, 0, 1, 0].tolist() == [-8e5, 0, 0]
    m, saturation_magnetization = unit_vectors(full)
    assert saturation_magnetization.ravel().tolist() == [8e5] * 5 + [0]
    assert m[:, 2, 1, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", ["oommf_ovf1_text_crlf.omf", "oommf_ovf1_binary8.omf"])
def test_files_of_oommf_in_ovf_1(name: str) -> None:
    state = read_ovf(DATA / name)
    assert state.mesh.shape == (2, 2, 1)
    assert state.mesh.cell.tolist() == [3e-9, 3e-9, 3e-9]
    assert state.values[:, 0, 1, 0].tolist() == [0, 0, 8e5]
    assert state.values[:, 1, 1, 0].tolist() == [0.6 * 8e5, 0.8 * 8e5, 0]
    assert (state.units, state.labels) == (("A/m",) * 3, ())
    assert state.title == "C:/sim/sp3-Oxs_MinDriver-Magnetization-00-0000012.omf"
    # OOMMF's minimiser has no time and says so by a negative one.
    assert state.time is None
    assert "Total simulation time: -2 s" in state.description


def test_scalar_file_of_oommf() -> None:
    state = read_ovf(DATA / "oommf_ovf2_scalar.oef")
    assert state.values.ravel(order="F").tolist() == [1, -2, 3.5, 4]
    assert (state.labels, state.units) == (("Total energy density",), ("J/m^3",))
    assert state.time == 1.1e-11
    assert len(state.description) == 5


@pytest.mark.parametrize(
    ("labels", "units", "expected"),
    [
        ("# valuelabels: a b\n", "", (("a", "b"), ())),
        ("", "# valueunits: T\n", ((), ("T", "T"))),
        ("# valuelabels: a b c\n", "# valueunits: 1 1 1\n", ((), ("1", "1"))),
        ('# valuelabels: {a b} "c d"\n', "# valueunits: T {}\n", (("a b", "c d"), ("T", ""))),
    ],
)
def test_labels_and_units_are_taken_if_there_is_one_for_each(
    tmp_path: Path, labels: str, units: str, expected: Any
) -> None:
    changes = (("# valuelabels: a b\n", labels), ("# valueunits: T\n", units))
    tiny = read_ovf(write_tiny(tmp_path, *changes))
    assert (tiny.labels, tiny.units) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Begin: Data Text", "begin:data text"),
        ("xnodes: 3", "X Nodes :  3  ## three"),
        ("# Title: tiny", "#\n\n## a comment\n# Title: t\udcb5ny"),
        ("# End: Segment\n", ""),
        ("222 -222", "# a comment\n\n 222\t\n-222"),
    ],
)
def test_what_the_standard_leaves_free(tmp_path: Path, old: str, new: str) -> None:
    path = write_tiny(tmp_path)
    content = path.read_bytes().replace(old.encode(), new.encode("utf-8", "surrogateescape"))
    path.write_bytes(content)
    assert np.array_equal(read_ovf(path).values[:, 1, 1, 1], [222, -222])


def test_of_several_segments_the_first_is_read_with_a_warning(tmp_path: Path) -> None:
    path = write_tiny(tmp_path, ("count: 1", "count: 2"))
    segment = TINY[TINY.index("# Begin: Segment") :].replace("111 -111", "7 7")
    path.write_text(path.read_text(encoding="utf-8") + segment, encoding="utf-8")
    with pytest.warns(UserWarning, match="several segments, the first"):
        assert read_ovf(path).values[0, 0, 0, 0] == 111


def test_a_mesh_that_contradicts_itself_is_told(tmp_path: Path) -> None:
    path = write_tiny(tmp_path, ("# xnodes", "# xmin: 0\n# xmax: 90\n# xnodes"))
    with pytest.warns(UserWarning, match=r"xmax - xmin = 9e-08 m.*= 9e-09 m"):
        assert read_ovf(path).mesh.cell[0] == 3e-9


# --- Unit vectors ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_unit_vectors(dtype: Any) -> None:
    values = np.zeros((3, *FILM.shape), dtype)
    values[:, 0, 0, 0] = [0, 3e5, -4e5]
    values[:, 1, 0, 0] = [3e30, 4e30, 0]
    values[:, 2, 0, 0] = [np.nan, 0, 0]
    m, length = unit_vectors(OVF(values, FILM, units=("A/m",) * 3))
    assert m.dtype == length.dtype == dtype
    np.testing.assert_allclose(m[:, 0, 0, 0], [0, 0.6, -0.8], rtol=1e-6)
    np.testing.assert_allclose(m[:, 1, 0, 0], [0.6, 0.8, 0], rtol=1e-6)
    assert np.isnan(m[0, 2, 0, 0])
    np.testing.assert_allclose(length[:2, 0, 0], [5e5, 5e30], rtol=1e-6)
    assert not m[:, :, 1:].any()
    assert not length[:, 1:].any()


def test_units_of_the_saturation_magnetization() -> None:
    values = np.full((3, *FILM.shape), 800 / np.sqrt(3))
    _, length = unit_vectors(OVF(values, FILM, units=("kA/m",) * 3))
    np.testing.assert_allclose(length, 8e5)
    _, length = unit_vectors(OVF(values, FILM))
    np.testing.assert_allclose(length, 800)
    with pytest.raises(SpinlearnValueError, match="allowed is A/m, kA/m or none"):
        unit_vectors(OVF(values, FILM, units=("T",) * 3))
    with pytest.raises(SpinlearnValueError, match="three components"):
        unit_vectors(OVF(values[:1], FILM))


# --- Damaged files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("OOMMF OVF 2.0", "OOMMF: irregular mesh v1.0", "expected a rectangular mesh"),
        ("OOMMF OVF 2.0", "OOMMF OVF 3.0", "not an OVF file: line 1 is '# OOMMF OVF 3.0'"),
        ("rectangular", "irregular", "line 6: meshtype = irregular"),
        ("meshunit: nm", "meshunit: parsec", "line 7: meshunit = parsec; expected one of m, cm"),
        ("# meshunit: nm\n", "", "header key 'meshunit' is missing"),
        ("xnodes: 3", "xnodes: -3", "line 11: xnodes = -3; expected a positive integer"),
        ("xnodes: 3", "xnodes: 3.0", "line 11: xnodes = 3.0; expected a positive integer"),
        ("xnodes: 3", "xnodes: 1_0", "line 11: xnodes = 1_0"),
        ("xnodes: 3", "xnodes: " + "9" * 5000, "line 11: xnodes = 999"),
        ("# xnodes: 3\n", "", "header key 'xnodes' is missing; expected a positive integer"),
        ("# xnodes: 3\n", "# xnodes: 3\n# xnodes: 4\n", "expected the same as in line 12"),
        ("valuedim: 2", "valuedim: 0", "line 17: valuedim = 0"),
        ("xstepsize: 3", "xstepsize: 0", "line 14: xstepsize = 0; expected a positive length"),
        ("xstepsize: 3", "xstepsize: nan", "line 14: xstepsize = nan; expected a finite number"),
        ("xstepsize: 3", "xstepsize: 1e999", "line 14: xstepsize = 1e999"),
        ("xbase: 1.5", "xbase: left", "line 8: xbase = left"),
        ("Data Text", "Data Binary 16", "line 21: Begin: Data Binary 16; expected Data Text"),
        ("# Begin: Data Text\n", "", "line 21: '111 -111'; expected a header line"),
        ("# End: Data Text\n# End: Segment\n", "", "truncated: no '# End: Data' line"),
        ("212 -212", "212 x-212", "line 29: 'x-212'; expected numbers"),
        ("212 -212", "212 1_0", "line 29: '1_0'; expected numbers"),
        ("212 -212", "212 0x10", "line 29: '0x10'; expected numbers"),
        ("212 -212", "212 12-212", "line 29: '12-212'; expected numbers"),
        ("212 -212\n", "", "22 values; expected 24, as its header says"),
        ("212 -212\n", "212 -212 5\n", "25 values; expected 24"),
    ],
)  # fmt: skip
def test_malformed_files_are_refused_by_name(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = write_tiny(tmp_path)
    path.write_text(TINY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(OVFError, match=re.escape(message)) as caught:
        read_ovf(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert isinstance(caught.value, SpinlearnError)
    assert isinstance(caught.value, ValueError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.found) == (str(caught.value), caught.value.found)


@pytest.mark.parametrize(("version", "kind"), KINDS)
@pytest.mark.parametrize("lie", ["xnodes: 1000000000", "xnodes: 999999999999999999"])
def test_sizes_are_checked_before_memory_is_taken(
    tmp_path: Path, version: Any, kind: Any, lie: str
) -> None:
    path = tmp_path / "m.ovf"
    write_ovf(path, numbers(), FILM, representation=kind, version=version)
    content = change(path, "xnodes: 4", lie).read_bytes()
    path.write_bytes(re.sub(rb"# xmax.*\n", b"", content))
    tracemalloc.start()
    try:
        with pytest.raises(
            OVFError, match=r"truncated: \d+ bytes of data; expected at least \d{11}"
        ):
            read_ovf(path)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("version", "kind"), KINDS)
def test_a_header_with_too_few_cells_is_found(tmp_path: Path, version: Any, kind: Any) -> None:
    path = tmp_path / "m.ovf"
    write_ovf(path, numbers(), FILM, representation=kind, version=version)
    path.write_bytes(
        re.sub(rb"# xmax.*\n", b"", change(path, "xnodes: 4", "xnodes: 2").read_bytes())
    )
    with pytest.raises(OVFError, match=r"as many values as the header says|expected 36, as"):
        read_ovf(path)


@pytest.mark.parametrize(("version", "kind"), [(v, k) for v, k in KINDS if k != "text"])
def test_byte_order_and_check_value(tmp_path: Path, version: Any, kind: Any) -> None:
    path = tmp_path / "m.ovf"
    write_ovf(path, numbers(), FILM, representation=kind, version=version)
    content = path.read_bytes()
    start = content.index(b"Binary ") + len(b"Binary 8\n")
    size = int(kind[-1])
    swapped = content[start : start + size][::-1]
    path.write_bytes(content[:start] + swapped + content[start + size :])
    order = "big" if version == 1 else "little"
    with pytest.raises(OVFError, match=rf"check value {swapped.hex()} .*{order}-endian"):
        read_ovf(path)


def test_files_that_are_none(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.ovf", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(OVFError, match="no such file; expected an OVF file"):
            read_ovf(path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OVFError, match="no such file"):
            read_ovf(tmp_path / "pipe")
    for content in (
        b"",
        b"\0" * 5000,
        b"\xff\xfe\n",
        b"# OOMMF OVF 2.0",
        np.random.default_rng(1).bytes(9000),
    ):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(OVFError, match=r"not an OVF file|ends within its header"):
            read_ovf(tmp_path / "other")


def test_a_header_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "endless"
    path.write_bytes(b"# OOMMF OVF 2.0\n# Title: " + b"x" * 3_000_000)
    with pytest.raises(OVFError, match=r"line 2: .*expected a header line"):
        read_ovf(path)


def read_or_refuse(path: Path, content: bytes) -> bool:
    """Whether a damaged file is read; anything else than a state or an OVFError fails."""
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "cell = |.*several segments|.*the latter is used")
        try:
            state = read_ovf(path)
        except OVFError:
            return False
    assert state.values.shape[1:] == state.mesh.shape
    assert state.values.dtype in (np.float32, np.float64)
    return True


@pytest.mark.parametrize(("version", "kind"), KINDS)
def test_truncated_files(tmp_path: Path, version: Any, kind: Any) -> None:
    path = tmp_path / "m.ovf"
    write_ovf(path, numbers(), FILM, representation=kind, version=version, time=1e-9)
    content = path.read_bytes()
    rng = np.random.default_rng([version, KINDS.index((version, kind))])
    whole = content.index(b"# End: Data") + len(b"# End: Data")
    for cut in rng.integers(0, len(content), 60).tolist():
        assert read_or_refuse(path, content[:cut]) == (cut >= whole)


@pytest.mark.parametrize(("version", "kind"), KINDS)
def test_flipped_bytes(tmp_path: Path, version: Any, kind: Any) -> None:
    path = tmp_path / "m.ovf"
    write_ovf(path, numbers(), FILM, representation=kind, version=version, time=1e-9)
    content = np.frombuffer(path.read_bytes(), np.uint8)
    rng = np.random.default_rng([7, version, KINDS.index((version, kind))])
    read = 0
    for flips in rng.integers(1, 4, 120).tolist():
        damaged = content.copy()
        at = rng.integers(0, content.size, flips)
        damaged[at] = rng.integers(0, 256, flips)
        read += read_or_refuse(path, damaged.tobytes())
    assert 0 < read < 120


@pytest.mark.parametrize("name", sorted(p.name for p in DATA.glob("*.o?f")))
def test_flipped_bytes_in_files_of_other_programs(tmp_path: Path, name: str) -> None:
    content = np.frombuffer((DATA / name).read_bytes(), np.uint8)
    rng = np.random.default_rng(len(name))
    for _ in range(40):
        damaged = content.copy()
        damaged[rng.integers(0, content.size)] ^= 1 << rng.integers(0, 8)
        read_or_refuse(tmp_path / "m.ovf", damaged.tobytes())


# --- Writing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": numbers()[:, :2]}, "values = float64 (3, 2, 3, 2): allowed is real numbers"),
        ({"values": numbers()[0]}, "of shape (ncomp, *(4, 3, 2))"),
        ({"values": numbers()[:0]}, "Put the components first"),
        ({"values": numbers() * 1j}, "values = complex128"),
        ({"values": np.full((3, 4, 3, 2), "x")}, "real numbers"),
        ({"values": 1e60 * numbers(), "representation": "binary4"}, "at most 3.4e38 in binary4"),
        ({"representation": "binary"}, "representation = binary"),
        ({"version": 3}, "version = 3"),
        ({"version": 1, "values": numbers(1)}, "three components, one unit"),
        ({"version": 1, "labels": ["a", "b", "c"]}, "three components, one unit"),
        ({"version": 1, "units": ["1", "1", "T"]}, "three components, one unit"),
        ({"title": "two\nlines"}, "title = 'two\\nlines': allowed is one line"),
        ({"title": "a ## b"}, "one line of text without ##"),
        ({"title": "\udcb5"}, "one line of text"),
        ({"title": 3}, "one line of text"),
        ({"labels": ["a", "b"]}, "labels = ['a', 'b']: allowed is 3 labels"),
        ({"labels": ["a{", "b", "c"]}, "text without braces"),
        ({"units": ["A/m", "T"]}, "units = ('A/m', 'T'): allowed is one, or 3"),
        ({"origin": (0, 1)}, "origin = (0, 1): allowed is three lengths in m"),
        ({"origin": (0, 1, np.nan)}, "three lengths in m"),
        ({"time": -1.0}, "time = -1.0: allowed is a time >= 0 in s"),
        ({"time": np.nan}, "a time >= 0 in s"),
        ({"description": ["fine", "two\nlines"]}, "description = 'two\\nlines'"),
    ],
)  # fmt: skip
def test_what_no_file_can_hold_is_refused_by_name(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    arguments = {"values": numbers(), "mesh": FILM, **change}
    with pytest.raises(SpinlearnValueError, match=re.escape(message)):
        write_ovf(tmp_path / "m.ovf", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(
    text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = text_file.read_bytes()

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ovf_module.os, "fsync", full_disk)
    with pytest.raises(OVFError, match="No space left on device"):
        write_ovf(text_file, -numbers(), FILM)
    assert text_file.read_bytes() == before
    assert list(text_file.parent.iterdir()) == [text_file]


def test_places_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "no" / "m.ovf", tmp_path / "folder", tmp_path / "a\0b"):
        with pytest.raises(OVFError, match=re.escape(str(path))):
            write_ovf(path, numbers(), FILM)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_file_is_replaced_and_has_usual_permissions(text_file: Path) -> None:
    write_ovf(str(text_file), -numbers(), FILM, description="one line")
    assert np.array_equal(read_ovf(str(text_file)).values, -numbers())
    assert read_ovf(text_file).description == ("one line",)
    (text_file.parent / "plain").touch()
    assert text_file.stat().st_mode == (text_file.parent / "plain").stat().st_mode


@pytest.mark.parametrize("digits", ["1" * 300_000, "1" * 300_000 + "x"])
def test_long_numbers_take_no_long_time(tmp_path: Path, digits: str) -> None:
    # A pattern with two ways to match a digit took the square of their number: the test would last.
    path = write_tiny(tmp_path, ("# xbase: 1.5", f"# Desc: Total simulation time: {digits}!"))
    assert read_ovf(path).time is None
    path = write_tiny(tmp_path, ("212 -212", f"212 {digits}x"))
    with pytest.raises(OVFError, match="numbers"):
        read_ovf(path)
