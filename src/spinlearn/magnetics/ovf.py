"""OVF files: magnetization and other fields in and out of OOMMF, mumax3 and Ubermag.

Source: OOMMF User's Guide, chapter "Vector Field File Format (OVF)", formats 1.0 and 2.0.
"""

from __future__ import annotations

import os
import re
import secrets
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal, NoReturn

import numpy as np

from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.mesh import Mesh

_AXES = "xyz"
_MAGIC = {2: "# OOMMF OVF 2.0", 1: "# OOMMF: rectangular mesh v1.0"}
_FIRST_LINE = {
    2: re.compile(r"#\s*OOMMF\s*:?\s*OVF\s+2\.0", re.I),
    1: re.compile(r"#\s*OOMMF\s*:\s*rectangular\s+mesh\s+v(1\.0|0\.99|0\.0a0)", re.I),
}
_DATA_NAME = {"binary8": "Binary 8", "binary4": "Binary 4", "text": "Text"}
# Written before the numbers: tells a wrong byte order and a damaged file.
_CHECK_VALUE = {"binary8": 123456789012345.0, "binary4": 1234567.0}
_BYTES = {"binary8": 8, "binary4": 4}
_METRE_POWER = {"m": 0, "cm": -2, "mm": -3, "um": -6, "µm": -6, "μm": -6, "nm": -9, "pm": -12}
_MAGNETIZATION_SCALE = {"A/m": 1.0, "kA/m": 1e3, "1": 1.0, "": 1.0, "None": 1.0}
_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_TIME = re.compile(rf"(?:total simulation time|time \(s\))\s*:\s*({_NUMBER})\s*s?", re.I)
_TCL_ITEM = re.compile(r"\{([^{}]*)\}|\"([^\"]*)\"|(\S+)")
_DATA_END = re.compile(rb"^[ \t]*#[ \t]*end[ \t]*:[ \t]*data", re.I | re.M)
_BLANK = bytes(c in b" \t\n\r\v\f" for c in range(256))
_LONGEST_LINE = 1 << 20
_ROWS_AT_ONCE = 8192

Representation = Literal["binary8", "binary4", "text"]


class OVFError(SpinlearnError, ValueError):
    """An OVF file that is missing, damaged or of a kind that spinlearn does not read (no unit).

    Parameters
    ----------
    path
        The file.
    found
        What is wrong there, with the line number or the header key.
    expected
        What was expected instead.

    Examples
    --------
    >>> raise OVFError("m.ovf", "line 9: xnodes = -3", "a positive integer")
    Traceback (most recent call last):
    ...
    spinlearn.magnetics.ovf.OVFError: m.ovf: line 9: xnodes = -3; expected a positive integer.
    """

    def __init__(self, path: str | os.PathLike[str], found: str, expected: str) -> None:
        self.path = str(path)
        self.found = found
        self.expected = expected
        super().__init__(f"{self.path}: {found}; expected {expected}.")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.found, self.expected)


@dataclass(frozen=True, eq=False)
class OVF:
    """What an OVF file holds; lengths in m, values in the file's own units.

    Parameters
    ----------
    values
        Field ``(ncomp, nx, ny, nz)``, in ``units``; float32 from a binary-4 file, else float64.
        NaN and infinity pass through.
    mesh
        Number and size of the cells, m. OVF files do not say whether a film is periodic.
    origin
        Corner ``(xmin, ymin, zmin)`` of the mesh, m. spinlearn's own corner is at zero.
    title
        The file's title.
    labels, units
        One for each component, or empty if the file does not name one for each.
    time
        Simulation time, s; None if the file has none or OOMMF's "none", a negative one.
    description
        The other ``Desc`` lines.

    Examples
    --------
    >>> film = Mesh((2, 1, 1), (4e-9, 4e-9, 1e-9))
    >>> OVF(np.zeros((3, 2, 1, 1)), film, units=("A/m",) * 3).units
    ('A/m', 'A/m', 'A/m')
    """

    values: np.ndarray = field(repr=False)
    mesh: Mesh
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    title: str = ""
    labels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    time: float | None = None
    description: tuple[str, ...] = ()


