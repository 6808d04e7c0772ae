"""What a run gave: an xarray Dataset with its specification, claims and provenance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinlearn.errors import SpinlearnValueError
from spinlearn.experiments.experiment import Claim
from spinlearn.experiments.specs import RunSpec
from spinlearn.runs._files import StoreError, storing
from spinlearn.runs.specification import SpecError, make_spec
from spinlearn.runs.store import RunStore, check_texts

if TYPE_CHECKING:
    import xarray


# Larger results stay on the disk until they are asked for.
_LOADED_BYTES = 2**30


class Result:
    """A stored run, finished or not (SI units, as its variables say).

    Parameters
    ----------
    path
        Folder of the run.

    Raises
    ------
    StoreError
        If there is no run, or it cannot be read.

    Examples
    --------
    >>> Result("nowhere")
    Traceback (most recent call last):
    ...
    spinlearn.runs._files.StoreError: nowhere: no such folder. Start one with 'spinlearn run'.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._store = RunStore.open(self.path)

    def __repr__(self) -> str:
        return f"Result({str(self.path)!r}: {self.spec.experiment}, {self.status})"

    @property
    def spec(self) -> RunSpec:
        """The specification (SI units)."""
        return self._store.spec

    @property
    def hash(self) -> str:
        """Hash of the specification (no unit)."""
        return self._store.hash

    @property
    def status(self) -> str:
        """One of finished, running, stopped and failed (no unit)."""
        return self.provenance.get("status", "running")

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, device, sessions, wall time in s."""
        return self._store.provenance()

    @cached_property
    def dataset(self) -> xarray.Dataset:
        """Results with dimensions, coordinates and units; NaN where not computed yet."""
        import xarray

        path = self._store.data
        if not path.is_dir():
            raise StoreError(f"{self.path}: no results yet. Go on: spinlearn resume {self.path}")
        try:
            check_texts(path)
            dataset = xarray.open_zarr(path, chunks=None, decode_times=False, consolidated=False)
            # The folder's own order is no order.
            dataset = dataset[sorted(str(name) for name in dataset.data_vars)]
            if dataset.nbytes <= _LOADED_BYTES:
                dataset.load()
        except Exception as error:
            raise StoreError(
                f"{path}: cannot be read: {type(error).__name__}: {error}. A file was changed or "
                "lost; remove data.zarr and checkpoint, then resume, to compute it anew."
            ) from error
        self._check_owner(dataset.attrs)
        record = self.provenance
        dataset.attrs["status"] = record.get("status", "running")
        dataset.attrs["wall_time"] = record.get("wall_time")
        return dataset

    def _check_owner(self, attributes: dict[str, Any]) -> None:
        """The results must be of this specification (a newer one may have more defaults)."""
        try:
            own = make_spec(json.loads(attributes["spec"])) == self.spec
        except (KeyError, ValueError, TypeError, SpecError):
            own = False
        if not own:
            raise StoreError(
                f"{self.path / 'data.zarr'}: results of another run ({attributes.get('hash')}, the "
                f"specification beside it has {self.hash}). Take spec.toml and data.zarr of one "
                "run."
            )

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Headline numbers; none before the run is finished (SI units)."""
        found = self.dataset.attrs.get("claims", ())
        with self._summary():
            return tuple(
                Claim(**{**c, "interval": None if c["interval"] is None else tuple(c["interval"])})
                for c in found
            )

    @property
    def totals(self) -> dict[str, tuple[float, str]]:
        """Counts and energies of the whole run, value and unit by name (SI units)."""
        found = self.dataset.attrs.get("totals", {})
        with self._summary():
            return {name: (entry["value"], entry["unit"]) for name, entry in found.items()}

    @contextmanager
    def _summary(self) -> Iterator[None]:
        """What headline numbers raise that were changed, as an error with its remedy."""
        try:
            yield
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise StoreError(
                f"{self.path / 'data.zarr'}: its headline numbers cannot be read: "
                f"{type(error).__name__}: {error}. A file was changed; remove data.zarr and "
                "resume, to compute it anew."
            ) from error

    def export(self, path: str | Path) -> Path:
        """Write the results to NetCDF (.nc) or, as one table per variable, CSV (a folder).

        Parameters
        ----------
        path
            A file that ends in ``.nc``, or a folder for CSV files (no unit).

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
        with storing(path):
            if path.suffix == ".nc":
                path.parent.mkdir(parents=True, exist_ok=True)
                _flat(self.dataset).to_netcdf(path, engine="h5netcdf")
            elif path.suffix in ("", ".csv"):
                _write_tables(self.dataset, path)
            else:
                raise SpinlearnValueError(
                    "output", path, "a file that ends in .nc, or a folder", "Give one of these."
                )
        return path


def _flat(dataset: xarray.Dataset) -> xarray.Dataset:
    """Attributes as NetCDF knows them: text and numbers."""
    flat = dataset.copy()
    flat.attrs = {
        name: value if isinstance(value, str | int | float) else json.dumps(value)
        for name, value in dataset.attrs.items()
    }
    return flat


def _write_tables(dataset: xarray.Dataset, folder: Path) -> None:
    """One CSV per variable: a column per coordinate, the value last, units in the header."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, variable in dataset.data_vars.items():
        columns = [*_coordinate_columns(variable), (_header(str(name), variable), variable.values)]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            file.write(",".join(_quoted(header) for header, _ in columns) + "\n")
            for row in zip(*(values.ravel() for _, values in columns), strict=True):
                file.write(",".join(_cell(value) for value in row) + "\n")


def _coordinate_columns(variable: xarray.DataArray) -> list[tuple[str, np.ndarray]]:
    columns = []
    for axis, dim in enumerate(variable.dims):
        beside = [c for c in variable.coords if variable.coords[c].dims == (dim,)]
        values = [(_header(str(c), variable.coords[c]), variable.coords[c].values) for c in beside]
        if not values:
            values = [(str(dim), np.arange(variable.shape[axis]))]
        shape = [1] * variable.ndim
        shape[axis] = -1
        columns += [
            (header, np.broadcast_to(v.reshape(shape), variable.shape)) for header, v in values
        ]
    return columns


def _header(name: str, array: xarray.DataArray) -> str:
    unit = array.attrs.get("units", "1")
    return name if unit in ("", "1") else f"{name} ({unit})"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text


def _cell(value: Any) -> str:
    if isinstance(value, np.floating | float):
        return repr(float(value))
    return _quoted(str(value))
