"""Errors name the field, the value, what is allowed and the remedy."""

from __future__ import annotations

import numpy as np
import pytest

from spinlearn import SpinlearnError, SpinlearnValueError


def test_value_error_says_field_value_allowed_and_remedy() -> None:
    error = SpinlearnValueError("damping", -0.1, "a number >= 0", "Give a positive damping.")
    assert str(error) == "damping = -0.1: allowed is a number >= 0. Give a positive damping."
    assert (error.field, error.value) == ("damping", -0.1)
    assert (error.allowed, error.fix) == ("a number >= 0", "Give a positive damping.")


def test_value_error_is_caught_as_either_kind() -> None:
    for kind in (SpinlearnError, ValueError):
        with pytest.raises(kind, match="seed = -1"):
            raise SpinlearnValueError("seed", -1, "an integer", "Pass one.")


def test_long_values_are_shortened_to_one_line() -> None:
    error = SpinlearnValueError("m", np.arange(1000.0), "unit vectors", "Normalise m.")
    assert "\n" not in str(error)
    assert len(str(error)) < 200
    assert "…" in str(error)
    assert str(error).endswith("Normalise m.")
    assert error.value.shape == (1000,)


def test_short_values_are_shown_whole() -> None:
    value = "x" * 120
    assert value in str(SpinlearnValueError("name", value, "a name", "Rename."))
