"""Points handed to a pool of processes that may die at any moment."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spinlearn.errors import SpinlearnError
from spinlearn.experiments.specs import EXPERIMENTS
from spinlearn.runs import _worker
from spinlearn.runs._attempt import Outcome, describe
from spinlearn.runs._files import storing
from spinlearn.runs._points import Point
from spinlearn.runs._sweep_store import SweepStore
from spinlearn.runs.store import RunStore

# How long to wait for news before asking whether to stop, s.
_POLL_SECONDS = 0.2
# A point that another process computes is tried again after this long, s.
_BUSY_SECONDS = 2.0
# A point is given up when this many workers in a row died of it without a new checkpoint. A fresh
# worker traces and compiles for seconds before it can write one: where something kills workers
# every few seconds, eight such deaths of an innocent point were seen.
_MOST_DEATHS = 20


class Pool(Protocol):
    """Processes that compute: an executor, and what it cannot tell."""

    executor: Executor

    def size(self) -> int:
        """How many points it computes at once, now."""
        ...

    def mend(self) -> None:
        """Replace what is lost for good; raise if that is hopeless."""
        ...

    def is_death(self, error: BaseException) -> bool:
        """Whether an error says that a worker died, not that the work failed."""
        ...


@dataclass
class _Ticket:
    """A point that is not done yet, and what its workers died of."""

    point: Point
    deaths: int = 0
    mark: tuple[int, int] = (0, 0)
    rest_until: float = 0.0


def dispatch(
    points: Sequence[Point], store: SweepStore, pool: Pool, stop: Callable[[], object]
) -> Iterator[tuple[Point, Outcome]]:
    """Outcomes as they come; at most as many points are out as the pool can compute."""
    waiting = deque(_Ticket(point) for point in points)
    out: dict[Future[tuple[str, str]], _Ticket] = {}
    flag = store.path / f".stop-{uuid.uuid4().hex}"
    try:
        while waiting or out:
            if stop() and not flag.exists():
                waiting.clear()
                with storing(store.path):
                    flag.touch()
            pool.mend()
            for _ in range(pool.size() - len(out)):
                ticket = _next(waiting)
                if ticket is not None:
                    ticket.mark = _mark(store, ticket.point)
                    task = _task(store, ticket.point, flag)
                    out[pool.executor.submit(_worker.compute, task)] = ticket
            if not out:
                time.sleep(_POLL_SECONDS)
                continue
            for future in wait(out, _POLL_SECONDS, FIRST_COMPLETED).done:
                ticket = out.pop(future)
                outcome = _outcome(future, ticket, store, pool)
                if outcome is not None:
                    yield ticket.point, outcome
                elif not flag.exists():
                    waiting.append(ticket)  # the others first: it may be this one that kills
    finally:
        flag.unlink(missing_ok=True)


def _next(waiting: deque[_Ticket]) -> _Ticket | None:
    """The first that need not rest."""
    now = time.monotonic()
    for ticket in waiting:
        if ticket.rest_until <= now:
            waiting.remove(ticket)
            return ticket
    return None


def _task(store: SweepStore, point: Point, flag: Path) -> _worker.Task:
    # One place for all, whatever folder a worker was started in.
    return _worker.Task(
        point.spec.model_dump(mode="json", exclude_none=True),
        EXPERIMENTS[point.spec.experiment]._asdict(),
        str(store.path.resolve()),
        str(store.folder(point).resolve()),
        str(flag.resolve()),
    )


def _outcome(
    future: Future[tuple[str, str]], ticket: _Ticket, store: SweepStore, pool: Pool
) -> Outcome | None:
    """What became of a point; None if it is to be tried again."""
    try:
        outcome = Outcome(*future.result())
    except CancelledError:
        raise SpinlearnError(
            "the scheduler of the workers is gone. What was computed is stored; go on with: "
            f"spinlearn resume {store.path}"
        ) from None
    except Exception as error:
        if not pool.is_death(error):
            raise SpinlearnError(
                f"the workers cannot compute points of this sweep: {describe(error)}. Install the "
                "same spinlearn in their environment."
            ) from error
        return _bury(ticket, store)
    if outcome.status == "busy":
        ticket.rest_until = time.monotonic() + _BUSY_SECONDS
        return None
    return outcome


def _bury(ticket: _Ticket, store: SweepStore) -> Outcome | None:
    """A worker died: of this point, unless the point was not begun or had got further."""
    sessions, segments = _mark(store, ticket.point)
    if segments > ticket.mark[1]:
        ticket.deaths = 0
    elif sessions > ticket.mark[0]:
        ticket.deaths += 1
    if ticket.deaths < _MOST_DEATHS:
        return None
    return Outcome(
        "failed",
        f"{ticket.deaths} workers in a row died of it without a new checkpoint. Give them more "
        "memory, or make a segment smaller.",
    )


def _mark(store: SweepStore, point: Point) -> tuple[int, int]:
    """How often a point was begun, and how many segments its last checkpoint has."""
    run = RunStore(store.folder(point), point.spec)
    try:
        sessions = len(run.provenance().get("sessions", []))
    except SpinlearnError:
        sessions = 0
    names = [path.stem for path in run.checkpoints.glob("[0-9]*.npz")]
    return sessions, max((int(name) for name in names if name.isdigit()), default=0)