def read_ovf(path: str | os.PathLike[str]) -> OVF:
    """Read an OVF 1.0 or 2.0 file on a rectangular mesh: text, binary 4 or binary 8.

    Lengths come back in m whatever the file's ``meshunit``; values stay in the file's own unit,
    after the ``valuemultiplier`` of OVF 1.0. Bits are kept, NaN and infinity too. Of several
    segments the first is read, with a warning. Sizes in the header are checked against the size
    of the file before memory is taken.

    Parameters
    ----------
    path
        The file (.ovf, .omf, .ohf, ...).

    Returns
    -------
    OVF
        Values ``(ncomp, nx, ny, nz)``, mesh, m, and the descriptive header lines.

    Raises
    ------
    OVFError
        If the file is missing, truncated, malformed, no OVF file, or on an irregular mesh.

    Examples
    --------
    >>> import tempfile
    >>> film = Mesh((8, 4, 1), (4e-9, 4e-9, 1e-9))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_ovf(f"{folder}/m.ovf", np.ones((3, 8, 4, 1)), film, units="A/m", time=1e-9)
    ...     state = read_ovf(f"{folder}/m.ovf")
    >>> state.values.shape, state.labels, state.time
    ((3, 8, 4, 1), ('m_x', 'm_y', 'm_z'), 1e-09)
    """
    path = Path(path)
    try:
        # Opening a pipe would wait for its writer.
        if not path.is_file():
            raise OVFError(path, "no such file", "an OVF file")
        with path.open("rb") as file:
            return _read_segment(file, path)
    except OSError as error:
        raise OVFError(path, error.strerror or str(error), "a readable file") from error
    except MemoryError:
        raise OVFError(path, "too large for this machine's memory", "a smaller file") from None


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
    if representation not in _DATA_NAME:
        _refuse("representation", representation, "'binary8', 'binary4' or 'text'", "Take one.")
    if version not in _MAGIC:
        _refuse("version", version, "1 or 2", "Take 2 unless the reader is old.")
    array = _as_field(values, mesh, representation)
    header = [
        *("Segment count: 1", "Begin: Segment", "Begin: Header", f"Title: {_line(title, 'title')}"),
        *(f"Desc: {_line(text, 'description')}" for text in _one_or_many(description)),
        *_time_line(time),
        *_mesh_lines(mesh, origin),
        *_value_lines(len(array), title, labels, units, version),
        *("End: Header", f"Begin: Data {_DATA_NAME[representation]}"),
    ]
    end = f"# End: Data {_DATA_NAME[representation]}\n# End: Segment\n"
    top = "\n".join((_MAGIC[version], *(f"# {line}" for line in header)))
    try:
        blocks = _data_blocks(array, representation, version)
        _replace_file(path, chain([f"{top}\n".encode()], blocks, [end.encode()]))
    except OSError as error:
        found = error.strerror or str(error)
        raise OVFError(path, found, "a file name in a folder that can be written to") from error
    except ValueError as error:
        raise OVFError(path, str(error), "a file name") from error


