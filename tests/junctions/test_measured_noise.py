"""Recorded noise: the same numbers from files in windows as from one array; bad files named."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnError, SpinlearnValueError
from spinlearn.junctions import MeasuredNoise, RecordedNoise
from spinlearn.junctions._trace import Trace

pytestmark = pytest.mark.once

KEY = jax.random.key(3)
TRACE = np.random.default_rng(0).normal(0.04, 0.006, 1000)


@pytest.fixture
def parquet() -> tuple[Any, Any]:
    return pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")


def _csv(path: Path, values: Any, header: str = "V") -> Path:
    rows = "\n".join(",".join(repr(float(x)) for x in np.atleast_1d(v)) for v in values)
    path.write_text(f"{header}\n{rows}\n")
    return path


def _written(folder: Path, kind: str, request: pytest.FixtureRequest) -> Path:
    """1000 samples in chunks of which the tenth comes late, though not by spelling."""
    folder.mkdir()
    cuts = [0, 100, 130, 131, 400, 1000]
    for number, (a, b) in zip((7, 8, 9, 10, 11), pairwise(cuts), strict=True):
        if kind == "csv":
            _csv(folder / f"part{number}.csv", TRACE[a:b])
        else:
            arrow, store = request.getfixturevalue("parquet")
            table = arrow.table({"other": np.arange(b - a), "V": TRACE[a:b]})
            store.write_table(table, folder / f"part{number}.parquet", row_group_size=70)
    return folder


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("memory", [10**6, 2 * 8 * 7 * 11])
def test_windows_of_files_give_what_one_array_gives(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str, memory: int
) -> None:
    folder = _written(tmp_path / "trace", kind, request)
    noise = MeasuredNoise(folder, memory=memory)
    # Small blocks too: a row group or a file then comes in several pieces.
    object.__setattr__(noise, "_trace", Trace(folder, "V", "V", "t", 10.0, memory, rows=32))
    assert noise.samples == 1000
    assert noise.mean == pytest.approx(TRACE.mean(), rel=1e-12)
    assert noise.standard_deviation == pytest.approx(TRACE.std(), rel=1e-12)
    assert noise.span == (TRACE.min(), TRACE.max())
    assert np.array_equal(noise.read(990, 2015), np.resize(np.roll(TRACE, -990), 2015))

    # By hand: unit j of 7 begins at ⌊1000 j/7⌋, all move on together and wrap around.
    places = [0, 142, 285, 428, 571, 714, 857]
    state = noise.init((7,))
    shift = 0
    for steps in (1, 9, 25, 3, 600, 700):
        state, volts = noise.sample(state, steps)
        wanted = np.array([[TRACE[(p + shift + i) % 1000] for p in places] for i in range(steps)])
        assert np.array_equal(np.asarray(volts), wanted.astype(volts.dtype))
        shift += steps
    assert float(noise.passes(state)) == pytest.approx(7 * shift / 1000)

    # Within scan, from a drawn start, and on the device: the same numbers.
    loaded = noise.load()
    first, second = noise.init((2, 3), key=KEY), loaded.init((2, 3), key=KEY)

    @jax.jit
    def play(state: Any) -> Any:
        return jax.lax.scan(lambda s, _: noise.sample(s, 16), state, length=80)

    after, streamed = play(first)
    _, direct = loaded.sample(second, 16 * 80)
    assert np.array_equal(streamed.reshape(-1, 2, 3), direct)
    assert int(after.step) == 1280
    assert not np.array_equal(direct[:, 0, 0], loaded.sample(loaded.init((2, 3)), 1280)[1][:, 0, 0])


def test_the_array_on_the_device_wraps_by_its_own_length() -> None:
    noise = RecordedNoise(jnp.arange(5.0))
    _, volts = noise.sample(noise.init((2,)), 12)
    assert volts.T.tolist() == [[i % 5 for i in range(12)], [(2 + i) % 5 for i in range(12)]]
    with pytest.raises(SpinlearnValueError, match="shape"):
        noise.init((6,))


def test_memory_stays_bounded(tmp_path: Path) -> None:
    one = "\n".join(f"{v:.6f}" for v in np.resize(TRACE, 12_000)) + "\n"
    for k in range(5):
        (tmp_path / f"{k}.csv").write_text("V\n" + one)
    memory, rows, samples = 80_000, 1000, 60_000
    tracemalloc.start()
    try:
        trace = Trace(tmp_path, "V", "V", "t", 10.0, memory, rows)
        places = np.arange(50) * samples // 50
        for step in range(0, 1500, 100):
            trace.sample(0, step, 100, places, np.float64)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert trace.samples == samples
    assert peak < 8 * samples / 1.5, "less than the trace as numbers"
    assert peak > memory / 2, "tracing sees the windows"


def test_a_file_that_changes_while_it_is_played_is_named(tmp_path: Path) -> None:
    one, two = (_csv(tmp_path / f"{k}.csv", TRACE[:50]) for k in "12")
    noise = MeasuredNoise(tmp_path, memory=160)
    state, _ = noise.sample(noise.init((2,)), 2)
    _csv(two, TRACE[:49])
    with pytest.raises(SpinlearnValueError, match=r"2\.csv = changed"):
        noise.read(0, 100)
    two.unlink()
    with pytest.raises(SpinlearnValueError, match="changed or removed"):
        noise.sample(state, 90)
    assert one.exists()


BAD = {
    "no column": ("U\n0.1\n", "bad.csv, line 1, columns", "a column 'V'"),
    "empty": ("", "bad.csv, line 1", "a header"),
    "no rows": ("V\n", "bad.csv", "one sample or more"),
    "word": ("V\n0.1\n0.2\noops\n", "bad.csv, line 4", "a number in the column 'V'"),
    "blank": ("V\n0.1\n\n0.2\n", "bad.csv, line 3", "a number"),
    "cut": ("t,V\n0,0.1\n1,0.1\n2\n", "bad.csv, line 4", "a number"),
    "NaN": ("V\n0.1\nnan\n", "bad.csv, line 3", "a finite voltage"),
    "mV": ("V\n42.1\n41.0\n", "bad.csv, line 2", "at most 1 V"),
    "few mV": ("V\n4.1\n-4.0\n", "bad.csv, line 2", "at most 1 V"),
    "back in time": ("t,V\n0,0.1\n1,0.1\n1,0.1\n", "bad.csv, line 4", "times that grow"),
    "gap": ("t,V\n0,0.1\n1,0.1\n2,0.1\n4,0.1\n", "bad.csv, line 5", "even steps, 1 s"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_bad_text_is_named_with_file_and_line(name: str, tmp_path: Path) -> None:
    text, where, allowed = BAD[name]
    _csv(
        tmp_path / "a.csv",
        [[-1, 0.1]] if text.startswith("t") else [0.1],
        text.partition("\n")[0] or "V",
    )
    (tmp_path / "bad.csv").write_text(text)
    if name == "no column":
        (tmp_path / "a.csv").unlink()
    with pytest.raises(SpinlearnValueError) as found:
        MeasuredNoise(tmp_path)
    assert found.value.field.endswith(where)
    assert allowed in found.value.allowed
    assert found.value.fix


def test_units_times_and_chunks_out_of_order(tmp_path: Path) -> None:
    file = _csv(tmp_path / "t.csv", [(0, 42), (25e-6, 41), (50e-6, 44)], "t,V")
    noise = MeasuredNoise(file, unit="mV")
    assert (noise.sample_time, noise.span) == (25e-6, (0.041, 0.044))
    _csv(tmp_path / "s.csv", [(75e-6, 42)], "t,V")
    with pytest.raises(SpinlearnValueError, match=r"t\.csv, line 2.*times that grow"):
        MeasuredNoise(tmp_path, unit="mV")
    assert MeasuredNoise(tmp_path, unit="mV", time_column=None).samples == 4
    for call, match in (
        (lambda: MeasuredNoise(tmp_path / "none.csv"), "exists"),
        (lambda: MeasuredNoise(file, unit="kV"), "unit = kV"),
        (lambda: MeasuredNoise(file, unit="mV", time_column="clock"), "column 'clock'"),
    ):
        with pytest.raises(SpinlearnValueError, match=match):
            call()


def test_bad_parquet_is_named(tmp_path: Path, parquet: tuple[Any, Any]) -> None:
    arrow, store = parquet
    good, bad = tmp_path / "1.parquet", tmp_path / "2.parquet"
    store.write_table(arrow.table({"V": TRACE}), good)
    whole = good.read_bytes()
    for data, allowed in ((whole[:-500], "whole Parquet"), (b"", "whole Parquet")):
        bad.write_bytes(data)
        with pytest.raises(SpinlearnValueError, match=rf"2\.parquet = .*{allowed}"):
            MeasuredNoise(tmp_path)
    # Damaged inside: the footer is there, and a checksum of every page.
    store.write_table(arrow.table({"V": TRACE}), bad, write_page_checksum=True)
    summed = bad.read_bytes()
    bad.write_bytes(summed[:100] + bytes(3000) + summed[3100:])
    with pytest.raises(SpinlearnValueError, match=r"2\.parquet, row 1"):
        MeasuredNoise(tmp_path)
    for table, match in (
        ({"U": TRACE}, r"2\.parquet, columns = U"),
        ({"V": ["a", "b"]}, r"2\.parquet, column 'V' = .*string"),
        ({"V": [0.1, None]}, r"2\.parquet, row 2 = nan"),
        ({"V": 1e3 * TRACE}, r"2\.parquet, row 1 = .* at most 1 V"),
        ({"V": TRACE[:0]}, r"2\.parquet = no rows"),
    ):
        store.write_table(arrow.table(table), bad)
        with pytest.raises(SpinlearnValueError, match=match):
            MeasuredNoise(tmp_path)
    bad.unlink()
    _csv(tmp_path / "3.csv", TRACE)
    with pytest.raises(SpinlearnValueError, match=r"3\.csv = .*one kind"):
        MeasuredNoise(tmp_path)


@pytest.mark.once
def test_parquet_with_any_bit_flipped_is_read_or_refused(
    tmp_path: Path, parquet: tuple[Any, Any]
) -> None:
    arrow, store = parquet
    path = tmp_path / "1.parquet"
    plain = {"use_dictionary": False, "write_statistics": False, "store_schema": False}
    table = arrow.table({"V (mV)": np.arange(8, dtype=np.int16)})
    store.write_table(table, path, compression="none", **plain)
    whole, refused = path.read_bytes(), 0
    for bit in range(0, 8 * len(whole), 3):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(damaged))
        try:
            MeasuredNoise(path, sample_time=1e-6)
        except (SpinlearnError, OSError):
            refused += 1
    assert refused > 100


@pytest.mark.once
def test_times_in_milliseconds_without_a_unit_are_refused(tmp_path):
    path = tmp_path / "trace.csv"
    rows = "".join(f"{0.025 * k:.3f},{0.01 * (k % 2)}\n" for k in range(50))
    path.write_text("t,V\n" + rows)
    with pytest.raises(SpinlearnValueError, match=r"0\.025 s.*t \(ms\)"):
        MeasuredNoise(path)
    path.write_text("t (ms),V\n" + rows)
    assert MeasuredNoise(path).sample_time == pytest.approx(25e-6)
    path.write_text("t (s),V\n" + rows)
    assert MeasuredNoise(path).sample_time == pytest.approx(0.025)


@pytest.mark.once
@pytest.mark.parametrize("kind", ["<f4", "<f2", "<f8"])
def test_a_nan_that_numpy_warns_of_is_named(
    kind: str, tmp_path: Path, parquet: tuple[Any, Any]
) -> None:
    arrow, store = parquet
    volts = np.full(5, 0.25, kind)
    # A signalling one: all bits of the exponent, and the lowest of the others.
    bits = volts.view(kind.replace("f", "u"))
    bits[3] = {2: 0x7C01, 4: 0x7F800001, 8: 0x7FF0000000000001}[volts.itemsize]
    store.write_table(arrow.table({"V": volts}), tmp_path / "1.parquet")
    with pytest.raises(SpinlearnValueError, match=r"row 4 = nan"):
        MeasuredNoise(tmp_path, sample_time=1e-6)
