"""A recorded trace on disk: checked once from end to end, then read where it is wanted."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._clock import Clock
from spinlearn.junctions._csv_trace import CsvTrace
from spinlearn.junctions._headers import VOLTS
from spinlearn.junctions._parquet_trace import ParquetTrace
from spinlearn.junctions._trace_files import (
    KINDS,
    Block,
    Columns,
    TraceFile,
    trace_paths,
)

# Rows that are decoded together.
BLOCK_ROWS = 1 << 17


class Trace:
    """Checked files, and windows of them in memory, of which the next is read ahead."""

    def __init__(
        self,
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        column: str,
        unit: str | None,
        time_column: str | None,
        largest: float,
        memory: int,
        rows: int = BLOCK_ROWS,
    ) -> None:
        if unit is not None and unit not in VOLTS:
            raise SpinlearnValueError(
                "unit", unit, f"one of {', '.join(VOLTS)}", "Convert the trace to volts."
            )
        self.path, self.memory = str(path), memory
        columns = Columns(column, time_column, unit)
        self.files: list[TraceFile] = []
        self._seen: dict[Path, tuple[int, int] | None] = {}
        self.blocks: list[tuple[int, TraceFile, Block]] = []
        check = _Check(largest)
        paths = trace_paths(path)
        for name in paths:
            kind = CsvTrace if KINDS[name.suffix.lower()] == "CSV" else ParquetTrace
            file = kind(name, columns, rows)
            _require_like_first(file, self.files)
            before = check.count
            for block, volts, time in file.scan():
                start = check.count
                check.add(file, block, volts, time)
                self._add(start, file, block)
            if check.count == before:
                raise SpinlearnValueError(
                    str(name),
                    "no rows",
                    "one sample or more",
                    "Remove the file, or export it again.",
                )
            if file.unended is not None:
                _tell_unended(file, file.where(file.unended), last=name == paths[-1])
            self.files.append(file)
            self._seen[name] = _stamp(name)
        self.samples, self.mean, self.lowest, self.highest = (
            check.count,
            check.mean,
            check.lowest,
            check.highest,
        )
        self.standard_deviation = float(np.sqrt(check.squares / check.count))
        self.sample_time = check.clock.sample_time()
        self._windows = _Windows()

    def _add(self, start: int, file: TraceFile, block: Block) -> None:
        if self.blocks and self.blocks[-1][1] is file and self.blocks[-1][2].place == block.place:
            start, _, begun = self.blocks.pop()
            block = Block(block.place, begun.row, begun.rows + block.rows)
        self.blocks.append((start, file, block))

    def rows(self, first: int, count: int) -> np.ndarray:
        """Samples in a row, V; the trace begins anew at its end."""
        found = np.empty((1, count))
        for done in range(0, count, self.samples):
            part = min(self.samples, count - done)
            found[:, done : done + part] = self._gather(
                np.array([first % self.samples]), part, float
            )
        return found[0]

    def sample(
        self, start: int, step: int, steps: int, places: np.ndarray, dtype: Any
    ) -> np.ndarray:
        """Samples of units that begin at places of the trace, ``(steps, units)``, V."""
        size = np.dtype(dtype).itemsize
        if self.samples * size <= self.memory // 2:
            whole = self._windows.get("whole", np.dtype(dtype), self._whole)
            at = (places[None, :] + start + step + np.arange(steps)[:, None]) % self.samples
            return whole[0][at]
        length = self.memory // (2 * size * len(places))
        if length < 1:
            raise SpinlearnValueError(
                "memory", self.memory, f"at least {2 * size * len(places)} bytes", "Allow more."
            )

        def window(number: int, kind: Any) -> np.ndarray:
            begins = (places + start + number * length) % self.samples
            return self._gather(begins, length, kind)

        parts, done = [], 0
        while done < steps:
            number, offset = divmod(step + done, length)
            kind = (start, len(places), np.dtype(dtype))
            values = self._windows.get(number, kind, lambda n, k: window(n, k[2]), number + 1)
            parts.append(values[:, offset : offset + steps - done])
            done += parts[-1].shape[1]
        return np.concatenate(parts, axis=1).T

    def _whole(self, _: Any, dtype: Any) -> np.ndarray:
        return self._gather(np.zeros(1, int), self.samples, dtype)

    def _gather(self, begins: np.ndarray, length: int, dtype: Any) -> np.ndarray:
        """Stretches of one length, ``(stretches, length)``, in one pass over the files."""
        for name, seen in self._seen.items():
            if _stamp(name) != seen:
                raise SpinlearnValueError(
                    str(name),
                    "changed or removed",
                    "the file that was checked",
                    "Restore it, or open the trace again.",
                )
        # What passes the end of the trace goes on at its beginning.
        over = begins + length > self.samples
        first = np.concatenate([begins, np.zeros(over.sum(), int)])
        last = np.concatenate(
            [np.minimum(begins + length, self.samples), (begins + length - self.samples)[over]]
        )
        into = np.concatenate([np.zeros(len(begins), int), (self.samples - begins)[over]])
        unit = np.concatenate([np.arange(len(begins)), np.flatnonzero(over)])
        found = np.empty((len(begins), length), dtype)
        for start, file, block in self.blocks:
            if not np.any((first < start + block.rows) & (last > start)):
                continue
            for row, volts in file.read(block):
                low = start + row - block.row
                high = low + len(volts)
                if low >= last.max():
                    break
                for k in np.flatnonzero((first < high) & (last > low)):
                    a, b = max(first[k], low), min(last[k], high)
                    at = into[k] - first[k]
                    found[unit[k], at + a : at + b] = volts[a - low : b - low]
        return found


def _stamp(path: Path) -> tuple[int, int] | None:
    """What tells that a file is still the one that was checked; None if it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _require_like_first(file: TraceFile, before: list[TraceFile]) -> None:
    """All chunks have times, or none has."""
    if not before or file.has_time == before[0].has_time:
        return
    raise SpinlearnValueError(
        str(file.path),
        "a column of times" if file.has_time else "no column of times",
        f"chunks alike: {before[0].path.name} has {'one' if before[0].has_time else 'none'}",
        "Export it as the others, or pass time_column=None and sample_time.",
    )


