"""Rows with more or fewer columns than the header, such as decimal commas make, are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinlearn import SpinlearnValueError
from spinlearn.junctions import MeasuredNoise, read_switching
from spinlearn.junctions._headers import heading
from spinlearn.junctions._step_count import count_steps

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("V\n0,041\n0,042\n", "line 2"),
        ("t,V\n0,0.041\n1,0,042\n", "line 3"),
        ("V,V\n0.1,0.2\n", "line 1"),
    ],
)
def test_a_trace_of_other_columns(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(text)
    with pytest.raises(SpinlearnValueError, match=line):
        MeasuredNoise(path, sample_time=None if text.startswith("t") else 1e-6)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("voltage,pulse_length,switched,trials\n0.4,1e-8,5,10\n0,40,1e-8,12,100\n", "line 3"),
        ("voltage,voltage (mV),pulse_length,switched,trials\n0.4,400,1e-8,5,10\n", "line 1"),
    ],
)
def test_counts_of_other_columns(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(text)
    with pytest.raises(SpinlearnValueError, match=line):
        read_switching(path)


@pytest.mark.parametrize(
    ("duration", "step", "steps"),
    [(1e-5, 1e-12, 10_000_000), (2e-6, 1e-12, 2_000_000), (1.5e-12, 1e-12, 2), (3e-12, 1e-12, 3)],
)
def test_no_step_is_lost(duration: float, step: float, steps: int) -> None:
    assert count_steps(duration, step) == steps


def test_a_cell_that_never_ends(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("V\n0.1\n" + "x" * 140_000 + "\n")
    with pytest.raises(SpinlearnValueError, match=r"line 3.*field larger"):
        MeasuredNoise(path, sample_time=1e-6)
    path.write_text("voltage,pulse_length,switched,trials\n" + "1" * 140_000 + ",1e-8,1,2\n")
    with pytest.raises(SpinlearnValueError, match=r"line 2.*field larger"):
        read_switching(path)


def test_lines_that_end_in_cr_only(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(b"t,V\r0,0.1\r1,0.2\r")
    with pytest.raises(SpinlearnValueError, match=r"line 1.*LF or CRLF"):
        MeasuredNoise(path)


@pytest.mark.parametrize("name", ["time", "Time (s)", "t [s]"])
def test_times_of_another_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(f"{name},V\n0,0.1\n1e-6,0.2\n2e-6,0.3\n")
    assert float(MeasuredNoise(path).sample_time) == pytest.approx(1e-6)
    path.write_text(f"{name},V\n0,0.1\n1e-6,0.2\n1e-6,0.3\n")
    with pytest.raises(SpinlearnValueError, match="line 4"):
        MeasuredNoise(path)


def test_times_in_another_unit_or_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("time (ms),V\n0,0.1\n1,0.2\n")
    assert float(MeasuredNoise(path).sample_time) == pytest.approx(1e-3)
    path.write_text("time (min),V\n0,0.1\n1,0.2\n")
    with pytest.raises(SpinlearnValueError, match=r"line 1.*'time \(min\)' = min.*one of s, ms"):
        MeasuredNoise(path)
    path.write_text("t,V\n0,0.1\nnan,0.2\n2,0.3\n")
    with pytest.raises(SpinlearnValueError, match=r"line 3.*finite time"):
        MeasuredNoise(path)


@pytest.mark.parametrize("filler", [" ", "(", "x( "])
def test_long_headers_take_no_long_time(tmp_path: Path, filler: str) -> None:
    # A regular expression took the cube of the length, which is hours: the test would not end.
    path = tmp_path / "long.csv"
    path.write_text("a" + filler * 40_000 + "b,V\n1\n")
    with pytest.raises(SpinlearnValueError):
        MeasuredNoise(path, sample_time=1e-6)
    path.write_text("a" + filler * 40_000 + "b,pulse_length,switched,trials\n1,1,1,1\n")
    with pytest.raises(SpinlearnValueError):
        read_switching(path)


@pytest.mark.parametrize(
    ("cell", "units", "found"),
    [
        ("  voltage  ( mV ) ", (), ("voltage", "mV")),
        ("voltage [mV]", (), ("voltage", "mV")),
        ("voltage (a) (mV)", (), ("voltage", "a) (mV")),
        ("(mV)", (), ("", "mV")),
        ("voltage mV)", (), ("voltage mV)", None)),
        ("voltage (mV", (), ("voltage (mV", None)),
        ("voltage_mV", ("mV",), ("voltage", "mV")),
        ("voltage_mV", (), ("voltage_mV", None)),
        ("t [μs]", (), ("t", "µs")),
        ("", (), ("", None)),
    ],
)
def test_names_and_units_of_headers(cell: str, units: tuple[str, ...], found: object) -> None:
    assert heading(cell, units) == found
