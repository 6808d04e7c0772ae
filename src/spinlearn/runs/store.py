"""The folder of one run: specification, results (Zarr), checkpoints, provenance.

========================  =========================================================================
``spec.toml``             the resolved specification, written first
``data.zarr``             results: a Zarr group that xarray opens; rows not yet computed are NaN
``checkpoint/``           state after the last segments, until the run is finished
``provenance.json``       versions, device, sessions and wall time, written in one act
========================  =========================================================================

Rows of segments are written first, their checkpoint last: the checkpoint is what makes them count.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import Zstd

from spinlearn.errors import SpinlearnError
from spinlearn.experiments.experiment import Coordinate, Layout, Summary, Variable
from spinlearn.experiments.specs import RunSpec
from spinlearn.runs._files import (
    StoreError,
    is_empty,
    lock_file,
    remove_partials,
    storing,
    sync,
    write_text,
)
from spinlearn.runs.provenance import device, versions
from spinlearn.runs.specification import SpecError, read_spec, spec_hash, spec_toml

_SPEC, _DATA, _PROVENANCE, _LOCK = "spec.toml", "data.zarr", "provenance.json", ".lock"

# Chunks of results are about so large; rows that wait for the disk are at most so many bytes.
_CHUNK_BYTES, _WAITING_BYTES = 2**20, 2**26


class RunStore:
    """Files of one run (SI units, as in its layout).

    Parameters
    ----------
    path
        Folder of the run.
    spec
        Its specification.

    Examples
    --------
    >>> RunStore.exists(Path("nowhere"))
    False
    """

    def __init__(self, path: Path, spec: RunSpec) -> None:
        self.path = path
        self.spec = spec
        self.hash = spec_hash(spec)
        self._waiting: dict[str, list[tuple[int, np.ndarray]]] = {}

    @staticmethod
    def exists(path: Path) -> bool:
        """Whether a run is stored there (no unit)."""
        # os.path says no, where pathlib raises: names that are too long, for one.
        return os.path.isfile(path / _SPEC)

    @classmethod
    def create(cls, path: Path, spec: RunSpec) -> RunStore:
        """A new run's folder; an existing one if it is of the same specification (no unit)."""
        if cls.exists(path):
            store = cls.open(path)
            if store.hash != spec_hash(spec):
                raise StoreError(
                    f"{path}: holds another run ({store.hash}, this is {spec_hash(spec)}). Give "
                    "another folder with --output, or go on there with 'spinlearn resume'."
                )
            return store
        with storing(path):
            if path.exists() and (not path.is_dir() or not is_empty(path)):
                raise StoreError(
                    f"{path}: exists and is not a run. Give a new or an empty folder with --output."
                )
            path.mkdir(parents=True, exist_ok=True)
            write_text(path / _SPEC, spec_toml(spec))
        return cls(path, spec)

    @classmethod
    def open(cls, path: Path) -> RunStore:
        """The run stored in a folder (no unit)."""
        if not cls.exists(path):
            what = (
                "no such folder"
                if not os.path.exists(path)
                else "no run here (spec.toml is missing)"
            )
            raise StoreError(f"{path}: {what}. Start one with 'spinlearn run'.")
        try:
            return cls(path, read_spec(path / _SPEC))
        except SpecError as error:
            raise StoreError(
                f"{path}: its specification was changed or written by another version: {error}"
            ) from None

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints (no unit)."""
        return self.path / "checkpoint"

    @property
    def data(self) -> Path:
        """Folder of the Zarr group (no unit)."""
        return self.path / _DATA

    def is_finished(self) -> bool:
        """Whether all segments are done and the summary is written (no unit)."""
        return self.provenance().get("status") == "finished"

    def provenance(self) -> dict[str, Any]:
        """What is known of its making: status, versions, sessions, wall time in s."""
        path = self.path / _PROVENANCE
        if not path.exists():
            return {}
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StoreError(f"{path}: cannot be read: {error}. Remove it and resume.") from None
        if not isinstance(found, dict):
            raise StoreError(f"{path}: not a provenance record. Remove it and resume.")
        return found

    def write_provenance(self, **changes: Any) -> None:
        """Change entries of the provenance in one act (wall time in s)."""
        record = self.provenance() | changes
        with storing(self.path):
            write_text(self.path / _PROVENANCE, json.dumps(record, indent=1) + "\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing this run (no unit)."""
        with lock_file(self.path / _LOCK, f"{self.path}: another process is computing this run"):
            yield

    def prepare(self, layout: Layout) -> bool:
        """Make the Zarr group with its coordinates; whether it was not there yet (no unit)."""
        with storing(self.path):
            for leftover in self.path.glob(f"{_DATA}.*"):
                shutil.rmtree(leftover)
            remove_partials(self.path)
            if self.data.exists():
                self._check_arrays(layout)
                return False
            draft = self.path / f"{_DATA}.{uuid.uuid4().hex}"
            _create_group(draft, layout, _facts(self.spec, self.hash))
            draft.replace(self.data)
            sync(self.path)
        return True

    def write_rows(self, layout: Layout, segment: int, rows: Mapping[str, np.ndarray]) -> None:
        """Take what a segment adds (SI units, as in the layout); `flush` puts it on the disk."""
        for name, values in rows.items():
            variable = layout.variables[name]
            wanted = (variable.rows, *variable.shape[1:])
            if values.shape != wanted:
                raise StoreError(
                    f"{name}: a segment gave {values.shape}, its layout says {wanted}. This is a "
                    "bug of the experiment."
                )
            entry = segment * variable.rows, values.astype(variable.dtype)
            self._waiting.setdefault(name, []).append(entry)
        waiting = sum(values.nbytes for entries in self._waiting.values() for _, values in entries)
        if waiting > _WAITING_BYTES:
            self.flush()

    def flush(self) -> None:
        """Put all rows that were taken on the disk (no unit)."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        with storing(self.path), _quiet(), self._reading():
            group = zarr.open_group(self.data, mode="r+", use_consolidated=False)
            for name, entries in waiting.items():
                array: Any = group[name]
                for first, values in _joined(entries):
                    array[first : first + len(values)] = values
                    _sync_chunks(self.data / name, first, len(values), array.chunks[0])

    def _check_arrays(self, layout: Layout) -> None:
        """All arrays of the layout must be there, in their shapes."""
        with self._reading(), _quiet():
            group = zarr.open_group(self.data, mode="r", use_consolidated=False)
            for name, variable in layout.variables.items():
                shape = group[name].shape  # pyright: ignore[reportAttributeAccessIssue]
                if shape != variable.shape:
                    raise ValueError(f"{name} has the shape {shape}, not {variable.shape}")
            for name in layout.coordinates:
                _ = group[name]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Whatever a damaged group raises, as one error with its remedy."""
        try:
            yield
        except SpinlearnError:
            raise
        except Exception as error:
            damaged = isinstance(error, FileNotFoundError) or not isinstance(error, OSError)
            if not damaged:
                raise
            raise StoreError(
                f"{self.data}: cannot be read: {type(error).__name__}: {error}. A file was changed "
                "or lost; remove data.zarr and checkpoint, then resume, to compute it anew."
            ) from error

    def finish(self, summary: Summary, seconds: float) -> None:
        """Store the summary and mark the run as finished (wall time in s)."""
        with storing(self.path), _quiet(), self._reading():
            group = zarr.open_group(self.data, mode="r+", use_consolidated=False)
            claims = [vars(claim) for claim in summary.claims]
            totals = {name: {"value": v, "unit": u} for name, (v, u) in summary.totals.items()}
            group.attrs.update({"claims": claims, "totals": totals})
            zarr.consolidate_metadata(group.store)
            remove_partials(self.data)
            sync(self.data)
        self.write_provenance(status="finished", wall_time=seconds, finished=now())


