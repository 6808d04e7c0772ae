"""Folders of chunks and headers with units: nothing is guessed, and what is odd is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinlearn import SpinlearnValueError
from spinlearn.junctions import MeasuredNoise, fit_telegraph, read_switching

pytestmark = pytest.mark.once


def _folder(path: Path, *names: str) -> Path:
    for k, name in enumerate(names):
        (path / name).write_text(f"V\n{0.01 * k}\n{0.01 * k + 0.001}\n")
    return path


@pytest.mark.parametrize(
    ("names", "named", "what"),
    [
        (("chunk_000.csv", "chunk_002.csv"), "chunk_002.csv", "without a gap"),
        (("c9.csv", "c10.csv", "c12.csv"), "c12.csv", "without a gap"),
        (("c1.csv", "c01.csv"), "c1.csv", "each of them once"),
        (("c0.csv", "c1.csv", "c1.csv.tmp"), "c1.csv.tmp", "alone"),
        (("c0.csv", "c1.csv", ".c2.csv"), ".c2.csv", "alone"),
        (("c0.csv", "c1.csv", "notes.txt"), "notes.txt", "alone"),
        (("c0.csv", "c1.csv", "c1 (1).csv"), "c1 (1).csv", "names like c#"),
        (("c0.csv", "c1.csv", "all.csv"), "all.csv", "names like c#"),
        (("c0.csv", "c1.parquet"), "c1.parquet", "one kind"),
    ],
)
def test_gaps_and_leftovers_are_named(
    tmp_path: Path, names: tuple[str, ...], named: str, what: str
) -> None:
    with pytest.raises(SpinlearnValueError, match=what) as found:
        MeasuredNoise(_folder(tmp_path, *names))
    assert found.value.field == str(tmp_path / named)
    assert "list" in found.value.fix or "Keep one" in found.value.fix


def test_a_folder_within_the_folder_is_named(tmp_path: Path) -> None:
    _folder(tmp_path, "c0.csv")
    (tmp_path / "old").mkdir()
    with pytest.raises(SpinlearnValueError, match="old = among the chunks"):
        MeasuredNoise(tmp_path)


def test_files_given_as_a_list_follow_its_order(tmp_path: Path) -> None:
    _folder(tmp_path, "c0.csv", "c5.csv", "notes.txt")
    noise = MeasuredNoise([tmp_path / "c5.csv", str(tmp_path / "c0.csv")])
    assert noise.read(0, 4).tolist() == [0.01, 0.011, 0.0, 0.001]
    with pytest.raises(SpinlearnValueError, match=r"notes\.txt"):
        MeasuredNoise([tmp_path / "c5.csv", tmp_path / "notes.txt"])
    with pytest.raises(SpinlearnValueError, match="no files"):
        MeasuredNoise([])


def test_dated_names_need_not_follow_one_another(tmp_path: Path) -> None:
    noise = MeasuredNoise(_folder(tmp_path, "run_0315_0900.csv", "run_0314_1730.csv"))
    assert noise.read(0, 1).tolist() == [0.01]


@pytest.mark.parametrize(
    ("header", "scale"),
    [
        ("V (mV)", 1e-3),
        ("voltage [mV]", 1e-3),
        ("Voltage (µV)", 1e-6),
        ("V [V]", 1.0),
        ("voltage_mV", 1e-3),
    ],
)
def test_a_header_states_the_unit(tmp_path: Path, header: str, scale: float) -> None:
    file = tmp_path / "trace.csv"
    time = "time_us" if "_" in header else "time (µs)"
    file.write_text(f"{time};{header}\n0;0.5\n25;0.25\n50;0.75\n")
    noise = MeasuredNoise(file)
    assert noise.span == pytest.approx((0.25 * scale, 0.75 * scale))
    assert noise.sample_time == pytest.approx(25e-6)
    assert MeasuredNoise(file, header, unit="mV" if scale == 1e-3 else None).samples == 3
    with pytest.raises(SpinlearnValueError, match="as the header says"):
        MeasuredNoise(file, unit="V" if scale < 1 else "mV")


def test_headers_that_leave_a_doubt_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "trace.csv"
    for header, match in (
        ("V,voltage (mV)", "'V' and 'voltage"),
        ("V (kV),t", r"'V \(kV\)' = kV"),
        ("current,t", "a column 'V'"),
    ):
        file.write_text(f"{header}\n0.1,0\n")
        with pytest.raises(SpinlearnValueError, match=match):
            MeasuredNoise(file)
    # Brackets that are no unit belong to the name.
    file.write_text("V (channel 1),V (channel 2)\n0.1,0.2\n")
    assert MeasuredNoise(file, "V (channel 2)").span == (0.2, 0.2)


def test_counts_share_the_units_of_traces(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    for text in (
        "Voltage [mV],Pulse length (μs),switched,trials\n450,0.01,3,10\n",
        "# a, b; c\nvoltage_mV;pulse_length_ns;switched;trials\n450;10;3;10\n",
        "voltage\tpulse_length\tswitched\ttrials\n0.45\t1e-8\t3\t10\n",
    ):
        file.write_text(text)
        table = read_switching(file)
        assert float(table.voltage[0]) == pytest.approx(0.45)
        assert float(table.pulse_length[0]) == pytest.approx(1e-8)


def test_text_that_is_no_utf8_or_packed_says_what_to_do(tmp_path: Path) -> None:
    counts, trace = tmp_path / "counts.csv", tmp_path / "trace.csv"
    counts.write_bytes("voltage (µV),pulse_length,switched,trials\n".encode("latin-1"))
    trace.write_text("V\n0.1\n0.2\n", encoding="utf-16")
    packed = tmp_path / "trace.csv.gz"
    packed.write_bytes(b"")
    for call, match in (
        (lambda: read_switching(counts), "in UTF-8.*Save it as CSV in UTF-8"),
        (lambda: MeasuredNoise(trace), "line 1 = zero bytes, as of UTF-16.*Save it as UTF-8"),
        (lambda: MeasuredNoise(packed), r"name ends in \.csv.*Unpack"),
    ):
        with pytest.raises(SpinlearnValueError, match=match):
            call()


def test_millivolts_read_as_volts_are_refused_in_fits() -> None:
    with pytest.raises(SpinlearnValueError, match="in mV"):
        fit_telegraph([4.0, -4.0] * 100, 1e-4)


def test_a_trace_without_noise_is_told_what_it_lacks() -> None:
    with pytest.raises(SpinlearnValueError, match=r"with readout noise.*Add noise"):
        fit_telegraph([0.1] * 40 + [0.2] * 60, 1e-4)


def _times(path: Path, times: list[float], end: str = "\n") -> Path:
    path.write_text("t (s),V\n" + "\n".join(f"{t!r},0.04" for t in times) + end)
    return path


def test_a_line_without_its_end_is_refused_or_told(tmp_path: Path) -> None:
    first, last = tmp_path / "c0.csv", tmp_path / "c1.csv"
    first.write_text("V\n0.041\n0.0")
    last.write_text("V\n0.041\n")
    with pytest.raises(SpinlearnValueError, match=r"c0\.csv, line 3 = a line without its end"):
        MeasuredNoise(tmp_path)
    with pytest.warns(UserWarning, match=r"c0\.csv, line 3: .*digits"):
        MeasuredNoise([last, first])


def test_the_sample_time_is_that_of_the_times(tmp_path: Path) -> None:
    file = _times(tmp_path / "c0.csv", [0.0, 1.004, 2.0, 3.0, 4.002])
    assert MeasuredNoise(file).sample_time == pytest.approx(4.002 / 4)
    assert MeasuredNoise(file, sample_time=1.0).sample_time == pytest.approx(1.0005)
    with pytest.raises(SpinlearnValueError, match=r"sample_time = 2 s.*1\.0005 s"):
        MeasuredNoise(file, sample_time=2.0)
    assert MeasuredNoise(file, sample_time=2.0, time_column=None).sample_time == 2.0
    (tmp_path / "c1.csv").write_text("V\n0.041\n")
    with pytest.raises(SpinlearnValueError, match=r"c1\.csv = no column of times"):
        MeasuredNoise(tmp_path)


def test_steps_that_drift_are_refused_with_the_row(tmp_path: Path) -> None:
    times = [k * (1 + 4e-6 * k) for k in range(1500)]
    with pytest.raises(SpinlearnValueError, match=r"line 770.*steps off the mean pace"):
        MeasuredNoise(_times(tmp_path / "t.csv", times))
