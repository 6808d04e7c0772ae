"""Oersted field: its kernel to all digits, wires, sheets and loops, and what missing leads do."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import simpson

from spinlearn import Mesh, SpinlearnValueError
from spinlearn.magnetics._demag_tensor import COMPONENTS, _triangle_rule, demag_tensor
from spinlearn.magnetics._oersted_kernel import biot_savart
from spinlearn.magnetics.oersted import OerstedField

# Offset, cell, kernel: mpmath with 60 digits.
DIGITS = [
    ((1, 0, 0), (1.0, 1.0, 1.0), (0.0736872474140786, 0.0, 0.0)),
    ((1, 1, 1), (1.0, 1.0, 1.0), (0.0155265889105121, 0.0155265889105121, 0.0155265889105121)),
    ((2, 0, 0), (1.0, 1.0, 1.0), (0.0197290830244247, 0.0, 0.0)),
    ((1, 2, 3), (1.0, 1.0, 1.0), (0.00151841446824287, 0.00303787620911741, 0.00455924423744767)),
    ((6, 1, 0), (1.0, 1.0, 1.0), (0.00212129523575054, 0.000353478447443863, 0.0)),
    (
        (50, -20, 7),
        (1.0, 1.0, 1.0),
        (2.48455137027748e-5, -9.93820524377374e-6, 3.47837182142743e-6),
    ),
    ((700, 300, 0), (1.0, 1.0, 1.0), (1.26109030125616e-7, 5.40467271966601e-8, 0.0)),
    ((0, 0, 1), (1.0, 1.0, 0.1), (0.0, 0.0, 0.0341111051302862)),
    ((1, 1, 3), (1.0, 1.0, 0.1), (0.00295139618817404, 0.00295139618817404, 0.00127339210643349)),
    (
        (2, -1, 4),
        (1.0, 1.0, 0.1),
        (0.00141998917648489, -0.000705284837115138, 0.00031598521459547),
    ),
    ((12, 5, 1), (1.0, 1.0, 0.1), (4.3525178564324e-5, 1.81353604666692e-5, 3.6377681414126e-7)),
    ((1, 0, 0), (1.0, 0.5, 0.2), (0.0149186134581492, 0.0, 0.0)),
    (
        (300, 40, 5),
        (1.0, 0.5, 0.2),
        (8.78321618938532e-8, 5.85550174930829e-9, 2.92775427526483e-10),
    ),
    ((2, 1, 0), (0.1, 0.1, 1.0), (0.00512985379563346, 0.00255525278999559, 0.0)),
    ((15, 12, 0), (0.1, 0.1, 1.0), (0.000158401138323371, 0.000126720857215652, 0.0)),
    ((60, 30, 0), (0.1, 0.1, 1.0), (1.57308915634045e-5, 7.86544571446167e-6, 0.0)),
]


def kernel_at(offset: tuple[float, ...], cell: tuple[float, ...]) -> np.ndarray:
    x, y, z = (np.array([v], np.float64) for v in offset)
    return biot_savart((x, y, z), np.asarray(cell)).reshape(3)


def real(values: np.ndarray) -> jax.Array:
    return jnp.asarray(values, jnp.result_type(float))


def wire(mesh: Mesh, y: slice, z: slice, density: float = 1e12) -> jax.Array:
    """A current along x through the whole length of the mesh."""
    current = np.zeros((3, *mesh.shape))
    current[0, :, y, z] = density
    return real(current)


# --- The kernel ------------------------------------------------------------------------------


@pytest.mark.parametrize(("offset", "cell", "exact"), DIGITS)
def test_kernel_agrees_with_sixty_digits(
    offset: tuple[int, ...], cell: tuple[float, ...], exact: tuple[float, ...]
) -> None:
    error = np.linalg.norm(kernel_at(offset, cell) - exact) / np.linalg.norm(exact)
    assert error < (3e-10 if cell == (0.1, 0.1, 1.0) else 3e-11)


def _graded(offset: int, edge: float) -> tuple[np.ndarray, np.ndarray]:
    """Points for the weight 1 - |t| around an offset, ever closer towards zero distance."""
    x, w = np.polynomial.legendre.leggauss(8)
    ends = np.concatenate([[0.0], 0.5 ** np.arange(12.0, -1, -1)])
    length = np.diff(ends)[:, None]
    unit, weight = (ends[:-1, None] + 0.5 * length * (x + 1)).ravel(), (0.5 * length * w).ravel()
    # Above and below the offset the point closest to zero is the end that the panels crowd at.
    sides = [offset + unit if offset >= 0 else offset + 1 - unit]
    sides.append(offset - unit if offset <= 0 else offset - 1 + unit)
    points = np.concatenate(sides)
    return points * edge, np.concatenate([weight, weight]) * (1 - np.abs(points - offset))


@pytest.mark.parametrize(
    ("offset", "cell"),
    [
        ((1, 0, 0), (1.0, 1.0, 1.0)),
        ((1, 1, 1), (1.0, 1.0, 1.0)),
        ((0, 0, 1), (1.0, 0.7, 0.1)),
        ((1, 2, 0), (1.0, 0.7, 0.1)),
    ],
)
def test_kernel_of_neighbours_is_the_integral(
    offset: tuple[int, int, int], cell: tuple[float, float, float]
) -> None:
    (x, p), (y, q), (z, s) = (_graded(n, e) for n, e in zip(offset, cell, strict=True))
    total = np.zeros(3)
    for xi, pi in zip(x, p, strict=True):
        cube = (xi**2 + y[:, None] ** 2 + z[None, :] ** 2) ** 1.5
        weighted = pi * q[:, None] * s[None, :] / cube
        total += [np.sum(c * weighted) for c in (xi, y[:, None], z[None, :])]
    total *= np.prod(cell) / (4 * np.pi)
    exact = kernel_at(offset, cell)
    assert np.abs(total - exact).max() < 1e-9 * np.linalg.norm(exact)


def test_kernel_is_odd_and_zero_where_it_must_be() -> None:
    offsets = np.arange(-4, 5)
    kernel = biot_savart((offsets, offsets, offsets), np.array([1.0, 0.6, 0.3]))
    for axis in range(3):
        flipped = np.flip(kernel, axis + 1)
        signs = np.where(np.arange(3) == axis, -1.0, 1.0).reshape(3, 1, 1, 1)
        np.testing.assert_allclose(flipped, signs * kernel, rtol=0, atol=1e-13)
        assert np.all(np.take(kernel[axis], 4, axis) == 0)


@pytest.mark.parametrize(
    ("offset", "rtol"),
    [((0, 0, 0), 1e-3), ((1, 1, 0), 1e-3), ((3, 2, 1), 1e-5), ((20, 3, 0), 1e-5)],
)
@pytest.mark.parametrize("cell", [(1.0, 1.0, 1.0), (1.0, 0.8, 0.3)])
def test_slope_of_the_kernel_is_the_demagnetization_tensor(
    offset: tuple[int, int, int], cell: tuple[float, float, float], rtol: float
) -> None:
    """Both are derivatives of one potential, so that the slope of K is N."""
    x, y, z = (np.array([n]) for n in offset)
    tensor = demag_tensor((x, y, z), np.asarray(cell)).reshape(6)
    step = 1e-4
    for component, (i, j) in enumerate(COMPONENTS):
        shift = step * np.eye(3)[j]
        above, below = (kernel_at(tuple(offset + s * shift), cell)[i] for s in (1, -1))
        slope = (above - below) / (2 * step * cell[j])
        assert abs(slope - tensor[component]) < rtol * np.abs(tensor).max()


# --- The convolution -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape", [(5, 4, 3), (4, 5, 1), (6, 1, 1), (1, 5, 1), (1, 1, 4), (1, 3, 4), (1, 1, 1)]
)
def test_field_is_the_sum_over_all_cells(shape: tuple[int, int, int], rtol: float) -> None:
    mesh = Mesh(shape, (4e-9, 3e-9, 2e-9))
    density = np.random.default_rng(1).normal(size=(3, *shape)) * 1e12
    x, y, z = (np.arange(1 - n, n) for n in shape)
    kernel = biot_savart((x, y, z), mesh.cell)
    exact = np.zeros_like(density)
    for to in np.ndindex(*shape):
        for of in np.ndindex(*shape):
            apart = tuple(t - o + n - 1 for t, o, n in zip(to, of, shape, strict=True))
            exact[(slice(None), *to)] += np.cross(
                density[(slice(None), *of)], kernel[(slice(None), *apart)]
            )
    field = np.asarray(OerstedField(mesh).field(real(density)))
    # In one cell there is no field; elsewhere it is some 1e3 A/m.
    np.testing.assert_allclose(field, exact, rtol=0, atol=10 * rtol * np.abs(exact).max())


def test_field_follows_the_precision_of_the_current_and_the_size_of_the_mesh(rtol: float) -> None:
    mesh, twice = (Mesh((6, 5, 2), np.array([4e-9, 3e-9, 2e-9]) * k) for k in (1, 2))
    density = wire(mesh, slice(1, 3), slice(0, 1))
    field = OerstedField(mesh)
    assert field.field(density.astype(jnp.float32)).dtype == jnp.float32
    assert field(density).dtype == jnp.result_type(float)
    np.testing.assert_allclose(
        OerstedField(twice)(density),
        2 * field(density),
        rtol=0,
        atol=10 * rtol * float(jnp.abs(field(density)).max()),
    )


def test_field_under_jit_vmap_and_grad(rtol: float) -> None:
    mesh = Mesh((6, 5, 2), (4e-9, 3e-9, 2e-9))
    field = OerstedField(mesh)
    currents = real(np.random.default_rng(2).normal(size=(3, 3, *mesh.shape)))
    many = jax.jit(jax.vmap(field.field))(currents)
    again = eqx.filter_jit(lambda f, j: f.field(j))(field, currents[1])
    scale = float(jnp.abs(many).max())
    np.testing.assert_allclose(many[1], field(currents[1]), rtol=0, atol=10 * rtol * scale)
    np.testing.assert_allclose(again, many[1], rtol=0, atol=10 * rtol * scale)
    # The kernel is odd and the vector product changes sign: the operator is symmetric.
    back = jax.vjp(field.field, currents[0])[1](currents[1])[0]
    np.testing.assert_allclose(back, field(currents[1]), rtol=0, atol=10 * rtol * scale)


# --- Against theory --------------------------------------------------------------------------


def _primitive(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """``∂²/∂u∂v`` of it is ``u/(u²+v²)``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where((u == 0) & (v == 0), 0.0, 0.5 * v * np.log(u**2 + v**2))
        return log + np.where(u == 0, 0.0, u * np.arctan(v / u))