def now() -> str:
    """The time of day in UTC, for records (no unit)."""
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")


def _facts(spec: RunSpec, run: str) -> dict[str, Any]:
    """Attributes of the Zarr group: everything about the run that is the same each time."""
    return {
        "title": spec.experiment,
        "experiment": spec.experiment,
        "spec": json.dumps(spec.model_dump(mode="json")),
        "hash": run,
        "seed": spec.seed,
        "precision": spec.precision,
        "versions": versions(),
        "device": device(),
    }


def check_texts(path: Path) -> None:
    """Compare how many texts the chunks of a Zarr group say that they hold with their shape.

    Their decoder believes a damaged chunk and takes memory for up to 2³² texts, for minutes.

    Raises
    ------
    ValueError
        If a chunk says that it holds another number.
    """
    group = zarr.open_group(path, mode="r", use_consolidated=False)
    for name, array in group.arrays():
        codecs = [type(codec).__name__ for codec in getattr(array.metadata, "codecs", ())]
        # As written here; of other codecs nothing is known.
        if codecs not in (["VLenUTF8Codec"], ["VLenUTF8Codec", "ZstdCodec"]):
            continue
        wanted = math.prod(array.chunks)
        for chunk in sorted((path / name / "c").rglob("*")):
            if not chunk.is_file():
                continue
            content = chunk.read_bytes()
            if len(codecs) == 2:
                content = bytes(Zstd().decode(content))
            found = int.from_bytes(content[:4], "little")
            if len(content) < 4 or found != wanted:
                raise ValueError(f"{name}: {found} texts in a chunk of {wanted}")


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        # Names of coordinates are text, which Zarr's third version has as an extension only.
        warnings.filterwarnings("ignore", message=".*does not have a Zarr V3 specification.*")
        warnings.filterwarnings("ignore", message=".*Consolidated metadata is currently not part.*")
        yield


