"""Running a specification in segments that survive a kill."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.experiments.experiment import AbstractExperiment, Layout
from spinlearn.experiments.specs import RunSpec, experiment_type
from spinlearn.runs._files import StoreError, storing
from spinlearn.runs.checkpoint import (
    Checkpoint,
    clear_checkpoints,
    read_checkpoint,
    write_checkpoint,
)
from spinlearn.runs.progress import Progress, Step
from spinlearn.runs.provenance import device, versions
from spinlearn.runs.result import Result
from spinlearn.runs.specification import as_spec, spec_hash
from spinlearn.runs.store import RunStore, now

logger = logging.getLogger("spinlearn.runs")

# Rows and a checkpoint are written when the segments since the last took this long, s: short
# segments would otherwise wait for the disk most of the time.
_CHECKPOINT_SECONDS = 1.0
# ... and when writing them takes no more than this share of the time.
_CHECKPOINT_SHARE = 0.02


def default_path(spec: RunSpec) -> Path:
    """Where a run is stored unless said otherwise (no unit).

    Examples
    --------
    >>> from spinlearn.runs import read_spec
    >>> default_path(read_spec("magnetoresistance")).parent
    PosixPath('out')
    """
    return Path("out") / f"{spec.experiment}-{spec_hash(spec)[:8]}"


def run(
    spec: RunSpec | str | Path | dict[str, Any],
    path: str | Path | None = None,
    *,
    progress: Progress | None = None,
    stop: Callable[[], object] | None = None,
) -> Result:
    """Run a specification, or go on with it where it was left.

    Parameters
    ----------
    spec
        What to run (SI units): a specification, a TOML file, a name that ``spinlearn list``
        shows, or a dictionary.
    path
        Folder for the results; by default ``out/EXPERIMENT-HASH``. One that holds the same run
        is taken up or, when it is finished, returned.
    progress
        Told about every segment; by default the log.
    stop
        Asked after every segment; anything true stops there.

    Returns
    -------
    Result
        The stored run; its status is "finished", or "stopped" if `stop` said so.

    Raises
    ------
    StoreError
        If the folder holds another run or cannot be written.
    SpinlearnError
        If a segment fails; what was stored stays.

    Examples
    --------
    >>> import tempfile
    >>> film = {"length": 32e-9, "width": 32e-9, "grain_size": 8e-9}
    >>> loop = {"points": 2, "largest": 1e5}
    >>> table = {"experiment": "magnetoresistance", "film": film, "loop": loop}
    >>> precision = "float64" if jax.config.jax_enable_x64 else "float32"
    >>> table = table | {"precision": precision, "relax": {"tolerance": 1e-3}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = run(table, folder)
    ...     result.dataset["conductance"].shape
    (3, 4, 4)
    """
    spec = as_spec(spec)
    _check_precision(spec)
    store = RunStore.create(Path(path) if path is not None else default_path(spec), spec)
    return _execute(store, progress or Progress(), stop or (lambda: False))


def resume(
    path: str | Path,
    *,
    progress: Progress | None = None,
    stop: Callable[[], object] | None = None,
) -> Result:
    """Go on with a stored run; the result is that of an uninterrupted one, bit by bit.

    Parameters
    ----------
    path
        Folder of the run (no unit).
    progress, stop
        As in `run`.

    Returns
    -------
    Result
        The stored run.

    Raises
    ------
    StoreError
        If there is no run, or it cannot be read or written.

    Examples
    --------
    >>> resume("nowhere")
    Traceback (most recent call last):
    ...
    spinlearn.runs._files.StoreError: nowhere: no such folder. Start one with 'spinlearn run'.
    """
    store = RunStore.open(Path(path))
    _check_precision(store.spec)
    return _execute(store, progress or Progress(), stop or (lambda: False))


def _check_precision(spec: RunSpec) -> None:
    own = "float64" if jax.config.read("jax_enable_x64") else "float32"
    if spec.precision != own:
        wanted = spec.precision == "float64"
        raise SpinlearnValueError(
            "precision",
            spec.precision,
            f"{own}, in which JAX computes in this process",
            f'Call jax.config.update("jax_enable_x64", {wanted}) first, or change the precision.',
        )


def _execute(store: RunStore, progress: Progress, stop: Callable[[], object]) -> Result:
    kind = experiment_type(store.spec.experiment)
    layout = kind.layout(store.spec)
    if store.is_finished():  # nothing is to be written, not even a lock
        _clear(store)
        return Result(store.path)
    with store.locked():
        if not store.is_finished():
            if store.prepare(layout):  # a checkpoint counts rows that must be there
                clear_checkpoints(store.checkpoints)
            begin_session(store)
            _compute(store, kind, layout, progress, stop)
    return Result(store.path)


def begin_session(store: RunStore) -> None:
    """Record who computes from here on; another machine may round otherwise, so it is said."""
    record = store.provenance()
    session = {"started": now(), **device(), "versions": versions()}
    earlier = record.get("sessions", [])
    if not isinstance(earlier, list):
        raise StoreError(
            f"{store.path / 'provenance.json'}: sessions = {earlier!r}: allowed is a list. Remove "
            "the file and resume."
        )
    for before in earlier[-1:]:
        changed = [
            name
            for name in ("devices", "cores", "versions")
            if isinstance(before, dict) and before.get(name, session[name]) != session[name]
        ]
        if changed:
            logger.warning(
                "%s goes on with other %s: rounding may differ from an uninterrupted run's",
                store.path,
                ", ".join(changed),
            )
    store.write_provenance(
        status="running",
        hash=store.hash,
        versions=session["versions"],
        sessions=[*earlier, session],
    )


def _compute(
    store: RunStore,
    kind: type[AbstractExperiment],
    layout: Layout,
    progress: Progress,
    stop: Callable[[], object],
) -> None:
    """All segments that are missing, and the summary."""
    started = time.perf_counter()
    last = Step(0, layout.segments, 0, 0.0, None)
    progress.begin(store.spec.experiment, last)
    try:
        experiment = kind.build(store.spec)
        state = experiment.start()
        found = read_checkpoint(store.checkpoints, jax.eval_shape(experiment.start), store.hash)
        done, before = (0, 0.0) if found is None else (found.segments, found.seconds)
        if found is not None:
            state = found.state
        saved, pause = time.perf_counter(), _CHECKPOINT_SECONDS
        last = _step(layout, done, done, started)
        warmup = 0.0
        for segment in range(done, layout.segments):
            state, rows = experiment.advance(state, segment)
            stored = {name: np.asarray(values) for name, values in rows.items()}
            kind.check(store.spec, segment, stored)
            store.write_rows(layout, segment, stored)
            last = _step(layout, segment + 1, done, started, warmup)
            warmup = warmup or last.seconds
            stopped = bool(stop()) and last.done < layout.segments
            begun = time.perf_counter()
            if stopped or begun - saved >= pause:
                _save(store, Checkpoint(last.done, state, before + last.seconds))
                saved = time.perf_counter()
                # A slow disk, or a large state, is not to take more than its share.
                pause = max(_CHECKPOINT_SECONDS, (saved - begun) / _CHECKPOINT_SHARE)
            progress.advance(last)
            if stopped:
                store.write_provenance(status="stopped", wall_time=before + last.seconds)
                progress.end(last, "stopped")
                return
        _summarize(store, kind, before + time.perf_counter() - started)
    except Exception as error:
        _record_failure(store, error)
        progress.end(last, "failed")
        raise
    except KeyboardInterrupt:
        progress.end(last, "stopped")
        raise
    progress.end(last, "finished")


def _save(store: RunStore, checkpoint: Checkpoint) -> None:
    store.flush()
    with storing(store.path):
        write_checkpoint(store.checkpoints, checkpoint, store.hash)


def _summarize(store: RunStore, kind: type[AbstractExperiment], seconds: float) -> None:
    store.flush()
    summary = kind.summarize(store.spec, Result(store.path).dataset)
    store.finish(summary, seconds)
    _clear(store)


def _clear(store: RunStore) -> None:
    """Remove the checkpoints of a finished run, if the disk allows: it is finished anyway."""
    with contextlib.suppress(OSError):
        clear_checkpoints(store.checkpoints)


def _record_failure(store: RunStore, error: Exception) -> None:
    """Note the failure beside the results, if the disk allows."""
    try:
        store.flush()
        store.write_provenance(status="failed", error=f"{type(error).__name__}: {error}")
    except SpinlearnError:
        return


def _step(layout: Layout, done: int, first: int, started: float, warmup: float = 0.0) -> Step:
    simulated = None if layout.simulated is None else layout.simulated * done
    seconds = time.perf_counter() - started
    return Step(done, layout.segments, done - first, seconds, simulated, warmup)
