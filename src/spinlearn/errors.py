"""Errors that name the field, the value, what is allowed and the remedy."""

from __future__ import annotations

from typing import Any


class SpinlearnError(Exception):
    """Base of every error that spinlearn raises on purpose (no unit)."""


class SpinlearnValueError(SpinlearnError, ValueError):
    """A value that spinlearn cannot work with, found when it was handed in.

    Parameters
    ----------
    field
        Name of the offending argument (no unit), as the user wrote it.
    value
        What was given; shown shortened.
    allowed
        What would have been accepted, with its unit.
    fix
        The remedy, one imperative sentence.

    Examples
    --------
    >>> raise SpinlearnValueError("damping", -0.1, "a number >= 0", "Raise it.")
    Traceback (most recent call last):
    ...
    spinlearn.errors.SpinlearnValueError: damping = -0.1: allowed is a number >= 0. Raise it.
    """

    def __init__(self, field: str, value: Any, allowed: str, fix: str) -> None:
        self.field = field
        self.value = value
        self.allowed = allowed
        self.fix = fix
        super().__init__(f"{field} = {_shorten(value)}: allowed is {allowed}. {fix}")

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickled by its four parts: errors cross the borders of worker processes.
        return type(self), (self.field, str(self.value), self.allowed, self.fix)


def _shorten(value: Any, limit: int = 120) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
