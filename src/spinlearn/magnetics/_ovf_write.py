"""Writing of OVF files."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np

from spinlearn.errors import SpinlearnValueError
from spinlearn.magnetics._ovf_format import (
    AXES,
    BYTES,
    CHECK_VALUE,
    DATA_NAME,
    MAGIC,
    OVFError,
    Representation,
)
from spinlearn.mesh import Mesh

_ROWS_AT_ONCE = 8192


def write_ovf(
    path: str | os.PathLike[str],
    values: Any,
    mesh: Mesh,
    *,
    representation: Representation = "binary8",
    title: str = "m",
    labels: Sequence[str] | None = None,
    units: str | Sequence[str] = "1",
    version: Literal[1, 2] = 2,
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    time: float | None = None,
    description: Sequence[str] = (),
) -> None:
    """Write a field as an OVF file that mumax3, OOMMF and Ubermag read.

    The file appears whole or not at all: it is written beside its place and then moved there.
    ``binary8`` and ``text`` keep every bit of a float64, ``binary4`` of a float32; a text says
    of a NaN only that it is one.

    Parameters
    ----------
    path
        The file; replaced if it exists.
    values
        Field ``(ncomp, nx, ny, nz)``, in ``units``. NaN and infinity are written as they are,
        though not every program reads them.
    mesh
        Mesh with cell sizes in m; whether it is periodic has no place in an OVF file.
    representation
        ``"binary8"``, ``"binary4"`` or ``"text"``.
    title
        One line, for instance the quantity.
    labels
        One for each component; by default ``title_x``, ``title_y``, ``title_z``, or the title
        itself for one component. OVF 1.0 has none.
    units
        One for all components or one for each: ``"A/m"`` for a magnetization, ``"1"`` for unit
        vectors.
    version
        2, or 1 for programs that read OVF 1.0 alone: three components, one unit.
    origin
        Corner ``(xmin, ymin, zmin)`` of the mesh, m.
    time
        Simulation time, s.
    description
        Further lines of text.

    Raises
    ------
    SpinlearnValueError
        If an argument cannot be stored in such a file.
    OVFError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> film = Mesh((2, 1, 1), (4e-9, 4e-9, 1e-9))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_ovf(f"{folder}/m.ovf", np.ones((3, 2, 1, 1)), film, representation="text")
    ...     print(Path(folder, "m.ovf").read_text().splitlines()[-3])
    1.0 1.0 1.0
    """
    path = Path(path)
    if representation not in DATA_NAME:
        refuse("representation", representation, "'binary8', 'binary4' or 'text'", "Take one.")
    if version not in MAGIC:
        refuse("version", version, "1 or 2", "Take 2 unless the reader is old.")
    array = _as_field(values, mesh, representation)
    header = [
        *("Segment count: 1", "Begin: Segment", "Begin: Header", f"Title: {_line(title, 'title')}"),
        *(f"Desc: {_line(text, 'description')}" for text in _one_or_many(description)),
        *_time_line(time),
        *_mesh_lines(mesh, origin),
        *_value_lines(len(array), title, labels, units, version),
        *("End: Header", f"Begin: Data {DATA_NAME[representation]}"),
    ]
    end = f"# End: Data {DATA_NAME[representation]}\n# End: Segment\n"
    top = "\n".join((MAGIC[version], *(f"# {line}" for line in header)))
    try:
        blocks = _data_blocks(array, representation, version)
        _replace_file(path, chain([f"{top}\n".encode()], blocks, [end.encode()]))
    except OSError as error:
        found = error.strerror or str(error)
        raise OVFError(path, found, "a file name in a folder that can be written to") from error
    except ValueError as error:
        raise OVFError(path, str(error), "a file name") from error


def refuse(argument: str, value: Any, allowed: str, fix: str) -> NoReturn:
    raise SpinlearnValueError(argument, value, allowed, fix)


def _as_field(values: Any, mesh: Mesh, representation: str) -> np.ndarray:
    given = np.asarray(values)
    real = given.dtype.kind in "fiu"
    if not real or given.ndim != 4 or given.shape[1:] != mesh.shape or not len(given):
        allowed = f"real numbers of shape (ncomp, *{mesh.shape})"
        refuse("values", f"{given.dtype} {given.shape}", allowed, "Put the components first.")
    with np.errstate(over="ignore"):
        array = given.astype(np.float32 if representation == "binary4" else np.float64)
    if np.any(np.isinf(array) & np.isfinite(given)):
        refuse("values", np.abs(given).max(), "at most 3.4e38 in binary4", "Take 'binary8'.")
    return array


def _one_or_many(text: str | Sequence[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _line(text: str, argument: str) -> str:
    """One line of a header, where ## would begin a comment."""
    if not isinstance(text, str) or not text.isprintable() or "##" in text:
        refuse(argument, repr(text), "one line of text without ##", "Shorten it to one line.")
    return text