def _bar(y: np.ndarray, z: np.ndarray, a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
    """Field (y, z), A/m, of 1 A/m² in an infinite bar ``|y| < a, |z| < b``."""

    def summed(u: np.ndarray, v: np.ndarray, p: float, q: float) -> np.ndarray:
        corners = [(s, t) for s in (1, -1) for t in (1, -1)]
        return sum((s * t * _primitive(u + s * p, v + t * q) for s, t in corners), np.zeros(()))

    return -summed(z, y, b, a) / (2 * np.pi), summed(y, z, a, b) / (2 * np.pi)


def test_long_straight_wire_of_rectangular_section(double: bool) -> None:
    mesh = Mesh((301, 9, 8), (4e-9, 2e-9, 3e-9))
    density = wire(mesh, slice(3, 6), slice(3, 5))
    field = np.asarray(OerstedField(mesh)(density), np.float64)[:, 150]
    _, dy, dz = mesh.cell
    a, b = 1.5 * dy, dz
    points, weights = np.polynomial.legendre.leggauss(16)
    y = (np.arange(9) - 4)[:, None, None, None] * dy + 0.5 * dy * points[:, None]
    z = (np.arange(8) - 3.5)[None, :, None, None] * dz + 0.5 * dz * points[None, :]
    # What the infinite wire has beyond the ends of ours.
    missing = 4 * a * b / (4 * np.pi * (0.5 * mesh.extent[0]) ** 2)
    hy, hz = _bar(y, z, a, b)
    local = np.stack(np.broadcast_arrays(hy + missing * z, hz - missing * y))
    exact = 1e12 * np.einsum("cijpq,p,q->cij", local, weights, weights) / 4
    assert np.abs(exact).max() > 1000
    largest = np.abs(exact).max()
    np.testing.assert_allclose(field[1:], exact, rtol=0, atol=(3e-6 if double else 2e-5) * largest)
    assert np.abs(field[0]).max() < (1e-12 if double else 1e-5) * largest
    # The right-hand rule: above a current along x the field points along -y.
    assert field[1, 4, 7] < 0 < field[1, 4, 0]


def _solid_angle(x: np.ndarray, y: np.ndarray, z: np.ndarray, a: float, b: float) -> np.ndarray:
    """Of a rectangle ``|x| < a, |y| < b`` seen from a point at height z."""
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape))
    for p in (x + a, a - x):
        for q in (y + b, b - y):
            total = total + np.arctan(p * q / (z * np.sqrt(p**2 + q**2 + z**2)))
    return total


