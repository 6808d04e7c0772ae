"""What a run says while it computes: to a terminal, to a script, or to the log."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, TextIO

logger = logging.getLogger("spinlearn.runs")


class Step(NamedTuple):
    """Where a run is (times in s).

    Parameters
    ----------
    done, segments
        Segments done, and all of them (no unit).
    fresh
        Segments done in this session (no unit).
    seconds
        Wall time of this session, s.
    simulated
        Simulated time so far, s, or None where time plays no part.
    warmup
        Wall time until the first segment of this session was done, most of it compilation, s.

    Examples
    --------
    >>> Step(3, 10, 2, 14.0, None, warmup=12.0).remaining  # 2 s a segment
    14.0
    """

    done: int
    segments: int
    fresh: int
    seconds: float
    simulated: float | None
    warmup: float = 0.0

    @property
    def rate(self) -> float:
        """Segments per second, without the first one and its compilation if there are others."""
        counted = self.fresh - 1 if self.warmup and self.fresh > 1 else self.fresh
        spent = self.seconds - self.warmup if self.warmup and self.fresh > 1 else self.seconds
        return counted / spent if spent > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Wall time to go, s, or None before the first segment."""
        return (self.segments - self.done) / self.rate if self.rate else None


class Progress:
    """Says nothing on a terminal; one line a tenth of the way to the log (times in s).

    Examples
    --------
    >>> Progress().begin("magnetoresistance", Step(0, 10, 0, 0.0, None))
    """

    def begin(self, name: str, step: Step) -> None:
        """A session begins (times in s)."""
        logger.info("%s: segment %d of %d", name, step.done, step.segments)

    def advance(self, step: Step) -> None:
        """A segment is stored (times in s)."""
        tenth = max(1, step.segments // 10)
        if step.done % tenth == 0:
            logger.info("segment %d of %d, %.1f s", step.done, step.segments, step.seconds)

    def end(self, step: Step, status: str) -> None:
        """The session ends as "finished", "stopped" or "failed" (times in s)."""
        logger.info("%s after segment %d of %d", status, step.done, step.segments)


class JsonProgress(Progress):
    """One JSON object a line, at most `per_second` of them a second, beside the log (times in s).

    Parameters
    ----------
    write
        Receives every object's text.
    per_second
        Bound of the number of lines.

    Examples
    --------
    >>> JsonProgress(print).advance(Step(1, 2, 1, 0.5, None))
    {"event": "progress", "segment": 1, "segments": 2, "seconds": 0.5, "rate": 2.0, "eta": 0.5}
    """

    def __init__(self, write: Callable[[str], object], per_second: float = 10.0) -> None:
        self._write = write
        self._pause = 1 / per_second
        self._next = 0.0

    def begin(self, name: str, step: Step) -> None:
        """A session begins (times in s)."""
        super().begin(name, step)
        self._write(json.dumps({"event": "begin", "experiment": name, **_fields(step)}))

    def advance(self, step: Step) -> None:
        """A segment is stored (times in s)."""
        super().advance(step)
        if step.seconds >= self._next or step.done == step.segments:
            self._next = step.seconds + self._pause
            self._write(json.dumps({"event": "progress", **_fields(step)}))

    def end(self, step: Step, status: str) -> None:
        """The session ends (times in s)."""
        super().end(step, status)
        self._write(json.dumps({"event": status, **_fields(step)}))


class TerminalProgress(Progress):
    """A bar with rate, simulated time and time to go, beside the log; none off a terminal.

    Parameters
    ----------
    stream
        Where to draw, standard error by default (no unit).

    Examples
    --------
    >>> TerminalProgress(sys.stdout).advance(Step(1, 2, 1, 0.5, None))  # not a terminal
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._bar: Any = None
        self._task: Any = None

    def begin(self, name: str, step: Step) -> None:
        """A session begins (times in s)."""
        super().begin(name, step)
        if not self._stream.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[simulated]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(file=self._stream),
        )
        self._task = self._bar.add_task(
            name, total=step.segments, completed=step.done, rate="compiling", simulated=""
        )
        self._bar.start()

    def advance(self, step: Step) -> None:
        """A segment is stored (times in s)."""
        super().advance(step)
        if self._bar is None:
            return
        simulated = "" if step.simulated is None else f"{_time(step.simulated)} simulated"
        rate = f"{step.rate:.2f}/s" if step.rate >= 1 else f"{1 / max(step.rate, 1e-9):.1f} s each"
        self._bar.update(self._task, completed=step.done, rate=rate, simulated=simulated)

    def end(self, step: Step, status: str) -> None:
        """The session ends (times in s)."""
        super().end(step, status)
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _fields(step: Step) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "segment": step.done,
        "segments": step.segments,
        "seconds": round(step.seconds, 3),
        "rate": round(step.rate, 4),
        "eta": None if step.remaining is None else round(step.remaining, 3),
    }
    if step.simulated is not None:
        fields["simulated"] = step.simulated
    return fields


def _time(seconds: float) -> str:
    for factor, unit in ((1e12, "ps"), (1e9, "ns"), (1e6, "µs"), (1e3, "ms")):
        if seconds * factor < 1000:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"