def _time_line(time: float | None) -> list[str]:
    if time is None:
        return []
    if not 0 <= time < float("inf"):
        refuse("time", time, "a time >= 0 in s", "Leave it out if there is none.")
    return [f"Desc: Total simulation time:  {float(time)!r}  s"]


def _mesh_lines(mesh: Mesh, origin: Sequence[float]) -> list[str]:
    corner = np.asarray(origin, np.float64)
    if corner.shape != (3,) or not np.all(np.isfinite(corner)):
        refuse("origin", origin, "three lengths in m", "Give (xmin, ymin, zmin).")
    lines = ["meshtype: rectangular", "meshunit: m"]
    for axis, n, step, extent, low in zip(
        AXES, mesh.shape, mesh.cell.tolist(), mesh.extent, corner.tolist(), strict=True
    ):
        lines += [
            f"{axis}min: {low!r}",
            f"{axis}max: {low + extent!r}",
            f"{axis}base: {low + step / 2!r}",
            f"{axis}nodes: {n}",
            f"{axis}stepsize: {step!r}",
        ]
    return lines


def _value_lines(components: int, title: str, labels: Any, units: Any, version: int) -> list[str]:
    units = _one_or_many(units) or ("1",)
    units = units * components if len(units) == 1 else units
    if len(units) != components:
        refuse("units", units, f"one, or {components}", "Name one unit for each component.")
    if version == 1:
        if components != 3 or labels or len(set(units)) > 1:
            what = f"{components} components, labels {labels}, units {units}"
            refuse("version", f"1 for {what}", "three components, one unit", "Take version=2.")
        return [f"valueunit: {_line(units[0], 'units')}", "valuemultiplier: 1"]
    names = _one_or_many(labels or _default_labels(title, components))
    if len(names) != components:
        refuse("labels", labels, f"{components} labels", "Name each component.")
    return [
        f"valuedim: {components}",
        f"valuelabels: {' '.join(_tcl_item(name, 'labels') for name in names)}",
        f"valueunits: {' '.join(_tcl_item(unit, 'units') for unit in units)}",
    ]


def _default_labels(title: str, components: int) -> tuple[str, ...]:
    if components == 1:
        return (title,)
    return tuple(f"{title}_{c}" for c in (AXES if components == 3 else range(components)))


def _tcl_item(text: str, argument: str) -> str:
    if set(_line(text, argument)) & set('{}"\\'):
        refuse(argument, repr(text), "text without braces, quotes and backslash", "Rename it.")
    return f"{{{text}}}" if not text or " " in text else text


def _data_blocks(array: np.ndarray, representation: str, version: int) -> Iterator[bytes]:
    """The numbers with x fastest, then y, then z, the components of a cell together."""
    if representation != "text":
        dtype = np.dtype(f"{'<' if version == 2 else '>'}f{BYTES[representation]}")
        yield np.array(CHECK_VALUE[representation], dtype).tobytes()
        for layer in array.T:
            yield layer.astype(dtype).tobytes()
        yield b"\n"
        return
    rows = array.T.reshape(-1, len(array))
    # One format for many rows; repr is the shortest text that gives the same bits back.
    row = " ".join(["%r"] * len(array)) + "\n"
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        yield ((row * len(part)) % tuple(part.ravel().tolist())).encode()


def _replace_file(path: Path, blocks: Iterable[bytes]) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
