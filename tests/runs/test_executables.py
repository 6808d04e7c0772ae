"""A process gives up compiled programs before it has no room for more."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from spinlearn.runs import _executables


@pytest.fixture
def program() -> Any:
    compiled: Any = jax.jit(lambda x: 3 * x)
    compiled(jnp.ones(2))
    assert compiled._cache_size() == 1
    return compiled


@pytest.mark.parametrize(("maps", "kept"), [(30, 1), (31, 0)])
def test_programs_are_forgotten_where_memory_maps_are_few(
    program, tmp_path, monkeypatch, maps, kept
):
    (tmp_path / "maps").write_text("7f00-7f01 r-xp\n" * maps)
    (tmp_path / "most").write_text("100\n")
    monkeypatch.setattr(_executables, "_MAPS", tmp_path / "maps")
    monkeypatch.setattr(_executables, "_MOST", tmp_path / "most")
    _executables.make_room()
    assert program._cache_size() == kept


def test_a_system_without_such_a_bound_keeps_them(program, tmp_path, monkeypatch):
    monkeypatch.setattr(_executables, "_MAPS", tmp_path / "none")
    _executables.make_room()
    assert program._cache_size() == 1
