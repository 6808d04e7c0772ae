"""Header and numbers of an OVF file, read."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np

from spinlearn.magnetics._ovf_format import (
    AXES,
    BYTES,
    CHECK_VALUE,
    DATA_NAME,
    MAGIC,
    NUMBER,
    OVFError,
)
from spinlearn.mesh import Mesh

_FIRST_LINE = {
    2: re.compile(r"#\s*OOMMF\s*:?\s*OVF\s+2\.0", re.I),
    1: re.compile(r"#\s*OOMMF\s*:\s*rectangular\s+mesh\s+v(1\.0|0\.99|0\.0a0)", re.I),
}
_METRE_POWER = {"m": 0, "cm": -2, "mm": -3, "um": -6, "µm": -6, "μm": -6, "nm": -9, "pm": -12}
_TCL_ITEM = re.compile(r"\{([^{}]*)\}|\"([^\"]*)\"|(\S+)")
_DATA_END = re.compile(rb"^[ \t]*#[ \t]*end[ \t]*:[ \t]*data", re.I | re.M)
_BLANK = bytes(c in b" \t\n\r\v\f" for c in range(256))
_LONGEST_LINE = 1 << 20


@dataclass
class Header:
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
        if not re.fullmatch(NUMBER, text) or not np.isfinite(float(text)):
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


def read_header(file: BinaryIO, path: Path) -> Header:
    header = Header(path, _read_version(file, path), {}, [])
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
    expected = f"'{MAGIC[2]}' or '{MAGIC[1]}'"
    raise OVFError(path, f"not an OVF file: line 1 is {line[:40]!r}", expected)


def read_mesh(
    file: BinaryIO, header: Header, shape: tuple[int, ...]
) -> tuple[Mesh, tuple[float, float, float]]:
    cell, origin = [], []
    for axis, nodes in zip(AXES, shape, strict=True):
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


def read_data(file: BinaryIO, header: Header, count: int) -> np.ndarray:
    kind = re.sub(r"\s", "", header.data.lower())[len("data") :]
    if kind not in DATA_NAME:
        found = f"line {header.lines}: Begin: {header.data[:80]}"
        raise OVFError(header.path, found, "Data Text, Data Binary 4 or Data Binary 8")
    left = os.fstat(file.fileno()).st_size - file.tell()
    # A number in a text takes one digit and one blank.
    needed = 2 * count - 1 if kind == "text" else BYTES[kind] * (count + 1)
    if needed > left:
        found = f"truncated: {left} bytes of data"
        raise OVFError(
            header.path, found, f"at least {needed} for the {count} values of its header"
        )
    if kind == "text":
        return _read_text(file, header, count)
    return _read_binary(file, header, count, kind)


def _read_binary(file: BinaryIO, header: Header, count: int, kind: str) -> np.ndarray:
    dtype = np.dtype(f"{'<' if header.version == 2 else '>'}f{BYTES[kind]}")
    check = np.array(CHECK_VALUE[kind], dtype).tobytes()
    if (found := file.read(len(check))) != check:
        order = "little" if header.version == 2 else "big"
        raise OVFError(
            header.path,
            f"check value {found.hex()} after line {header.lines}",
            f"{check.hex()}, {CHECK_VALUE[kind]} as {order}-endian {DATA_NAME[kind].lower()}",
        )
    raw = file.read(count * dtype.itemsize)
    if len(raw) < count * dtype.itemsize or not _DATA_END.match(file.read(256).lstrip()):
        found = f"no '# End: Data' after {count} values"
        raise OVFError(header.path, found, "as many values as the header says")
    return np.frombuffer(raw, dtype)


def _read_text(file: BinaryIO, header: Header, count: int) -> np.ndarray:
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
    number = re.compile(rb"[-+]?(nan|inf|infinity)|" + NUMBER.encode(), re.I)
    for at, line in enumerate(block.split(b"\n"), lines + 1):
        for word in line.split():
            if not number.fullmatch(word):
                return f"line {at}: {word[:40].decode('latin-1')!r}"
    return f"after line {lines}: something else than numbers"