def test_plane_sheet(double: bool) -> None:
    """A sheet's field is the current per width over 4π, times the solid angle it is seen under."""
    mesh = Mesh((32, 24, 4), (5e-9, 5e-9, 2e-9))
    density = wire(mesh, slice(None), slice(0, 1))
    field = np.asarray(OerstedField(mesh)(density), np.float64)
    gauss, weights = np.polynomial.legendre.leggauss(8)
    across, across_weights = _triangle_rule(12)
    i, j = 20, 5
    x = ((i - 15.5) + 0.5 * gauss)[:, None, None] * mesh.cell[0]
    y = ((j - 11.5) + 0.5 * gauss)[None, :, None] * mesh.cell[1]
    z = (2 + across)[None, None, :] * mesh.cell[2]
    angle = _solid_angle(x, y, z, 0.5 * mesh.extent[0], 0.5 * mesh.extent[1])
    mean = np.einsum("abc,a,b,c->", angle, weights, weights, across_weights) / 4
    exact = -1e12 * mesh.cell[2] * mean / (4 * np.pi)
    assert field[1, i, j, 2] == pytest.approx(exact, rel=1e-8 if double else 1e-5)
    # By symmetry the sheet has no in-plane field in itself.
    assert np.abs(field[:2, ..., 0]).max() < (1e-10 if double else 1e-5) * abs(exact)


