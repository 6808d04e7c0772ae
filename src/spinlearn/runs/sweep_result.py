"""What a sweep gave: headline numbers of all points, failures, fields stacked over points."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.experiments.specs import RunSpec
from spinlearn.runs._files import StoreError, storing, write_text
from spinlearn.runs._points import Point
from spinlearn.runs._sweep_store import PointState, SweepStore
from spinlearn.runs.result import Result
from spinlearn.runs.specification import spec_rows

if TYPE_CHECKING:
    import xarray

# Values of a coordinate that a user writes with fewer digits are still found.
_SAME = 1e-9
_CONFIDENCE = 0.95


class _Number(NamedTuple):
    value: float
    unit: str


class SweepResult:
    """A stored sweep, finished or not (A/m, S, ..., as its variables say).

    Parameters
    ----------
    path
        Folder of the sweep.

    Raises
    ------
    StoreError
        If there is no sweep, or it cannot be read.

    Examples
    --------
    >>> SweepResult("nowhere")
    Traceback (most recent call last):
    ...
    spinlearn.runs._files.StoreError: nowhere: no such folder. Start one with 'spinlearn sweep'.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._store = SweepStore.open(self.path)
        self._plan = self._store.plan

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        return f"SweepResult({str(self.path)!r}: {self.spec.experiment}, {counts})"

    @property
    def spec(self) -> RunSpec:
        """What all points share (in m, A/m, ... as its fields say)."""
        return self._plan.base

    @property
    def dims(self) -> dict[str, tuple[Any, ...]]:
        """Values of every dimension, the seeds last (in m, A/m, ... as the fields say)."""
        return self._plan.dims

    @property
    def counts(self) -> dict[str, int]:
        """Number of points by status (no unit)."""
        found: dict[str, int] = {}
        for point in self._plan.points:
            status = self._states[point.hash].status
            found[status] = found.get(status, 0) + 1
        return found

    @property
    def status(self) -> str:
        """One of "finished", "failed" (and no point is left), "stopped"; no unit."""
        found = set(self.counts)
        return (
            "finished"
            if found == {"finished"}
            else ("failed" if found <= {"finished", "failed"} else "stopped")
        )

    @property
    def failed(self) -> list[tuple[dict[str, Any], str]]:
        """Points that failed, as values by key (in m, A/m, ...), each with its error."""
        states = [(point, self._states[point.hash]) for point in self._plan.points]
        return [(point.values, state.error) for point, state in states if state.status == "failed"]

    @cached_property
    def dataset(self) -> xarray.Dataset:
        """Headline numbers with their units over the swept values and seeds; NaN where missing.

        Beside them every point has its ``status``, ``error`` and ``wall_time`` (s).
        """
        import xarray

        shape = tuple(len(values) for values in self.dims.values())
        columns: dict[str, np.ndarray] = {}
        units: dict[str, str] = {}
        for index, point in zip(np.ndindex(shape), self._plan.points, strict=True):
            for name, number in self._numbers(point).items():
                units.setdefault(name, number.unit)
                columns.setdefault(name, np.full(shape, np.nan))[index] = number.value
        states = [self._states[point.hash] for point in self._plan.points]
        variables = {
            "status": [state.status for state in states],
            "error": [state.error for state in states],
            "wall_time": [np.nan if s.seconds is None else s.seconds for s in states],
        }
        dims = tuple(self.dims)
        data = {
            name: (dims, values, {"units": units[name], "long_name": name})
            for name, values in columns.items()
        }
        data |= {
            name: (dims, np.asarray(values).reshape(shape), {})
            for name, values in variables.items()
        }
        data["wall_time"][2].update(units="s", long_name="wall time")
        attributes = {
            "experiment": self.spec.experiment,
            "spec": self.spec.model_dump_json(),
            "hash": self._plan.hash,
        }
        return xarray.Dataset(data, self._coordinates(), attributes)

    def over_seeds(self) -> xarray.Dataset:
        """Mean of every headline number over its seeds, with the 95 % confidence interval.

        Returns
        -------
        xarray.Dataset
            For each number ``NAME`` (in its unit) also ``NAME low`` and ``NAME high``, the ends of
            Student's interval, and ``NAME seeds``, how many seeds there are (no unit). Ends are
            NaN where there are fewer than two.
        """
        import xarray
        from scipy.stats import t

        found: dict[str, xarray.DataArray] = {}
        for name, array in self.dataset.data_vars.items():
            if name in ("status", "error", "wall_time"):
                continue
            count = array.count("seed")
            mean = array.mean("seed", keep_attrs=True)
            several = count > 1
            free = xarray.where(several, count - 1, 1)
            spread = np.sqrt(
                ((array - mean) ** 2).sum("seed") / free / xarray.where(several, count, 1)
            )
            half = (spread * t.ppf((1 + _CONFIDENCE) / 2, free)).where(several)
            found[str(name)] = mean
            found[f"{name} low"] = (mean - half).assign_attrs(array.attrs)
            found[f"{name} high"] = (mean + half).assign_attrs(array.attrs)
            found[f"{name} seeds"] = count.assign_attrs(units="1", long_name="seeds")
        return xarray.Dataset(found, attrs=self.dataset.attrs)

    def result(self, **point: Any) -> Result:
        """The run of one point.

        Parameters
        ----------
        **point
            Value of every dimension by its key, or by the last part of it (in m, A/m, ... as the
            fields say); those with one value may be left out.

        Returns
        -------
        Result
            The stored run.

        Raises
        ------
        SpinlearnValueError
            If this is no point of the sweep.
        StoreError
            If it is not there yet.

        Examples
        --------
        >>> SweepResult("out/sweep").result(thickness=5e-9, seed=1)  # doctest: +SKIP
        """
        wanted = self._index(point)
        shape = tuple(len(values) for values in self.dims.values())
        return Result(
            self._store.folder(self._plan.points[int(np.ravel_multi_index(wanted, shape))])
        )

    def variable(self, name: str) -> xarray.DataArray:
        """A result of every finished point, stacked; NaN elsewhere.

        Parameters
        ----------
        name
            Name of a variable of the runs' datasets (no unit).

        Returns
        -------
        xarray.DataArray
            The swept values and seeds first, then the variable's own dimensions (in its unit).
            Coordinates that are not the same in all points are left out.

        Raises
        ------
        SpinlearnError
            If no point has it, or if its shape differs between points.
        """
        import xarray

        shape = tuple(len(values) for values in self.dims.values())
        stacked: np.ndarray | None = None
        first: xarray.DataArray | None = None
        coordinates: dict[str, xarray.DataArray] = {}
        for index, point in zip(np.ndindex(shape), self._plan.points, strict=True):
            if self._states[point.hash].status != "finished":
                continue
            array = self._read(point, name)
            if first is None or stacked is None:
                first = array
                coordinates = {str(key): value for key, value in array.coords.items()}
                floating = array.dtype if array.dtype.kind in "fc" else np.dtype(float)
                stacked = np.full((*shape, *array.shape), np.nan, floating)
            if array.shape != first.shape:
                raise SpinlearnError(
                    f"{name}: has shape {array.shape} at {point.name}, {first.shape} elsewhere. "
                    "Read the points one by one with result(...)."
                )
            for key, value in list(coordinates.items()):
                if key not in array.coords or not value.equals(array.coords[key]):
                    del coordinates[key]
            stacked[index] = array.values
        if first is None or stacked is None:
            raise SpinlearnError(
                f"{name}: no point is finished. Go on: spinlearn resume {self.path}"
            )
        own = {key: (value.dims, value.values, value.attrs) for key, value in coordinates.items()}
        dims = (*self.dims, *(str(dim) for dim in first.dims))
        return xarray.DataArray(stacked, {**self._coordinates(), **own}, dims, name, first.attrs)

    def write_table(self, path: str | Path) -> Path:
        """Write the headline numbers of all points as CSV, one row each.

        Parameters
        ----------
        path
            File to write (no unit); units are in its header.

        Returns
        -------
        Path
            What was written.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        path = Path(path)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self._rows())
        with storing(path):
            write_text(path, text.getvalue())
        return path

    @cached_property
    def _states(self) -> Mapping[str, PointState]:
        states = {point.hash: self._store.state(point) for point in self._plan.distinct}
        for point in self._plan.distinct:
            if states[point.hash].status == "finished":
                try:
                    self._claims[point.hash] = self._read_claims(point)
                except StoreError as error:  # damage of a point sinks no other
                    states[point.hash] = PointState("failed", str(error))
        return states

    @cached_property
    def _claims(self) -> dict[str, dict[str, _Number]]:
        """Claims of the points that are finished; `_states` fills it."""
        return {}

    def _numbers(self, point: Point) -> dict[str, _Number]:
        finished = self._states[point.hash].status == "finished"
        return self._claims[point.hash] if finished else {}

    def _read_claims(self, point: Point) -> dict[str, _Number]:
        """Claims of a point, without loading its fields."""
        import zarr

        path = self._store.folder(point) / "data.zarr"
        try:
            claims: Any = zarr.open_group(path, mode="r", use_consolidated=False).attrs["claims"]
            return {c["name"]: _Number(float(c["value"]), str(c["unit"])) for c in claims}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path}: cannot be read: {type(error).__name__}: {error}. Remove the folder "
                f"{path.parent} and compute it anew with: spinlearn resume {self.path}"
            ) from error

    def _read(self, point: Point, name: str) -> xarray.DataArray:
        import xarray

        path = self._store.folder(point) / "data.zarr"
        try:
            with xarray.open_zarr(path, chunks=None, decode_times=False) as dataset:
                if name in dataset.data_vars:
                    return dataset[name].load()
                known = ", ".join(str(key) for key in dataset.data_vars)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path}: cannot be read: {type(error).__name__}: {error}.") from error
        raise SpinlearnValueError("name", name, f"one of {known}", "See result(...).dataset.")

    def _coordinates(self) -> dict[str, Any]:
        """Values of every dimension, with unit and description from the specification."""
        fields = {key: (unit, text) for key, _, unit, _, text in spec_rows(self.spec)}
        found = {}
        for key, values in self.dims.items():
            unit, text = fields.get(key, ("", ""))
            simple = all(isinstance(value, bool | int | float | str) for value in values)
            column = np.asarray(values if simple else [str(value) for value in values])
            found[key] = ((key,), column, {"units": unit or "1", "long_name": text or key})
        return found

    def _index(self, point: Mapping[str, Any]) -> tuple[int, ...]:
        given = {self._key(name): value for name, value in point.items()}
        index = []
        for key, values in self.dims.items():
            if key not in given and len(values) > 1:
                raise SpinlearnValueError(
                    key,
                    "not given",
                    f"one of {_listed(values)}",
                    "Name the point by all its values.",
                )
            found = [
                k
                for k, value in enumerate(values)
                if key not in given or _is_same(value, given[key])
            ]
            if not found:
                raise SpinlearnValueError(
                    key, given[key], f"one of {_listed(values)}", "Take a value of the sweep."
                )
            index.append(found[0])
        return tuple(index)

    def _key(self, name: str) -> str:
        if name in self.dims:
            return name
        near = [key for key in self.dims if key.rpartition(".")[2] == name]
        if len(near) != 1:
            raise SpinlearnValueError(
                "point", name, f"one of {', '.join(self.dims)}", "Write the whole key."
            )
        return near[0]

    def _rows(self) -> Iterator[list[Any]]:
        table = self.dataset
        coordinates = self._coordinates()
        numbers = [str(n) for n in table.data_vars if n not in ("status", "error", "wall_time")]
        header = [_titled(key, coordinates[key][2]["units"]) for key in self.dims]
        header += [_titled(name, table[name].attrs["units"]) for name in numbers]
        yield [*header, "status", "error", "wall_time (s)", "hash"]
        shape = tuple(len(values) for values in self.dims.values())
        for index, point in zip(np.ndindex(shape), self._plan.points, strict=True):
            state = self._states[point.hash]
            values = [float(table[name].values[index]) for name in numbers]
            shown = ["" if math.isnan(value) else repr(value) for value in values]
            spent = "" if state.seconds is None else f"{state.seconds:.3f}"
            yield [*point.values.values(), *shown, state.status, state.error, spent, point.hash]


def _titled(name: str, unit: str) -> str:
    return name if unit in ("", "1") else f"{name} ({unit})"


def _is_same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, int | float | np.number):
        return math.isclose(a, float(b), rel_tol=_SAME, abs_tol=0.0)
    return bool(a == b)


def _listed(values: tuple[Any, ...]) -> str:
    shown = ", ".join(str(value) for value in values[:10])
    return shown if len(values) <= 10 else f"{shown}, ..."
