"""A Parquet file of a recorded trace, read by row groups."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.junctions._trace_files import Block, Columns, time_column, voltage_column

_DAMAGED = "a whole Parquet file", "Copy or export this chunk again: it is cut off or damaged."
# What a damaged header may claim: far more row groups than a recording has, in 0.2 GB.
_LIMITS = {"thrift_container_size_limit": 200_000, "thrift_string_size_limit": 16_000_000}
_SMALL = 32_000_000  # bytes of a row group that are read at once
_BUFFER = 1 << 20  # bytes
# Of pyarrow, which raises what Python calls so.
_UNREADABLE = OSError, ValueError, TypeError, LookupError, NotImplementedError, MemoryError


class ParquetTrace:
    """A Parquet file; places of blocks are row groups."""

    def __init__(self, path: Path, columns: Columns, rows: int) -> None:
        self.path, self.columns, self.rows = path, columns, rows
        self.unended: int | None = None
        with self._opened() as file:
            schema, metadata = file.schema_arrow, file.metadata
            # Their columns are not asked for: of a damaged file, pyarrow ends the process there.
            groups = [metadata.row_group(k) for k in range(metadata.num_row_groups)]
            self._sizes = [group.num_rows for group in groups]
            self._bytes = [group.total_byte_size for group in groups]
        volts = voltage_column(str(path), columns, list(schema.names))
        time = time_column(str(path), columns, list(schema.names))
        self.has_time = time is not None
        self.time_stated = time is not None and time.stated
        found = [volts] if time is None else [volts, time]
        self._names, self._scales = [one.header for one in found], [one.scale for one in found]
        for name in self._names:
            kind = str(schema.field(name).type)
            if kind not in ("float", "double", "halffloat") and not kind.startswith(
                ("int", "uint")
            ):
                raise SpinlearnValueError(
                    f"{path}, column {name!r}",
                    kind,
                    "numbers",
                    "Store the column as float or double.",
                )

    def where(self, row: int) -> str:
        """A row, counted from one."""
        return f"{self.path}, row {row + 1}"

    def scan(self) -> Iterator[tuple[Block, np.ndarray, np.ndarray | None]]:
        """All blocks with voltages (V) and times (s), in order; a row group may come in pieces."""
        row = 0
        for group, size in enumerate(self._sizes):
            for first, values in self._pieces(Block(group, row, size), self._names):
                time = values[1] if self.has_time else None
                yield Block(group, first, len(values[0])), values[0], time
            row += size

    def read(self, block: Block) -> Iterator[tuple[int, np.ndarray]]:
        """Voltages (V) of a row group in pieces, each with its first row within the file."""
        for first, values in self._pieces(block, self._names[:1]):
            yield first, values[0]

    def _pieces(self, group: Block, names: list[str]) -> Iterator[tuple[int, list[np.ndarray]]]:
        row = group.row
        # In a buffer unless it is small: a whole row group is held in memory otherwise. But a
        # buffer grows to what the header of a page claims, which in a damaged file is anything.
        small = min(self._bytes[group.place], self.path.stat().st_size) <= _SMALL
        with self._opened(buffer_size=0 if small else _BUFFER) as file:
            batches = file.iter_batches(self.rows, row_groups=[group.place], columns=names)
            while True:
                try:
                    batch = next(batches, None)
                except _UNREADABLE as error:
                    raise SpinlearnValueError(
                        self.where(row), f"rows that cannot be read ({error})", *_DAMAGED
                    ) from error
                if batch is None:
                    break
                # NumPy warns of some kinds of NaN; whoever checks the numbers names their row.
                with np.errstate(invalid="ignore"):
                    found = [
                        scale
                        * np.asarray(batch.column(k).to_numpy(zero_copy_only=False), np.float64)
                        for k, scale in enumerate(self._scales[: len(names)])
                    ]
                yield row, found
                row += len(found[0])
        if row != group.row + group.rows:
            raise SpinlearnValueError(
                self.where(row), f"{row - group.row} of {group.rows} rows", *_DAMAGED
            )

    def _opened(self, buffer_size: int = 0) -> Any:
        try:
            parquet = import_module("pyarrow.parquet")
        except ImportError:
            raise SpinlearnError(
                f"{self.path}: Parquet files need pyarrow, which is not installed. Install it "
                "with: pip install 'spinlearn[parquet]'"
            ) from None
        try:
            return parquet.ParquetFile(
                self.path,
                buffer_size=buffer_size,
                pre_buffer=False,
                page_checksum_verification=True,
                **_LIMITS,
            )
        except _UNREADABLE as error:
            raise SpinlearnValueError(
                str(self.path), f"no Parquet file ({error})", *_DAMAGED
            ) from error
