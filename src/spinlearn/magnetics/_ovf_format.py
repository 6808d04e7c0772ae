"""What reading and writing OVF files share: the words of the format, and the error."""

from __future__ import annotations

import os
from typing import Any, Literal

from spinlearn.errors import SpinlearnError

AXES = "xyz"
MAGIC = {2: "# OOMMF OVF 2.0", 1: "# OOMMF: rectangular mesh v1.0"}
DATA_NAME = {"binary8": "Binary 8", "binary4": "Binary 4", "text": "Text"}
# Written before the numbers: tells a wrong byte order and a damaged file.
CHECK_VALUE = {"binary8": 123456789012345.0, "binary4": 1234567.0}
BYTES = {"binary8": 8, "binary4": 4}
# One way alone to match each digit: else a line of many takes a time that grows with its square.
NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"

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


# Its public place, which messages and pickles name.
OVFError.__module__ = "spinlearn.magnetics.ovf"
