"""OVF files: magnetization and other fields in and out of OOMMF, mumax3 and Ubermag.

Source: OOMMF User's Guide, chapter "Vector Field File Format (OVF)", formats 1.0 and 2.0.
"""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from spinlearn.magnetics._ovf_format import AXES, NUMBER, OVFError, Representation
from spinlearn.magnetics._ovf_read import read_data, read_header, read_mesh
from spinlearn.magnetics._ovf_write import refuse, write_ovf
from spinlearn.mesh import Mesh

__all__ = ["OVF", "OVFError", "Representation", "read_ovf", "unit_vectors", "write_ovf"]

_MAGNETIZATION_SCALE = {"A/m": 1.0, "kA/m": 1e3, "1": 1.0, "": 1.0, "None": 1.0}
_TIME = re.compile(rf"(?:total simulation time|time \(s\))\s*:\s*({NUMBER})\s*s?", re.I)


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


def _read_segment(file: BinaryIO, path: Path) -> OVF:
    header = read_header(file, path)
    if header.text("meshtype", "rectangular").lower() != "rectangular":
        header.fail("meshtype", "rectangular; irregular meshes are not read")
    shape = tuple(header.count(f"{axis}nodes") for axis in AXES)
    components = header.count("valuedim") if header.version == 2 else 3
    mesh, origin = read_mesh(file, header, shape)
    flat = read_data(file, header, components * shape[0] * shape[1] * shape[2])
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
        refuse("ovf", f"{len(values)} components", "three components", "Read a magnetization.")
    if len(units) > 1 or not units <= _MAGNETIZATION_SCALE.keys():
        refuse("ovf", f"units {ovf.units}", "A/m, kA/m or none", "Convert the values to A/m.")
    # hypot, not a sum of squares: that overflows in float32.
    length = np.hypot.reduce(values, axis=0)
    # Not "> 0": that would turn NaN, which the caller must see, into empty space.
    with np.errstate(invalid="ignore"):
        m = np.divide(values, length, out=np.zeros_like(values, length.dtype), where=length != 0)
    return m, length * _MAGNETIZATION_SCALE[units.pop()]