def test_wide_sheet_has_half_its_current_per_width_on_either_side() -> None:
    mesh = Mesh((64, 64, 5), (200e-9, 200e-9, 1e-9))
    density = wire(mesh, slice(None), slice(2, 3))
    field = np.asarray(OerstedField(mesh)(density))[1, 32, 32]
    half = 0.5 * 1e12 * 1e-9
    np.testing.assert_allclose(field, [half, half, 0, -half, -half], rtol=0, atol=1e-3 * half)


def _circulation(field: np.ndarray, mesh: Mesh, x: int, y: slice, z: slice) -> float:
    """Around a rectangle through cell centres; means over cells are values of a filtered field."""
    inside = field[:, x, y, z]
    along_y = simpson(inside[1, :, 0] - inside[1, :, -1], dx=mesh.cell[1])
    along_z = simpson(inside[2, -1] - inside[2, 0], dx=mesh.cell[2])
    return float(along_y + along_z)


def test_circulation_of_an_open_current_is_that_with_leads_from_everywhere(double: bool) -> None:
    mesh = Mesh((15, 25, 25), (2e-9, 2e-9, 2e-9))
    density = wire(mesh, slice(12, 13), slice(12, 13))
    field = np.asarray(OerstedField(mesh)(density), np.float64)
    current, half = 1e12 * 4e-18, 10.0
    around = _circulation(field, mesh, 7, slice(2, 23), slice(2, 23))
    # Current that spreads from an end crosses the loop's disc backwards, by its solid angle.
    t, w = _triangle_rule(8)
    gauss, weights = np.polynomial.legendre.leggauss(8)
    # Across the wire its end and the loop are averaged over a cell; along it, the loop alone.
    y, z, x = t[:, None, None], t[None, :, None], 7.5 + 0.5 * gauss[None, None, :]
    angle = np.einsum("abc,a,b,c->", _solid_angle(y, z, x, half, half), w, w, weights / 2)
    expected = current * (1 - 2 * angle / (4 * np.pi))
    assert expected < 0.6 * current
    assert around == pytest.approx(expected, rel=2e-4 if double else 3e-4)


