"""The folder of a sweep: what it is, its points, the errors of those that failed.

========================  =========================================================================
``sweep.json``            base specification, values, seeds, written first
``points/HASH/``          one run each, as `RunStore` keeps it
``failures/HASH.json``    error of a point's last attempt
``sweep.csv``             headline numbers of all points, written at the end of a session
========================  =========================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from spinlearn.errors import SpinlearnValueError
from spinlearn.runs._files import StoreError, is_empty, lock_file, storing, write_text
from spinlearn.runs._points import Plan, Point, make_plan
from spinlearn.runs.specification import SpecError, make_spec
from spinlearn.runs.store import RunStore

_RECORD, _POINTS, _FAILURES, _LOCK = "sweep.json", "points", "failures", ".lock"
_FORMAT = 1


class PointState(NamedTuple):
    """Where a point stands (wall time in s).

    Parameters
    ----------
    status
        "finished", "failed", "stopped", "running" or "missing" (no unit).
    error
        Why it failed, or empty.
    seconds
        Wall time, s, or None where it is not known.
    """

    status: str
    error: str = ""
    seconds: float | None = None


class SweepStore:
    """Files of one sweep (SI units, as in its specifications).

    Parameters
    ----------
    path
        Folder of the sweep.
    plan
        Its points.
    means
        How it was computed: ``workers`` or ``scheduler``.
    """

    def __init__(self, path: Path, plan: Plan, means: Mapping[str, Any] | None = None) -> None:
        self.path = path
        self.plan = plan
        self.means = {k: v for k, v in (means or {}).items() if v is not None}

    @staticmethod
    def exists(path: Path) -> bool:
        """Whether a sweep is stored there."""
        try:
            return (path / _RECORD).is_file()
        except OSError:  # no name that the system takes
            return False

    @classmethod
    def create(cls, path: Path, plan: Plan, means: Mapping[str, Any] | None = None) -> SweepStore:
        """A new sweep's folder; one that is there if this sweep has all of its points.

        Nothing is written there before `write`.
        """
        store = cls(path, plan, means)
        with storing(path):
            store._check_folder()
            path.mkdir(parents=True, exist_ok=True)
        return store

    def write(self) -> None:
        """Write what the sweep is; call it while it is locked."""
        with storing(self.path):
            self._check_folder()  # again: another process may have been here before the lock
            for leftover in self.path.glob(".*.partial"):
                leftover.unlink(missing_ok=True)
            record = {"format": _FORMAT, **self.plan.record(), "means": self.means}
            text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
            write_text(self.path / _RECORD, text)
            (self.path / _POINTS).mkdir(exist_ok=True)

    def is_written(self) -> bool:
        """Whether the folder says already that it is this sweep."""
        return self.exists(self.path) and self.open(self.path).plan.record() == self.plan.record()

    def _check_folder(self) -> None:
        path = self.path
        if self.exists(path):
            held = {point.hash for point in self.open(path).plan.points}
            if not held <= {point.hash for point in self.plan.points}:
                raise StoreError(
                    f"{path}: holds another sweep, with points that this one does not have. Give "
                    "another folder with --output, or go on there with 'spinlearn resume'."
                )
        elif path.exists() and (not path.is_dir() or not is_empty(path)):
            raise StoreError(
                f"{path}: exists and is not a sweep. Give a new or an empty folder with --output."
            )

    @classmethod
    def open(cls, path: Path) -> SweepStore:
        """The sweep stored in a folder."""
        file = path / _RECORD
        if not file.is_file():
            what = "no such folder" if not path.exists() else "no sweep here"
            raise StoreError(f"{path}: {what}. Start one with 'spinlearn sweep'.")
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            plan = make_plan(make_spec(found["spec"], str(file)), found["over"], found["seeds"])
            return cls(path, plan, found.get("means"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            told = error if isinstance(error, SpinlearnValueError) else repr(error)
            raise StoreError(
                f"{file}: cannot be read: {told}. Give the same sweep again with 'spinlearn sweep' "
                f"after removing the file; points that are finished stay."
            ) from None
        except SpecError as error:
            raise StoreError(
                f"{file}: was changed or written by another version: {error}"
            ) from None

    def folder(self, point: Point) -> Path:
        """Where a point's run is."""
        return self.path / _POINTS / point.hash

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from computing this sweep."""
        with lock_file(self.path / _LOCK, f"{self.path}: another process computes this sweep"):
            yield

    def state(self, point: Point) -> PointState:
        """Where a point stands, by what its folder says."""
        folder = self.folder(point)
        failure = self._failure(point)
        try:
            record = RunStore(folder, point.spec).provenance()
        except StoreError as error:
            return PointState("failed", failure or str(error))
        status, seconds = record.get("status", "missing"), record.get("wall_time")
        if status == "finished":
            return PointState(status, "", seconds)
        if failure or status == "failed":
            return PointState("failed", failure or record.get("error", "unknown"), seconds)
        return PointState(status, "", seconds)

    def record_failure(self, point: Point, error: str) -> None:
        """Note why a point failed, where its own folder may not say it."""
        folder = self.path / _FAILURES
        with storing(folder):
            folder.mkdir(exist_ok=True)
            text = json.dumps({"point": point.values, "error": error}, ensure_ascii=False)
            write_text(folder / f"{point.hash}.json", text + "\n")

    def clear_failure(self, point: Point) -> None:
        """Forget the error of an earlier attempt."""
        with storing(self.path):
            (self.path / _FAILURES / f"{point.hash}.json").unlink(missing_ok=True)

    def _failure(self, point: Point) -> str:
        path = self.path / _FAILURES / f"{point.hash}.json"
        try:
            return str(json.loads(path.read_text(encoding="utf-8"))["error"])
        except FileNotFoundError:
            return ""
        except (OSError, ValueError, KeyError, TypeError):
            return "its error cannot be read"