def unit_vectors(ovf: OVF) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of a magnetization, and its length, the saturation magnetization.

    Parameters
    ----------
    ovf
        Magnetization in A/m or kA/m, or a field without unit, which keeps its numbers (mumax3's
        reduced ``m`` has length 1).

    Returns
    -------
    m
        Unit vectors ``(3, nx, ny, nz)``, a number without unit; zero where there is no material.
    saturation_magnetization
        Length ``(nx, ny, nz)``, A/m; zero where there is no material.

    Raises
    ------
    SpinlearnValueError
        If the field has not three components, or another unit.

    Examples
    --------
    >>> film = Mesh((2, 1, 1), (4e-9, 4e-9, 1e-9))
    >>> field = np.reshape([0.0, 0.0, 4e5, 0.0, 3e5, 0.0], (3, 2, 1, 1))
    >>> m, saturation_magnetization = unit_vectors(OVF(field, film, units=("A/m",) * 3))
    >>> print(m[:, 0, 0, 0], saturation_magnetization.ravel())
    [0.  0.8 0.6] [500000.      0.]
    """
    values, units = ovf.values, set(ovf.units) or {""}
    if len(values) != 3:
        _refuse("ovf", f"{len(values)} components", "three components", "Read a magnetization.")
    if len(units) > 1 or not units <= _MAGNETIZATION_SCALE.keys():
        _refuse("ovf", f"units {ovf.units}", "A/m, kA/m or none", "Convert the values to A/m.")
    # hypot, not a sum of squares: that overflows in float32.
    length = np.hypot.reduce(values, axis=0)
    # Not "> 0": that would turn NaN, which the caller must see, into empty space.
    with np.errstate(invalid="ignore"):
        m = np.divide(values, length, out=np.zeros_like(values, length.dtype), where=length != 0)
    return m, length * _MAGNETIZATION_SCALE[units.pop()]


# --- Reading ---------------------------------------------------------------------------------


@dataclass
class _Header:
    """Header lines by key (lower case, no blanks), each with its line number."""

    path: Path
    version: int
    entries: dict[str, tuple[int, str]]
    description: list[str]
    data: str = ""
    lines: int = 1

    def fail(self, key: str, expected: str) -> NoReturn:
        if key not in self.entries:
            raise OVFError(self.path, f"header key '{key}' is missing", expected)
        line, value = self.entries[key]
        raise OVFError(self.path, f"line {line}: {key} = {value[:80]}", expected)

    def text(self, key: str, default: str = "") -> str:
        return self.entries.get(key, (0, default))[1]

    def number(self, key: str, expected: str = "a finite number") -> float:
        text = self.text(key)
        if not re.fullmatch(_NUMBER, text) or not np.isfinite(float(text)):
            self.fail(key, expected)
        return float(text)

    def count(self, key: str) -> int:
        # 18 digits are beyond every file, and int() refuses thousands of them in another way.
        text = self.text(key)
        if not re.fullmatch(r"\+?[0-9]{1,18}", text) or int(text) < 1:
            self.fail(key, "a positive integer")
        return int(text)

    def length(self, key: str) -> float:
        """A length in m: correctly rounded, so that 3 nm is 3e-9."""
        power = _METRE_POWER.get(self.text("meshunit"))
        if power is None:
            self.fail("meshunit", f"one of {', '.join(_METRE_POWER)}")
        return float(Decimal(repr(self.number(key))).scaleb(power))

    def items(self, key: str, components: int) -> tuple[str, ...]:
        """A Tcl list with one item for each component; empty if it does not have as many."""
        found = tuple("".join(parts) for parts in _TCL_ITEM.findall(self.text(key)))
        # mumax3 writes three units for whatever number of components.
        if len(set(found)) == 1:
            found = found[:1] * components
        return found if len(found) == components else ()


def _read_segment(file: BinaryIO, path: Path) -> OVF:
    header = _read_header(file, path)
    if header.text("meshtype", "rectangular").lower() != "rectangular":
        header.fail("meshtype", "rectangular; irregular meshes are not read")
    shape = tuple(header.count(f"{axis}nodes") for axis in _AXES)
    components = header.count("valuedim") if header.version == 2 else 3
    mesh, origin = _read_mesh(file, header, shape)
    flat = _read_data(file, header, components * shape[0] * shape[1] * shape[2])
    flat = flat.reshape((*shape[::-1], components)).T
    values = np.array(flat, dtype=flat.dtype.newbyteorder("="), order="C")
    if header.version == 1 and "valuemultiplier" in header.entries:
        with np.errstate(over="ignore", invalid="ignore"):
            values *= header.number("valuemultiplier")
    if header.text("segmentcount", "1") != "1" and header.count("segmentcount") > 1:
        warnings.warn(f"{path}: several segments, the first one is read.", stacklevel=3)
    times = [match for text in header.description if (match := _TIME.fullmatch(text))]
    time = float(times[-1][1]) if times else -1.0
    has_time = 0 <= time < float("inf")
    return OVF(
        values,
        mesh,
        origin,
        header.text("title"),
        header.items("valuelabels", components) if header.version == 2 else (),
        header.items("valueunits" if header.version == 2 else "valueunit", components),
        time if has_time else None,
        tuple(t for t in header.description if not (has_time and _TIME.fullmatch(t))),
    )


def _read_header(file: BinaryIO, path: Path) -> _Header:
    header = _Header(path, _read_version(file, path), {}, [])
    while raw := file.readline(_LONGEST_LINE):
        header.lines += 1
        line = _decode(raw).partition("##")[0].strip()
        key, _, value = line.partition(":")
        key, value = re.sub(r"[#\s]", "", key).lower(), value.strip()
        if key == "begin" and value.lower().startswith("data"):
            header.data = value
            return header
        if len(raw) == _LONGEST_LINE or (line and not line.startswith("#")):
            found = f"line {header.lines}: {line[:80]!r}"
            raise OVFError(path, found, "a header line '# key: value'")
        if key == "desc":
            header.description.append(value)
        elif key not in ("begin", "end"):
            first = header.entries.setdefault(key, (header.lines, value))
            if first[1] != value:
                header.fail(key, f"the same as in line {header.lines}")
    raise OVFError(path, "the file ends within its header", "a line '# Begin: Data ...'")


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _read_version(file: BinaryIO, path: Path) -> int:
    line = file.readline(200).decode("latin-1").strip()
    if re.match(r"#\s*OOMMF\s*:\s*irregular", line, re.I):
        raise OVFError(path, "line 1: an irregular mesh", "a rectangular mesh")
    for version, pattern in _FIRST_LINE.items():
        if pattern.match(line):
            return version
    expected = f"'{_MAGIC[2]}' or '{_MAGIC[1]}'"
    raise OVFError(path, f"not an OVF file: line 1 is {line[:40]!r}", expected)


def _read_mesh(
    file: BinaryIO, header: _Header, shape: tuple[int, ...]
) -> tuple[Mesh, tuple[float, float, float]]:
    cell, origin = [], []
    for axis, nodes in zip(_AXES, shape, strict=True):
        step = header.length(f"{axis}stepsize")
        if step <= 0:
            header.fail(f"{axis}stepsize", "a positive length")
        low = 0.0
        if f"{axis}min" in header.entries:
            low = header.length(f"{axis}min")
        elif f"{axis}base" in header.entries:
            low = header.length(f"{axis}base") - step / 2
        if f"{axis}max" in header.entries:
            extent = header.length(f"{axis}max") - low
            if abs(extent - nodes * step) > step / 2:
                warnings.warn(
                    f"{header.path}: {axis}max - {axis}min = {extent:g} m, but "
                    f"{axis}nodes * {axis}stepsize = {nodes * step:g} m; the latter is used.",
                    stacklevel=4,
                )
        cell.append(step)
        origin.append(low)
    return Mesh(shape, cell), (origin[0], origin[1], origin[2])


def _read_data(file: BinaryIO, header: _Header, count: int) -> np.ndarray:
    kind = re.sub(r"\s", "", header.data.lower())[len("data") :]
    if kind not in _DATA_NAME:
        found = f"line {header.lines}: Begin: {header.data[:80]}"
        raise OVFError(header.path, found, "Data Text, Data Binary 4 or Data Binary 8")
    left = os.fstat(file.fileno()).st_size - file.tell()
    # A number in a text takes one digit and one blank.
    needed = 2 * count - 1 if kind == "text" else _BYTES[kind] * (count + 1)
    if needed > left:
        found = f"truncated: {left} bytes of data"
        raise OVFError(
            header.path, found, f"at least {needed} for the {count} values of its header"
        )
    if kind == "text":
        return _read_text(file, header, count)
    return _read_binary(file, header, count, kind)


def _read_binary(file: BinaryIO, header: _Header, count: int, kind: str) -> np.ndarray:
    dtype = np.dtype(f"{'<' if header.version == 2 else '>'}f{_BYTES[kind]}")
    check = np.array(_CHECK_VALUE[kind], dtype).tobytes()
    if (found := file.read(len(check))) != check:
        order = "little" if header.version == 2 else "big"
        raise OVFError(
            header.path,
            f"check value {found.hex()} after line {header.lines}",
            f"{check.hex()}, {_CHECK_VALUE[kind]} as {order}-endian {_DATA_NAME[kind].lower()}",
        )
    raw = file.read(count * dtype.itemsize)
    if len(raw) < count * dtype.itemsize or not _DATA_END.match(file.read(256).lstrip()):
        found = f"no '# End: Data' after {count} values"
        raise OVFError(header.path, found, "as many values as the header says")
    return np.frombuffer(raw, dtype)


def _read_text(file: BinaryIO, header: _Header, count: int) -> np.ndarray:
    block = file.read()
    end = _DATA_END.search(block)
    if end is None:
        raise OVFError(header.path, "truncated: no '# End: Data' line", "one after the values")
    block = re.sub(rb"#[^\n]*", b"", block[: end.start()])
    # Counted first, for the message, and as NumPy makes a number of blanks alone.
    blank = np.frombuffer((b" " + block).translate(_BLANK), bool)
    found = int(np.count_nonzero(blank[:-1] & ~blank[1:]))
    if found != count:
        raise OVFError(header.path, f"{found} values", f"{count}, as its header says")
    try:
        with warnings.catch_warnings():
            # What newer NumPy refuses, older NumPy warns of.
            warnings.simplefilter("error", DeprecationWarning)
            values = np.fromstring(block, sep=" ")
    except (ValueError, DeprecationWarning):
        values = np.empty(0)
    if len(values) != count:
        raise OVFError(header.path, _bad_number(block, header.lines), "numbers")
    return values


def _bad_number(block: bytes, lines: int) -> str:
    number = re.compile(rb"[-+]?(nan|inf|infinity)|" + _NUMBER.encode(), re.I)
    for at, line in enumerate(block.split(b"\n"), lines + 1):
        for word in line.split():
            if not number.fullmatch(word):
                return f"line {at}: {word[:40].decode('latin-1')!r}"
    return f"after line {lines}: something else than numbers"


# --- Writing ---------------------------------------------------------------------------------


def _refuse(argument: str, value: Any, allowed: str, fix: str) -> NoReturn:
    raise SpinlearnValueError(argument, value, allowed, fix)


def _as_field(values: Any, mesh: Mesh, representation: str) -> np.ndarray:
    given = np.asarray(values)
    real = given.dtype.kind in "fiu"
    if not real or given.ndim != 4 or given.shape[1:] != mesh.shape or not len(given):
        allowed = f"real numbers of shape (ncomp, *{mesh.shape})"
        _refuse("values", f"{given.dtype} {given.shape}", allowed, "Put the components first.")
    with np.errstate(over="ignore"):
        array = given.astype(np.float32 if representation == "binary4" else np.float64)
    if np.any(np.isinf(array) & np.isfinite(given)):
        _refuse("values", np.abs(given).max(), "at most 3.4e38 in binary4", "Take 'binary8'.")
    return array


def _one_or_many(text: str | Sequence[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _line(text: str, argument: str) -> str:
    """One line of a header, where ## would begin a comment."""
    if not isinstance(text, str) or not text.isprintable() or "##" in text:
        _refuse(argument, repr(text), "one line of text without ##", "Shorten it to one line.")
    return text