def test_circulation_of_a_closed_current_is_the_current() -> None:
    """A square loop; its corners are as free of divergence as constant cells can be."""
    mesh = Mesh((41, 41, 17), (2e-9, 2e-9, 2e-9))
    density = np.zeros((3, *mesh.shape))
    low, high = 8, 32
    density[0, low : high + 1, low, 8], density[0, low : high + 1, high, 8] = 1e12, -1e12
    density[1, high, low : high + 1, 8], density[1, low, low : high + 1, 8] = 1e12, -1e12
    for i in (low, high):
        for j in (low, high):
            density[:, i, j, 8] /= 2
    field = np.asarray(OerstedField(mesh)(real(density)), np.float64)
    current = 1e12 * 4e-18
    around = _circulation(field, mesh, 20, slice(2, 15), slice(2, 15))
    assert around == pytest.approx(current, rel=1e-3)
    nothing = _circulation(field, mesh, 20, slice(14, 27), slice(2, 15))
    assert abs(nothing) < 1e-3 * current
    # In its middle: 2√2 I/(π a) for a square of side a, along +z for a counter-clockwise current.
    side = (high - low) * 2e-9
    assert field[2, 20, 20, 8] == pytest.approx(2 * np.sqrt(2) * current / (np.pi * side), rel=5e-3)


# --- Bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_periodic_mesh_is_refused(axis: int) -> None:
    periodic = [axis == a for a in range(3)]
    with pytest.raises(SpinlearnValueError, match="open axes") as caught:
        OerstedField(Mesh((4, 4, 1), (1e-9, 1e-9, 1e-9), periodic))
    assert caught.value.field == "mesh.periodic"


def test_traced_mesh_is_refused() -> None:
    with pytest.raises(SpinlearnValueError, match=r"outside jax\.jit"):
        eqx.filter_jit(OerstedField)(Mesh((4, 4, 1), (1e-9, 1e-9, 1e-9)))


@pytest.mark.parametrize(
    ("density", "message"),
    [
        (jnp.zeros((3, 4, 4)), "shape"),
        (jnp.zeros((3, 4, 4, 2)), "shape"),
        (jnp.zeros((3, 4, 4, 1), int), "dtype"),
        (None, "array"),
    ],
)
def test_bad_current_density_is_refused(density: jax.Array | None, message: str) -> None:
    field = OerstedField(Mesh((4, 4, 1), (1e-9, 1e-9, 1e-9)))
    with pytest.raises(SpinlearnValueError, match=message) as caught:
        field.field(density)
    assert caught.value.field == "current_density"
