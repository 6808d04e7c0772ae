"""Sweeps: many points of one specification, each stored as a run; no failure sinks another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from spinlearn.errors import SpinlearnValueError
from spinlearn.experiments.specs import RunSpec
from spinlearn.runs._attempt import Outcome, is_closed
from spinlearn.runs._files import StoreError
from spinlearn.runs._points import Plan, Point, make_plan
from spinlearn.runs._sweep_store import SweepStore
from spinlearn.runs.progress import Progress, Step
from spinlearn.runs.specification import as_spec
from spinlearn.runs.sweep_result import SweepResult

_MOST_WORKERS = 1024


def sweep(
    spec: RunSpec | str | Path | Mapping[str, Any],
    over: Mapping[str, Sequence[Any]] | None = None,
    *,
    seeds: int | Sequence[int] | None = None,
    path: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    stop: Callable[[], object] | None = None,
) -> SweepResult:
    """Compute a specification at many values and seeds; what is stored is not computed again.

    Every point is a run of its own in ``PATH/points/HASH``. One that fails is recorded with its
    error and sinks nothing; the next sweep of the same folder tries it again, with all others
    that are missing. Points are computed in this process, together where the experiment gains
    by it, or by worker processes: these may die at any moment, their points go on from the last
    checkpoint on another one.

    Parameters
    ----------
    spec
        What all points share (SI units): a specification, a TOML file, a name that
        ``spinlearn list`` shows, or a dictionary.
    over
        Values by dotted key, such as ``{"film.thickness": [5e-9, 10e-9]}`` (SI units). The points
        are their product.
    seeds
        Number of seeds at every point, counted from that of `spec`, or the seeds (no unit).
    path
        Folder; by default ``out/sweep-EXPERIMENT-HASH``. One that holds the same sweep, or a part
        of it, is taken up.
    workers
        Number of processes on this machine, one thread each (no unit). They share its cores and,
        one each in turn, its GPUs. Needs the extra ``cluster``; in a script, call this function
        below ``if __name__ == "__main__":``.
    scheduler
        Address of a Dask scheduler, or its scheduler file ending in ``.json``; its workers must
        see `path`.
    progress
        Told about every point; by default the log.
    stop
        Asked between segments; anything true stops there.

    Returns
    -------
    SweepResult
        The stored sweep.

    Raises
    ------
    SpecError
        If a point is none that the specification allows; nothing is computed then.
    StoreError
        If the folder holds another sweep or cannot be written.
    SpinlearnError
        If there are no workers to be had.

    Examples
    --------
    >>> import tempfile
    >>> import jax
    >>> film = {"length": 32e-9, "width": 32e-9, "grain_size": 8e-9}
    >>> table = {"experiment": "magnetoresistance", "film": film, "relax": {"tolerance": 1e-3}}
    >>> table["precision"] = "float64" if jax.config.jax_enable_x64 else "float32"
    >>> table["loop"] = {"points": 2, "largest": 1e5}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = sweep(table, {"film.thickness": [5e-9, 1e-8]}, path=f"{folder}/thickness")
    ...     found.dataset["status"].values.tolist()
    [['finished'], ['finished']]
    """
    plan = make_plan(as_spec(spec), over, seeds)
    _check_means(workers, scheduler)
    where = default_sweep_path(plan) if path is None else Path(path)
    store = SweepStore.create(where, plan, {"workers": workers, "scheduler": scheduler})
    return _execute(store, progress or Progress(), stop or (lambda: False), fresh=True)


def resume_sweep(
    path: str | Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    stop: Callable[[], object] | None = None,
) -> SweepResult:
    """Go on with a stored sweep: points that are missing, stopped or failed.

    Parameters
    ----------
    path
        Folder of the sweep (no unit).
    workers, scheduler
        As in `sweep`; by default as it was computed before.
    progress, stop
        As in `sweep`.

    Returns
    -------
    SweepResult
        The stored sweep.

    Raises
    ------
    StoreError
        If there is no sweep, or it cannot be read or written.

    Examples
    --------
    >>> resume_sweep("nowhere")
    Traceback (most recent call last):
    ...
    spinlearn.runs._files.StoreError: nowhere: no such folder. Start one with 'spinlearn sweep'.
    """
    _check_means(workers, scheduler)
    store = SweepStore.open(Path(path))
    if workers is not None or scheduler is not None:
        means = {"workers": workers, "scheduler": scheduler}
        store = SweepStore(store.path, store.plan, means)
    return _execute(store, progress or Progress(), stop or (lambda: False))


def default_sweep_path(plan: Plan) -> Path:
    """Where a sweep is stored unless said otherwise."""
    return Path("out") / f"sweep-{plan.base.experiment}-{plan.hash[:8]}"


def _check_means(workers: Any, scheduler: Any) -> None:
    whole = isinstance(workers, int) and not isinstance(workers, bool)
    if workers is not None and not (whole and 1 <= workers <= _MOST_WORKERS):
        raise SpinlearnValueError(
            "workers",
            workers,
            f"a whole number from 1 to {_MOST_WORKERS}",
            "Leave it out for none.",
        )
    if workers is not None and scheduler is not None:
        raise SpinlearnValueError(
            "scheduler", scheduler, "none beside workers", "Give one of the two."
        )
    if scheduler is not None and not (isinstance(scheduler, str) and scheduler.strip()):
        raise SpinlearnValueError(
            "scheduler", scheduler, "an address such as tcp://host:8786", "Give one."
        )


def _execute(
    store: SweepStore, progress: Progress, stop: Callable[[], object], *, fresh: bool = False
) -> SweepResult:
    """Compute what is missing, record what fails, and write the table.

    A `fresh` sweep writes what it is, but for one that is refused.
    """
    table = store.path / "sweep.csv"
    if store.is_written() and not _left(store):
        return _done_before(store, table, progress)
    with store.locked():
        points = store.plan.distinct
        left = _left(store)
        if not store.means:
            _check_precisions(left)
        if fresh:
            store.write()
        log = _Log(progress, len(points), len(points) - len(left))
        progress.begin(f"sweep of {store.plan.base.experiment}", log.step())
        status = "failed"
        try:
            outcomes = _outcomes(left, store, _Latch(stop)) if left else iter(())
            stopped = _follow(outcomes, store, log)
            status = "stopped" if stopped else "finished"
        except KeyboardInterrupt:
            status = "stopped"
            raise
        finally:
            progress.end(log.step(), status)
        result = SweepResult(store.path)
        result.write_table(table)
    return result


def _left(store: SweepStore) -> list[Point]:
    return [point for point in store.plan.distinct if store.state(point).status != "finished"]


def _done_before(store: SweepStore, table: Path, progress: Progress) -> SweepResult:
    """The sweep as it is; nobody need be able to write to its disk."""
    points = len(store.plan.distinct)
    log = _Log(progress, points, points)
    progress.begin(f"sweep of {store.plan.base.experiment}", log.step())
    progress.end(log.step(), "finished")
    result = SweepResult(store.path)
    try:
        result.write_table(table)
    except StoreError as error:
        if not is_closed(error):
            raise
    return result


def _check_precisions(points: Sequence[Point]) -> None:
    """JAX has one precision in a process: all points must have that."""
    from spinlearn.runs.runner import _check_precision

    found = sorted({str(point.spec.precision) for point in points})
    if len(found) > 1:
        raise SpinlearnValueError(
            "precision",
            " and ".join(found),
            "one of them where all points are computed in one process",
            "Give workers=1 (--workers 1), or make two sweeps.",
        )
    for point in points[:1]:
        _check_precision(point.spec)


def _outcomes(
    points: list[Point], store: SweepStore, stop: Callable[[], object]
) -> Iterator[tuple[Point, Outcome]]:
    """Outcomes of points by the means that the sweep was given."""
    workers, scheduler = store.means.get("workers"), store.means.get("scheduler")
    if workers is None and scheduler is None:
        from spinlearn.runs._batches import in_process

        yield from in_process(points, store, stop)
        return
    from spinlearn.runs._cluster import found_pool, local_pool
    from spinlearn.runs._dispatch import dispatch

    # More processes than points would only take memory.
    opened = (
        found_pool(str(scheduler)) if workers is None else local_pool(min(workers, len(points)))
    )
    with opened as pool:
        yield from dispatch(points, store, pool, stop)


def _follow(outcomes: Iterator[tuple[Point, Outcome]], store: SweepStore, log: _Log) -> bool:
    """Record outcomes as they come; whether the sweep was stopped before its end."""
    settled = 0
    for point, outcome in outcomes:
        if outcome.status == "unwritable":
            raise StoreError(
                f"{outcome.error} The sweep goes on with: spinlearn resume {store.path}"
            )
        if outcome.status == "stopped":
            continue
        if outcome.status == "finished":
            store.clear_failure(point)
        else:
            store.record_failure(point, outcome.error)
        settled += 1
        log.advance()
    return settled < log.fresh_total


class _Log:
    """Counts points for the progress: a point counts as a segment does in a run."""

    def __init__(self, progress: Progress, total: int, done: int) -> None:
        self._progress = progress
        self._total = total
        self._before = self._done = done
        self._started = time.perf_counter()

    @property
    def fresh_total(self) -> int:
        """Points of this session."""
        return self._total - self._before

    def step(self) -> Step:
        """Where the sweep is."""
        seconds = time.perf_counter() - self._started
        return Step(self._done, self._total, self._done - self._before, seconds, None)

    def advance(self) -> None:
        """One point more."""
        self._done += 1
        self._progress.advance(self.step())


class _Latch:
    """A question that stays answered once the answer was yes."""

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self._answer = False

    def __call__(self) -> bool:
        self._answer = self._answer or bool(self._ask())
        return self._answer
