"""Kill -9 at random moments of a run, resume, compare: the stores must be the same, bit by bit.

Every trial starts a run as a process of its own, kills it at a random moment (from its start
until it would be finished), resumes and kills it again until it is finished, and compares every
file of the store with the uninterrupted one's. Full and closed disks are small file systems in
memory, which need root; elsewhere they are reported as not tried.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._measure import Row, parse, report, row

CHANGES = ("film.length=128e-9", "film.width=128e-9", "loop.points=101", "loop.largest=8e4")
_OF_THE_MOMENT = {"provenance.json", ".lock", "report.html"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "spinlearn.cli", *arguments, "--no-report", "--json"]


def start(path: Path) -> list[str]:
    options = [part for change in CHANGES for part in ("--set", change)]
    return command("run", "magnetoresistance", "-o", str(path), *options)


def files_of(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.name not in _OF_THE_MOMENT
    }


def run_killed(arguments: list[str], seconds: float) -> bool:
    """Whether the process was still there to be killed after so long."""
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
        assert process.stderr is not None
        if process.returncode:
            raise RuntimeError(process.stderr.read())
        return False


def kill_at_random(folder: Path, whole: Path, kills: int, seconds: float) -> tuple[int, int]:
    """Kills that hit, and runs that were finished; every one of them must equal the whole one."""
    rng, hit, finished = random.Random(0), 0, 0
    expected = files_of(whole)
    while hit < kills:
        path = folder / f"run{finished}"
        arguments = start(path)
        while run_killed(arguments, rng.uniform(0.2, 1.3 * seconds)):
            hit += 1
            # Killed before there was a folder: that run is started again.
            begun = (path / "spec.toml").exists()
            arguments = command("resume", str(path)) if begun else start(path)
        finished += 1
        if files_of(path) != expected:
            raise RuntimeError(f"{path}: differs from the uninterrupted run")
    return hit, finished


def disk_fault(mode: str, whole: Path) -> str:
    """What a full or read-only disk led to."""
    with tempfile.TemporaryDirectory() as name:
        disk = Path(name)
        needed = sum(len(content) for content in files_of(whole).values())
        # A file takes whole pages there.
        size = 4 * needed + 4096 * 2000
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", name]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            return "not tried: no file system could be mounted here"
        try:
            path = disk / "run"
            if mode == "full":
                (disk / "ballast").write_bytes(bytes(size - needed // 2))
                done = subprocess.run(start(path), capture_output=True, text=True, check=False)
                (disk / "ballast").unlink()
            else:
                run_killed(start(path), 12.0)
                subprocess.run(["mount", "-o", "remount,ro", name], check=True)
                done = subprocess.run(
                    command("resume", str(path)), capture_output=True, text=True, check=False
                )
                subprocess.run(["mount", "-o", "remount,rw", name], check=True)
            last = subprocess.run(
                command("resume", str(path)), capture_output=True, text=True, check=False
            )
            if last.returncode:
                return f"exit {done.returncode}; not resumed: {last.stderr.strip()}"
            same = files_of(path) == files_of(whole)
            message = done.stderr.strip().replace(name, "DISK")
            return f"exit {done.returncode}, {message!r}, resumed: {'same' if same else 'DIFFERS'}"
        finally:
            subprocess.run(["umount", name], check=False)


def main() -> None:
    options = parse(__doc__)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        whole = folder / "whole"
        subprocess.run(start(whole), check=True, capture_output=True)  # fills the compiler's cache
        again = folder / "again"
        started = time.perf_counter()
        subprocess.run(start(again), check=True, capture_output=True)
        seconds = time.perf_counter() - started
        if files_of(again) != files_of(whole):
            raise RuntimeError("two uninterrupted runs differ")
        if not options.quick:
            for mode in ("full", "read-only"):
                print(f"{mode} disk: {disk_fault(mode, whole)}", flush=True)
        hit, finished = kill_at_random(folder, whole, 4 if options.quick else 20, seconds)
        rows.append(row("kill -9, then bit-identical", f"{seconds:.1f} s a run", hit, "kills"))
        rows.append(row("runs finished after kills", "", finished, "runs"))
    report(rows, options.json)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
