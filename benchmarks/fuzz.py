"""Damaged files for every reader: nothing but clean errors, in bounded time and memory.

Whole files (`_fuzz_readers`) are damaged at random (`_mutations`) and read. Allowed is that it
works, or a SpinlearnError or an OSError. A finding is any other exception, a RuntimeWarning (of
NumPy, which the user cannot place), a case that takes more than 10 s or 1 GiB, or the death of
the process. Every case depends on the seed, the reader's name and its number alone:
``--replay toml:123`` repeats one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._fuzz_readers import READERS
from benchmarks._measure import Row, parser, report, row

LONGEST = 10.0  # s a case
GROWTH = 1 << 30  # bytes a case
# What the machine is protected from, beyond what is a finding, bytes.
_ROOM = 8 << 30
_SHOWN = 3  # cases that are named for each finding


class Hang(BaseException):
    """A case that takes too long; no Exception, so that nothing takes it for an error."""


def draw(seed: int, reader: str, case: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(reader.encode()), case])


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return 1024 * int(line.split()[1])
    return 0


class Memory:
    """Growth of the resident memory within a case, at its peak, bytes."""

    def __init__(self) -> None:
        self.resets = True
        self.start()

    def start(self) -> None:
        """A case begins."""
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            self.resets = False
        self.before = _status("VmHWM")

    def growth(self) -> int:
        """Since the case began, bytes."""
        return _status("VmHWM") - self.before


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Hang(f"more than {seconds:g} s")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    # Where it stands, if C code keeps the signal from it.
    faulthandler.dump_traceback_later(1.5 * seconds)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)


def signature(error: BaseException) -> str:
    """Type of an error and the last line of the package that it passed."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if "spinlearn" in f.filename]
    last = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "outside"
    text = " ".join(str(error).split())[:160]
    return f"{type(error).__name__} at {last}: {text}"


def one_case(reader: Any, rng: np.random.Generator, memory: Memory) -> tuple[str, str | None]:
    """How it ended ("read", "refused" or "finding"), and what was found."""
    from spinlearn.errors import SpinlearnError

    outcome, found = "read", None
    memory.start()
    try:
        with time_limit(LONGEST):
            reader.case(rng)
    except (SpinlearnError, OSError):
        outcome = "refused"
    except (Exception, Hang) as error:
        outcome, found = "finding", signature(error)
    grown = memory.growth()
    if memory.resets and grown > GROWTH:
        outcome, found = "finding", f"memory grew by {grown / 2**20:.0f} MiB; {found or outcome}"
    return outcome, found


def work(options: Namespace) -> None:
    """Cases of one reader, one after the other; findings as JSON lines, the last line counts."""
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", RuntimeWarning)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        reader = READERS[options.readers[0]](Path(name))
        if options.replay is not None:
            reader.case(draw(options.seed, options.readers[0], options.replay))
            return
        most = _status("VmSize") + _ROOM
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        counts: Counter[str] = Counter()
        at, memory = options.folder / "at", Memory()
        case, end = options.first, time.monotonic() + options.seconds
        most = 0
        while time.monotonic() < end:
            at.write_text(json.dumps([case, counts, most]))
            rng = draw(options.seed, options.readers[0], case)
            outcome, found = one_case(reader, rng, memory)
            counts[outcome] += 1
            most = max(most, memory.growth())
            if found is not None:
                print(json.dumps({"case": case, "found": found}), flush=True)
            case += 1
        at.write_text(json.dumps([case, counts, most]))


