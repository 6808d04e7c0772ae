"""Times of a trace: they grow evenly, and tell the time between samples."""

from __future__ import annotations

import numpy as np

from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._trace_files import Block, TraceFile

# Of the time between samples: from step to step, and from the line through first and last time.
_UNEVEN, _ASTRAY = 0.01, 0.5
# Of a time, for its digits.
_ROUNDING = 1e-9
# Samples that are further apart than this are of times in another unit, or a unit is stated: 40 kHz
# in ms would be a step of 0.025 (assumed).
_SLOWEST = 0.01
# Samples from one time that is kept to the next.
_APART = 64


class Clock:
    """Checks times block by block; what has passed is kept every 64th time."""

    def __init__(self) -> None:
        self._count = 0
        self._first = self._last = 0.0
        self._step: float | None = None
        self._kept: list[np.ndarray] = []
        self._starts: list[tuple[int, TraceFile, int]] = []

    def add(self, file: TraceFile, block: Block, time: np.ndarray) -> None:
        """Refuse times that are not finite, do not grow, or not by even steps."""
        if not np.isfinite(time).all():
            k = int(np.argmin(np.isfinite(time)))
            raise SpinlearnValueError(
                file.where(block.row + k), f"t = {time[k]:g} s", "a finite time, s", "Fill it in."
            )
        known = np.concatenate([[self._last], time]) if self._count else time
        self._check_steps(file, block.row + len(time) - len(known) + 1, known)
        if not self._count:
            self._first = float(time[0])
        self._starts.append((self._count, file, block.row))
        self._kept.append(time[-self._count % _APART :: _APART])
        self._count, self._last = self._count + len(time), float(time[-1])

    def _check_steps(self, file: TraceFile, row: int, known: np.ndarray) -> None:
        """Of times in a row, of which the second is at this row."""
        steps = np.diff(known)
        bad = ~(steps > 0)
        if bad.any():
            k = int(np.argmax(bad))
            raise SpinlearnValueError(
                file.where(row + k),
                f"t = {known[k + 1]:g} s after {known[k]:g} s",
                "times that grow from sample to sample",
                "Name the chunks in their order, or pass time_column=None if times begin anew.",
            )
        if self._step is None and len(steps):
            self._step = float(np.median(steps))
        wanted = self._step or 0.0
        uneven = np.abs(steps - wanted) > _UNEVEN * wanted + _ROUNDING * np.abs(known[1:])
        if uneven.any():
            k = int(np.argmax(uneven))
            raise SpinlearnValueError(
                file.where(row + k),
                f"{steps[k]:g} s after the sample before",
                f"even steps, {wanted:g} s within {_UNEVEN:.0%}",
                "Cut the trace at the gap, or pass time_column=None.",
            )

    def sample_time(self) -> float | None:
        """Time between samples, s, of the whole trace; None without two times.

        Steps that are even one by one may still grow or shrink: then times leave the line through
        the first and the last.
        """
        if self._count < 2:
            return None
        step = (self._last - self._first) / (self._count - 1)
        begin, file, row = self._starts[0]
        if step > _SLOWEST and not file.time_stated:
            raise SpinlearnValueError(
                f"{file.where(row)}, t",
                f"steps of {step:g} s",
                f"at most {_SLOWEST:g} s where the header names no unit",
                "If the column is in ms, name it 't (ms)'; if in seconds, 't (s)'.",
            )
        kept = np.concatenate(self._kept)
        at = _APART * np.arange(len(kept))
        astray = np.abs(kept - (self._first + at * step))
        far = astray > _ASTRAY * step + _ROUNDING * np.abs(kept)
        if far.any():
            k = int(np.argmax(astray))
            begin, file, row = max(
                (one for one in self._starts if one[0] <= at[k]), key=lambda one: one[0]
            )
            raise SpinlearnValueError(
                file.where(row + int(at[k]) - begin),
                f"t = {kept[k]:.9g} s, {astray[k] / step:.2g} steps off the mean pace",
                f"even steps, {step:.6g} s from the first sample to the last",
                "Cut where the sampling rate changes, or pass time_column=None and sample_time.",
            )
        return step