def _time_line(time: float | None) -> list[str]:
    if time is None:
        return []
    if not 0 <= time < float("inf"):
        _refuse("time", time, "a time >= 0 in s", "Leave it out if there is none.")
    return [f"Desc: Total simulation time:  {float(time)!r}  s"]


def _mesh_lines(mesh: Mesh, origin: Sequence[float]) -> list[str]:
    corner = np.asarray(origin, np.float64)
    if corner.shape != (3,) or not np.all(np.isfinite(corner)):
        _refuse("origin", origin, "three lengths in m", "Give (xmin, ymin, zmin).")
    lines = ["meshtype: rectangular", "meshunit: m"]
    for axis, n, step, extent, low in zip(
        _AXES, mesh.shape, mesh.cell.tolist(), mesh.extent, corner.tolist(), strict=True
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
        _refuse("units", units, f"one, or {components}", "Name one unit for each component.")
    if version == 1:
        if components != 3 or labels or len(set(units)) > 1:
            what = f"{components} components, labels {labels}, units {units}"
            _refuse("version", f"1 for {what}", "three components, one unit", "Take version=2.")
        return [f"valueunit: {_line(units[0], 'units')}", "valuemultiplier: 1"]
    names = _one_or_many(labels or _default_labels(title, components))
    if len(names) != components:
        _refuse("labels", labels, f"{components} labels", "Name each component.")
    return [
        f"valuedim: {components}",
        f"valuelabels: {' '.join(_tcl_item(name, 'labels') for name in names)}",
        f"valueunits: {' '.join(_tcl_item(unit, 'units') for unit in units)}",
    ]


def _default_labels(title: str, components: int) -> tuple[str, ...]:
    if components == 1:
        return (title,)
    return tuple(f"{title}_{c}" for c in (_AXES if components == 3 else range(components)))


def _tcl_item(text: str, argument: str) -> str:
    if set(_line(text, argument)) & set('{}"\\'):
        _refuse(argument, repr(text), "text without braces, quotes and backslash", "Rename it.")
    return f"{{{text}}}" if not text or " " in text else text


def _data_blocks(array: np.ndarray, representation: str, version: int) -> Iterator[bytes]:
    """The numbers with x fastest, then y, then z, the components of a cell together."""
    if representation != "text":
        dtype = np.dtype(f"{'<' if version == 2 else '>'}f{_BYTES[representation]}")
        yield np.array(_CHECK_VALUE[representation], dtype).tobytes()
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
