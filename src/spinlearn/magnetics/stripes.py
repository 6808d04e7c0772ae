"""Stripes and mazes to start from."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import require
from spinlearn.magnetics._state_parts import (
    Outline,
    as_length,
    as_number,
    as_period,
    check_key,
    distance_along,
    on_cells,
    wall_profile,
)
from spinlearn.mesh import Mesh
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array


def stripe_state(
    mesh: Mesh,
    *,
    period: Any,
    direction: Any = 0.0,
    helicity: Any = 0.0,
    phase: Any = 0.0,
    outline: Outline = None,
) -> Float[Array, "3 nx ny nz"]:
    r"""Straight stripes in which the magnetization turns evenly: a cycloid or a helix.

    With the normal :math:`\hat k` of the stripes and :math:`\hat p = R_z(\gamma)\,\hat k`,

    .. math:: \psi = \frac{2\pi}{\lambda}\,\hat k\cdot r + \varphi,\qquad
              m = \sin\psi\;\hat p + \cos\psi\;\hat z .

    Between up and the following down the in-plane part points along p: the helicity γ is 0 or π
    for Néel walls and ±π/2 for Bloch walls. `InterfacialDMI` with D > 0 favours γ = π, `BulkDMI`
    with D > 0 favours γ = -π/2.

    Parameters
    ----------
    mesh
        Mesh of the film; all its layers are the same. Along a periodic axis the stripes fit only
        if a whole number of periods does.
    period
        Distance λ after which the magnetization repeats, m.
    direction
        Angle of the stripes' normal k with the x axis, rad.
    helicity
        Angle γ from k to the in-plane part, rad.
    phase
        Angle φ of the magnetization against z at the corner of the mesh, rad.
    outline
        Which cells are film, true or false: ``(nx, ny)`` or ``(nx, ny, nz)``; m is zero elsewhere.

    Returns
    -------
    Array
        Unit vectors ``(3, nx, ny, nz)`` without unit, in the default precision.

    Raises
    ------
    SpinlearnValueError
        If a period has fewer than four cells, a number is not finite, or the outline does not fit.

    Examples
    --------
    >>> from spinlearn import Mesh
    >>> from spinlearn.magnetics import stripe_state
    >>> mesh = Mesh((64, 64, 1), (4e-9, 4e-9, 10e-9))
    >>> bloch = stripe_state(mesh, period=64e-9, helicity=jnp.pi / 2)
    >>> bool(jnp.allclose(bloch[:, :16], bloch[:, 16:32], atol=1e-4))
    True
    >>> bool(jnp.allclose(bloch[0], 0, atol=1e-6))  # no component along the normal
    True
    """
    wave = 2 * np.pi / as_period(period, mesh)
    angle = as_number(direction, "direction", "rad")
    psi = wave * distance_along(angle, mesh) + as_number(phase, "phase", "rad")
    turned = angle + as_number(helicity, "helicity", "rad")
    m = jnp.sin(psi) * jnp.cos(turned), jnp.sin(psi) * jnp.sin(turned), jnp.cos(psi)
    return on_cells(m, mesh, outline)


def maze_state(
    mesh: Mesh,
    *,
    key: Key,
    period: Any,
    wall_width: Any = None,
    helicity: Any = 0.0,
    bandwidth: Any = 0.15,
    outline: Outline = None,
) -> Float[Array, "3 nx ny nz"]:
    r"""A random labyrinth of up and down domains with walls of one width and one helicity.

    White noise, filtered by :math:`\exp[-(|k|-k_0)^2/(2 b^2 k_0^2)]` with
    :math:`k_0 = 2\pi/\lambda`, gives a smooth random n; its zeros are the walls. With the distance
    from the wall to first order, :math:`s = n/|\nabla n|`, and
    :math:`\hat p = -R_z(\gamma)\,\nabla n/|\nabla n|`,

    .. math:: m = \frac{\hat p}{\cosh(s/\Delta)} + \tanh(s/\Delta)\,\hat z .

    The filtered noise is Cahn's picture of spinodal decomposition (J. Chem. Phys. 42, 93, 1965);
    the wall is the profile of Landau and Lifshitz. Where two walls almost touch they are narrower
    than Δ. The texture is not a minimum of any energy: relax it.

    Parameters
    ----------
    mesh
        Mesh of the film; all its layers are the same. The labyrinth repeats along periodic axes.
    key
        Typed JAX key; equal keys give equal states (of one precision).
    period
        Mean distance λ from one up domain to the next, m.
    wall_width
        Wall width parameter Δ, m; by default a tenth of the period.
    helicity
        Angle γ of the walls' in-plane part against the direction from up to down, rad: 0 or π for
        Néel walls, ±π/2 for Bloch walls, as in `stripe_state`.
    bandwidth
        Relative spread b of the wave numbers, without unit: smaller is straighter.
    outline
        Which cells are film, true or false: ``(nx, ny)`` or ``(nx, ny, nz)``; m is zero elsewhere.

    Returns
    -------
    Array
        Unit vectors ``(3, nx, ny, nz)`` without unit, in the default precision.

    Raises
    ------
    SpinlearnValueError
        If a period has fewer than four cells, a length or the bandwidth is not positive, the key
        is not one typed key, or the outline does not fit.

    Examples
    --------
    >>> from spinlearn import Mesh, key_from_seed
    >>> from spinlearn.magnetics import maze_state
    >>> mesh = Mesh((128, 128, 1), (4e-9, 4e-9, 2e-9))
    >>> m = maze_state(mesh, key=key_from_seed(1), period=80e-9)
    >>> bool(jnp.abs(m[2].mean()) < 0.1), bool(jnp.mean(jnp.abs(m[2]) > 0.9) > 0.3)
    (True, True)
    """
    period = as_period(period, mesh)
    width = 0.1 * period if wall_width is None else as_length(wall_width, "wall_width")
    spread = as_number(bandwidth, "bandwidth", "1")
    require(spread > 0, "bandwidth", bandwidth, "a positive number", "Use e.g. 0.15.")
    noise, slope_x, slope_y = _filtered_noise(check_key(key), period, spread, mesh)
    square = slope_x**2 + slope_y**2
    flat = square <= 0
    slope = jnp.sqrt(jnp.where(flat, 1, square))
    distance = noise / jnp.where(flat, 0, slope).clip(1e-12) * (period / (2 * np.pi))
    up, across = wall_profile(distance / width)
    # Where the noise has no slope there is no wall, and any direction does.
    px, py = jnp.where(flat, -1, -slope_x / slope), jnp.where(flat, 0, -slope_y / slope)
    angle = as_number(helicity, "helicity", "rad")
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    m = across * (cos * px - sin * py), across * (sin * px + cos * py), up
    return on_cells(tuple(c[..., None] for c in m), mesh, outline)


def _filtered_noise(
    key: Key, period: Array, bandwidth: Array, mesh: Mesh
) -> tuple[Array, Array, Array]:
    """Noise around one wave number, and its slopes along x and y over that wave number."""
    real = jnp.result_type(float)
    # Twice the cells along open axes: the transform is periodic, the film is not.
    cells = [
        n if n == 1 or periodic else 2 * n
        for n, periodic in zip(mesh.shape[:2], mesh.periodic[:2], strict=True)
    ]
    kx, ky = (
        jnp.asarray(np.fft.fftfreq(n), real) / jnp.asarray(mesh.cell[axis], real)
        for axis, n in enumerate(cells)
    )
    # The period outside of the root, which has no derivative where the wave number is zero.
    relative = period * jnp.sqrt(kx[:, None] ** 2 + ky[None, :] ** 2)
    exponent = -0.5 * ((relative - 1) / bandwidth) ** 2
    # The strongest wave has weight one: few cells or a narrow band leave none without this.
    weight = jnp.exp(exponent - jnp.max(exponent))
    # Drawn in one precision, so that every precision has the same labyrinth.
    white = jax.random.normal(stream(key, "maze state"), tuple(cells), jnp.float32)
    noise = jnp.fft.fft2(white.astype(real))
    waves = noise * weight.astype(noise.dtype)
    nx, ny, _ = mesh.shape
    slope_x, slope_y = ((period * k).astype(noise.dtype) * 1j for k in (kx, ky))
    value, along_x, along_y = (
        jnp.fft.ifft2(w).real[:nx, :ny]
        for w in (waves, waves * slope_x[:, None], waves * slope_y[None, :])
    )
    return value, along_x, along_y