def _tell_unended(file: TraceFile, where: str, *, last: bool) -> None:
    """A last line without its end may lack digits: refused within a trace, told at its end."""
    remedy = "Copy or export it again, or end the line if it is whole."
    if not last:
        raise SpinlearnValueError(
            where, "a line without its end", "whole lines in all chunks but the last", remedy
        )
    warnings.warn(
        f"{where}: the last line has no end, so that its number may lack digits. {remedy}",
        stacklevel=4,
    )


class _Windows:
    """What was read last, and what is being read ahead; at most two windows at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Any, Future[np.ndarray]] = {}
        self._pool: ThreadPoolExecutor | None = None

    def get(
        self,
        number: Any,
        kind: Any,
        make: Callable[[Any, Any], np.ndarray],
        following: Any = None,
    ) -> np.ndarray:
        """A window, and the start of reading the following one."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, "spinlearn-trace")
            wanted = [(number, kind)] + ([] if following is None else [(following, kind)])
            for held in set(self._held) - set(wanted):
                self._held.pop(held).cancel()
            for one in wanted:
                if one not in self._held:
                    self._held[one] = self._pool.submit(make, *one)
            asked = self._held[wanted[0]]
        try:
            return asked.result()
        except BaseException:
            with self._lock:
                self._held.clear()
            raise


class _Check:
    """Running statistics of a trace, and what is wrong with it."""

    def __init__(self, largest: float) -> None:
        self.largest = largest
        self.count, self.mean, self.squares = 0, 0.0, 0.0
        self.lowest, self.highest = np.inf, -np.inf
        self.clock = Clock()

    def add(
        self, file: TraceFile, block: Block, volts: np.ndarray, time: np.ndarray | None
    ) -> None:
        bad = ~np.isfinite(volts)
        if bad.any():
            k = int(np.argmax(bad))
            raise SpinlearnValueError(
                file.where(block.row + k), volts[k], "a finite voltage, V", "Cut the trace there."
            )
        far = np.abs(volts) > self.largest
        if far.any():
            k = int(np.argmax(far))
            raise SpinlearnValueError(
                file.where(block.row + k),
                f"{volts[k]:g} V",
                f"at most {self.largest:g} V in magnitude",
                "If the column is in mV, pass unit='mV' or write 'V (mV)' in the header; if it is "
                "right, pass a higher `largest`.",
            )
        if time is not None:
            self.clock.add(file, block, time)
        total = self.count + len(volts)
        mean = float(volts.mean())
        apart = mean - self.mean
        self.squares += float(np.sum((volts - mean) ** 2))
        self.squares += apart**2 * self.count * len(volts) / total
        self.mean += apart * len(volts) / total
        self.count = total
        self.lowest = min(self.lowest, float(volts.min()))
        self.highest = max(self.highest, float(volts.max()))