def watch(reader: str, options: Namespace, folder: Path) -> tuple[list[Row], bool]:
    """Run a reader's cases in a process of their own, which may die or stand still."""
    counts: Counter[str] = Counter()
    found: dict[str, list[int]] = {}
    first, growth, begun = 0, 0, time.monotonic()
    end = begun + options.seconds
    while (left := end - time.monotonic()) > 0:
        lines, code = _session(reader, options, folder, first, left)
        for line in lines:
            found.setdefault(line["found"], []).append(line["case"])
        if not (folder / "at").exists():
            raise RuntimeError(f"{reader}: no case was tried (exit {code})")
        case, tried, grown = json.loads((folder / "at").read_text())
        counts.update(tried)
        growth, first = max(growth, grown), case
        if code == 0:
            break
        found.setdefault(f"the process ended: exit {code}", []).append(case)
        first = case + 1
    for text, cases in found.items():
        print(f"{reader}: {len(cases)} × {text}")
        print("   replay: " + ", ".join(f"{reader}:{case}" for case in cases[:_SHOWN]), flush=True)
    size = f"{first} files, {time.monotonic() - begun:.0f} s"
    bad = sum(map(len, found.values()))
    rows = [
        row(f"{reader}: findings", size, bad, "1", bound=0, peak_memory=growth),
        row(f"{reader}: read all the same", size, counts["read"], "1"),
        row(f"{reader}: refused with a clean error", size, counts["refused"], "1"),
    ]
    return rows, bad > 0


def _session(
    reader: str, options: Namespace, folder: Path, first: int, seconds: float
) -> tuple[list[dict[str, Any]], int]:
    """What a process said, and how it ended; it is killed where its case does not change."""
    place = ["--folder", str(folder), "--first", str(first)]
    limits = ["--seconds", str(seconds), "--seed", str(options.seed)]
    environment = dict(os.environ, JAX_PLATFORMS="cpu", TF_CPP_MIN_LOG_LEVEL="3")
    command = [sys.executable, "-m", "benchmarks.fuzz"]
    at = folder / "at"
    at.unlink(missing_ok=True)
    with (
        (folder / "out").open("w+") as out,
        (folder / "err").open("w+") as err,
        subprocess.Popen(
            [*command, "--worker", "--readers", reader, *place, *limits],
            stdout=out,
            stderr=err,
            env=environment,
        ) as process,
    ):
        moved, seen = time.monotonic(), ""
        while process.poll() is None:
            now = at.read_text() if at.exists() else ""
            if now != seen:
                moved, seen = time.monotonic(), now
            # Setting up takes a while; a case is stopped from within unless C code keeps it.
            if time.monotonic() - moved > (3 * LONGEST if seen else 120):
                process.kill()
            time.sleep(0.2)
        out.seek(0)
        lines = [json.loads(line) for line in out if line.endswith("}\n")]
        if process.returncode:
            err.seek(0)
            print(f"{reader}: standard error ends with\n{err.read()[-3000:]}", flush=True)
    return lines, process.returncode


def options_of() -> ArgumentParser:
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, help="for each reader [300; 5 with --quick]")
    options.add_argument("--readers", nargs="+", choices=READERS, default=list(READERS))
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--replay", metavar="READER:CASE", help="one case, with its traceback")
    options.add_argument("--worker", action="store_true", help="for the benchmark itself")
    options.add_argument("--folder", type=Path, help="for the benchmark itself")
    options.add_argument("--first", type=int, default=0, help="the case to begin with")
    return options


def main() -> None:
    options = options_of().parse_args()
    if options.seconds is None:
        options.seconds = 5.0 if options.quick else 300.0
    if options.replay is not None:
        name, _, case = options.replay.partition(":")
        with tempfile.TemporaryDirectory() as folder:
            options.readers, options.replay, options.folder = [name], int(case), Path(folder)
            work(options)
        return
    if options.worker:
        work(options)
        return
    rows: list[Row] = []
    failed = False
    for reader in options.readers:
        with tempfile.TemporaryDirectory() as folder:
            new, bad = watch(reader, options, Path(folder))
            rows, failed = rows + new, failed or bad
    report(rows, options.json)
    if failed:
        sys.exit("FAILED: findings above")


if __name__ == "__main__":
    main()
