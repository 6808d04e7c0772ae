"""``spinlearn doctor``: what is installed, and whether the physics comes out right."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from spinlearn.cli._output import print_table

# Largest error of R_s·G on the square of the self-check: 8e-5 was measured in both precisions.
_CHECK_CELLS = 64


class Check(NamedTuple):
    """A number of the self-check against an exact one (relative to one)."""

    name: str
    error: float
    bound: float

    @property
    def passed(self) -> bool:
        """Whether the error is within its bound."""
        return self.error <= self.bound


def self_check() -> list[Check]:
    """Each package's physics against a closed form; about ten seconds with compilation."""
    return [
        Check("conductance matrix of a square with four contacts", square_error(), 3e-4),
        Check("demagnetizing factor of a cube", cube_error(), 1e-5),
        Check("damped precession of one spin", precession_error(), 1e-3),
    ]


def installation() -> dict[str, Any]:
    """Versions, devices, precision and memory (GiB)."""
    from importlib.metadata import version

    import jax

    from spinlearn.runs.provenance import versions

    return {
        **versions(),
        "matplotlib": version("matplotlib"),
        "devices": [f"{device.device_kind} ({device.platform})" for device in jax.devices()],
        "precision": "float64" if jax.config.read("jax_enable_x64") else "float32",
        "memory_gib": _host_memory(),
        "device_memory_gib": [_device_memory(device) for device in jax.devices()],
    }


def _host_memory() -> float | None:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    except (AttributeError, OSError, ValueError):
        return None


def _device_memory(device: Any) -> float | None:
    """What the device may use; None where it is the host's memory."""
    limit = (device.memory_stats() or {}).get("bytes_limit")
    return None if limit is None else round(limit / 2**30, 1)


def square_error() -> float:
    """Largest error of R_s·G for a square with four contacts, against the exact matrix.

    A conformal map takes the disc with four equal contacts and four equal gaps to the square
    whose contacts cover the middle part ``f = F(asin(√2 sin π/8) | ½)/K(½)`` of each side. G is
    circulant; its eigenvalues on the disc are ``2 sin(πm/4)/R_s``, m = 0 … 3.
    """
    import jax.numpy as jnp
    import numpy as np
    from scipy.special import ellipk, ellipkinc

    from spinlearn import Mesh
    from spinlearn.transport import AMR, conductance_matrix, edge_electrodes

    covered = ellipkinc(np.arcsin(np.sqrt(2) * np.sin(np.pi / 8)), 0.5) / ellipk(0.5)
    row = np.fft.ifft(2 * np.sin(np.pi * np.arange(4) / 4)).real
    exact = np.stack([np.roll(row, k) for k in range(4)])
    mesh = Mesh((_CHECK_CELLS, _CHECK_CELLS, 1), (4e-9, 4e-9, 10e-9))
    conductivity = 4e6
    m = jnp.zeros((3, *mesh.shape)).at[2].set(1.0)
    contacts = edge_electrodes((1, 1, 1, 1), mesh, coverage=float(covered))
    g = conductance_matrix(AMR(conductivity, 0.0).tensor(m), contacts)
    return float(np.max(np.abs(np.asarray(g) / (conductivity * mesh.thickness) - exact)))


def cube_error() -> float:
    """Error of the demagnetizing factor of a uniform cube: 1/3 by symmetry."""
    import jax.numpy as jnp

    from spinlearn import Material, Mesh
    from spinlearn.magnetics import Demag, uniform_state

    mesh = Mesh((4, 4, 4), (5e-9, 5e-9, 5e-9))
    m = uniform_state(mesh, (0.0, 0.0, 1.0))
    factor = -jnp.mean(Demag(mesh, Material(8e5, 13e-12)).field(m)[2]) / 8e5
    return abs(float(factor) - 1 / 3)


def precession_error() -> float:
    """Error of one spin after 1 ns in a field along z, with damping 0.1.

    Exactly, ``m_z = tanh(atanh m_z(0) + α ω t)`` and the azimuth grows as ``ω t``, with
    ``ω = μ0 γ H/(1 + α²)``.
    """
    import jax.numpy as jnp
    import numpy as np

    from spinlearn import Material, Mesh
    from spinlearn.constants import GYROMAGNETIC_RATIO, MU_0
    from spinlearn.magnetics import LLG, Zeeman, evolve, uniform_state

    field, damping, duration = 1e5, 0.1, 1e-9
    mesh = Mesh((1, 1, 1), (2e-9, 2e-9, 2e-9))
    spin = LLG(Zeeman(mesh, Material(8e5, 13e-12), (0.0, 0.0, field)), damping=damping)
    end = evolve(spin, uniform_state(mesh, (1.0, 0.0, 0.1)), duration, tolerance=1e-6).m
    angle = MU_0 * GYROMAGNETIC_RATIO * field * duration / (1 + damping**2)
    height = np.tanh(np.arctanh(0.1 / np.sqrt(1.01)) + damping * angle)
    across = np.sqrt(1 - height**2)
    exact = jnp.asarray([across * np.cos(angle), across * np.sin(angle), height])
    return float(jnp.max(jnp.abs(end[:, 0, 0, 0] - exact.astype(end.dtype))))


def show(facts: Mapping[str, Any], checks: list[Check]) -> None:
    """Tables of the installation and of the checks."""
    names = {"memory_gib": "memory (GiB)", "device_memory_gib": "device memory (GiB)"}
    rows = [(names.get(name, name), _text(value)) for name, value in facts.items()]
    print_table("Installation", rows)
    print_table(
        "Physics against exact results",
        [
            (check.name, f"{check.error:.1e}", f"{check.bound:.0e}", verdict(check))
            for check in checks
        ],
        ("check", "error", "bound", ""),
    )


def verdict(check: Check) -> str:
    """In a word."""
    return "passed" if check.passed else "FAILED"


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(v) for v in value)
    return "as the host" if value is None else str(value)