def _create_group(path: Path, layout: Layout, facts: Mapping[str, Any]) -> None:
    with _quiet():
        group = zarr.create_group(path, attributes=dict(facts))
        beside = [name for name, c in layout.coordinates.items() if c.dims != (name,)]
        for name, coordinate in layout.coordinates.items():
            _create_coordinate(group, name, coordinate)
        for name, variable in layout.variables.items():
            _create_variable(group, name, variable, beside)
        zarr.consolidate_metadata(group.store)


def _create_coordinate(group: zarr.Group, name: str, coordinate: Coordinate) -> None:
    values = coordinate.values
    if values.dtype.kind == "U":
        array = group.create_array(
            name, shape=values.shape, dtype="str", dimension_names=coordinate.dims
        )
        array[:] = values.astype(object)
    else:
        array = group.create_array(name, data=values, dimension_names=coordinate.dims)
    array.attrs.update(_describe(coordinate))


def _create_variable(group: zarr.Group, name: str, variable: Variable, beside: list[str]) -> None:
    floating = np.dtype(variable.dtype).kind == "f"
    own = [c for c in beside if set(group[c].metadata.dimension_names) <= set(variable.dims)]  # pyright: ignore
    array = group.create_array(
        name,
        shape=variable.shape,
        dtype=variable.dtype,
        chunks=(_chunk_rows(variable), *variable.shape[1:]),
        fill_value=np.nan if floating else 0,
        dimension_names=variable.dims,
    )
    array.attrs.update(_describe(variable))
    if own:
        array.attrs["coordinates"] = " ".join(own)


def _chunk_rows(variable: Variable) -> int:
    """Rows of a chunk: whole segments, as many as make a file of some size."""
    size = np.dtype(variable.dtype).itemsize * int(np.prod(variable.shape[1:], dtype=int))
    segments = max(1, _CHUNK_BYTES // max(1, size * variable.rows))
    return min(variable.rows * segments, max(1, variable.shape[0]))


def _describe(thing: Variable | Coordinate) -> dict[str, str]:
    return {"units": thing.unit, "long_name": thing.description}


def _joined(entries: list[tuple[int, np.ndarray]]) -> Iterator[tuple[int, np.ndarray]]:
    """Entries that follow one another as one: every write waits for the disk."""
    start, parts = entries[0][0], [entries[0][1]]
    for first, values in entries[1:]:
        if first != start + sum(len(part) for part in parts):
            yield start, np.concatenate(parts)
            start, parts = first, []
        parts.append(values)
    yield start, np.concatenate(parts)


def _sync_chunks(array: Path, first: int, count: int, rows: int) -> None:
    for index in range(first // rows, (first + count - 1) // rows + 1):
        # A chunk goes over the whole of all other dimensions: one file for each index.
        chunk = array / "c" / str(index)
        while chunk.is_dir():
            chunk = chunk / "0"
        if chunk.exists():
            sync(chunk)
            sync(chunk.parent)
