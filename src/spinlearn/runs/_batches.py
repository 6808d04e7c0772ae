"""Points stacked and advanced together, each with a store of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.experiments.experiment import AbstractExperiment, Layout
from spinlearn.experiments.specs import experiment_type
from spinlearn.runs import runner
from spinlearn.runs._attempt import Outcome, attempt, outcome_of
from spinlearn.runs._executables import make_room
from spinlearn.runs._points import Point
from spinlearn.runs._sweep_store import SweepStore
from spinlearn.runs.checkpoint import Checkpoint, clear_checkpoints, read_checkpoint
from spinlearn.runs.store import RunStore

logger = logging.getLogger("spinlearn.runs")

Outcomes = Iterator[tuple[Point, Outcome]]
# Checkpoints of a batch are written when the segments since the last took this long, s.
_CHECKPOINT_SECONDS = 1.0


@dataclass
class _Member:
    """A point of a batch; its files are locked while it is here."""

    point: Point
    store: RunStore
    layout: Layout
    experiment: AbstractExperiment
    state: Any
    done: int
    seconds: float
    files: ExitStack
    outcome: Outcome | None = None


@dataclass
class _Batch:
    """Members whose arrays have the same shapes, and all else is the same."""

    shapes: Any
    members: list[_Member] = field(default_factory=list)


def in_process(points: Sequence[Point], sweep: SweepStore, stop: Callable[[], object]) -> Outcomes:
    """Outcomes of points computed here, together where their experiment gains by it."""
    most = experiment_type(sweep.plan.base.experiment).stacked
    if most <= 1:
        yield from _one_by_one(points, sweep, stop)
        return
    batches: list[_Batch] = []
    try:
        for point in points:
            if stop():
                return
            try:
                member = _open(point, sweep)
            except Exception as error:
                yield point, outcome_of(error)
                continue
            if member is None:
                yield point, Outcome("finished")
                continue
            full = _place(member, batches, most)
            if full is not None:
                batches.remove(full)
                yield from _compute(full, sweep, stop)
        while batches and not stop():
            yield from _compute(batches.pop(0), sweep, stop)
    finally:
        for batch in batches:
            _close(batch)


def _one_by_one(points: Sequence[Point], sweep: SweepStore, stop: Callable[[], object]) -> Outcomes:
    for point in points:
        if stop():
            return
        yield point, attempt(point.spec, sweep.folder(point), stop)


def _open(point: Point, sweep: SweepStore) -> _Member | None:
    """A point with its arrays and what was stored of it; None if it is finished."""
    kind = experiment_type(point.spec.experiment)
    layout = kind.layout(point.spec)
    store = RunStore.create(sweep.folder(point), point.spec)
    with ExitStack() as files:
        files.enter_context(store.locked())
        if store.is_finished():
            return None
        if store.prepare(layout):
            clear_checkpoints(store.checkpoints)
        runner.begin_session(store)
        try:
            experiment = kind.build(point.spec)
            state = experiment.start()
            found = read_checkpoint(store.checkpoints, jax.eval_shape(experiment.start), store.hash)
        except Exception as error:
            runner._record_failure(store, error)
            raise
        done, seconds = (0, 0.0) if found is None else (found.segments, found.seconds)
        state = state if found is None else found.state
        return _Member(point, store, layout, experiment, state, done, seconds, files.pop_all())
    return None


def _place(member: _Member, batches: list[_Batch], most: int) -> _Batch | None:
    """Put a point with those like it; the batch that is to be computed now, if there is one."""
    shapes = _shapes(member)
    own = next((batch for batch in batches if _same(batch.shapes, shapes)), None)
    if own is None:
        own = _Batch(shapes)
        batches.append(own)
    own.members.append(member)
    if len(own.members) >= most:
        return own
    # Points that wait hold arrays and open files: they are bounded, however unlike they are.
    waiting = sum(len(batch.members) for batch in batches)
    return max(batches, key=lambda batch: len(batch.members)) if waiting >= 2 * most else None


def _shapes(member: _Member) -> Any:
    """All of a point that must be equal for stacking."""
    arrays, rest = eqx.partition((member.experiment, member.state), eqx.is_array)
    described = [(leaf.shape, str(leaf.dtype)) for leaf in jax.tree.leaves(arrays)]
    return described, jax.tree.structure(arrays), rest, (member.done, member.layout.segments)


def _same(a: Any, b: Any) -> bool:
    return a[0] == b[0] and a[1] == b[1] and a[3] == b[3] and bool(eqx.tree_equal(a[2], b[2]))


def _close(batch: _Batch) -> None:
    for member in batch.members:
        member.files.close()


def _compute(batch: _Batch, sweep: SweepStore, stop: Callable[[], object]) -> Outcomes:
    """Advance a batch to its end; one point after another if that does not work."""
    members = batch.members
    make_room()
    try:
        if len(members) > 1:
            _advance_all(members, stop)
    except Exception as error:
        logger.warning("%d points one by one, together they raise: %r", len(members), error)
    finally:
        _close(batch)
    for member in members:
        if member.outcome is not None:
            yield member.point, member.outcome
    left = [member.point for member in members if member.outcome is None]
    del batch.members[:], members
    yield from _one_by_one(left, sweep, stop)


@eqx.filter_jit
def _advance(experiments: Any, states: Any, segment: jax.Array) -> Any:
    def one(experiment: AbstractExperiment, state: Any) -> Any:
        return experiment.advance(state, segment)  # pyright: ignore[reportArgumentType]

    return eqx.filter_vmap(one, in_axes=(eqx.if_array(0), eqx.if_array(0)))(experiments, states)


def _advance_all(members: list[_Member], stop: Callable[[], object]) -> None:
    """All segments of a batch; sets the outcome of every point, unless it raises as a whole."""
    started = saved = time.perf_counter()
    experiments = _stack([member.experiment for member in members])
    states = _stack([member.state for member in members])
    segments = members[0].layout.segments
    for segment in range(members[0].done, segments):
        states, rows = _advance(experiments, states, jnp.asarray(segment, jnp.int32))
        rows = {name: np.asarray(values) for name, values in rows.items()}
        for k, member in enumerate(members):
            if member.outcome is None:
                _store(member, segment, {name: values[k] for name, values in rows.items()})
        living = [k for k, member in enumerate(members) if member.outcome is None]
        if not living:
            return
        lost = [k for k, member in enumerate(members) if member.outcome is not None]
        if lost:
            # Their places go on with the arrays of a point that is well: one shape, no new
            # compilation, and no motion without end.
            experiments, states = _replace((experiments, states), lost, living[0])
        stopped = bool(stop()) and segment + 1 < segments
        if stopped or time.perf_counter() - saved >= _CHECKPOINT_SECONDS:
            share = (time.perf_counter() - started) / len(members)
            for k in living:
                _save(members[k], segment + 1, _take(states, k), share, stopped=stopped)
            saved = time.perf_counter()
        if stopped:
            return
    share = (time.perf_counter() - started) / len(members)
    for member in members:
        if member.outcome is None:
            _finish(member, share)


def _store(member: _Member, segment: int, rows: dict[str, np.ndarray]) -> None:
    """Check and store what a segment gave; a failure ends this point alone."""
    try:
        experiment_type(member.point.spec.experiment).check(member.point.spec, segment, rows)
        member.store.write_rows(member.layout, segment, rows)
    except Exception as error:
        _fail(member, error)


def _save(member: _Member, segments: int, state: Any, share: float, *, stopped: bool) -> None:
    try:
        seconds = member.seconds + share
        runner._save(member.store, Checkpoint(segments, state, seconds))
        if stopped:
            member.store.write_provenance(status="stopped", wall_time=seconds)
            member.outcome = Outcome("stopped")
    except Exception as error:
        _fail(member, error)


def _finish(member: _Member, share: float) -> None:
    kind = experiment_type(member.point.spec.experiment)
    try:
        runner._summarize(member.store, kind, member.seconds + share)
        member.outcome = Outcome("finished")
    except Exception as error:
        _fail(member, error)


def _fail(member: _Member, error: Exception) -> None:
    runner._record_failure(member.store, error)
    member.outcome = outcome_of(error)


def _stack(trees: list[Any]) -> Any:
    """Arrays with the points first; everything else is that of the first."""

    def stack(*leaves: Any) -> Any:
        return jnp.stack(leaves) if eqx.is_array(leaves[0]) else leaves[0]

    return jax.tree.map(stack, *trees)


def _take(tree: Any, k: int) -> Any:
    return jax.tree.map(lambda leaf: leaf[k] if eqx.is_array(leaf) else leaf, tree)


def _replace(tree: Any, lost: list[int], well: int) -> Any:
    places = np.asarray(lost)

    def fill(leaf: Any) -> Any:
        if not eqx.is_array(leaf):
            return leaf
        return leaf.at[places].set(jnp.broadcast_to(leaf[well], (len(lost), *leaf.shape[1:])))

    return jax.tree.map(fill, tree)
