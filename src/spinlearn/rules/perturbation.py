"""Credit from noise: what a change of the loss says of the units that were perturbed."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Float

Array = jax.Array
Layers = Sequence[Array]


def node_perturbation(
    noise: Layers, loss_change: Array, deviation: Array
) -> tuple[Float[Array, "*batch post"], ...]:
    r"""Derivatives of the loss by the weighted sums, from the noise that was added to them.

    .. math:: \hat g = \frac{\Delta L\, \varepsilon}{\sigma^2}

    Its mean is the derivative, as far as the loss is linear in the noise. For Gaussian noise its
    variance, over all N units, is (N + 1)|g|²; the least there is, for noise of ±σ, is (N - 1)|g|².

    Parameters
    ----------
    noise
        Of every layer, ``(*batch, post)``: of a noisy pass beside a clean one, or the difference of
        two noisy ones (unit of the sums).
    loss_change
        Loss with this noise less the loss without, or of the first pass less that of the second,
        ``(*batch,)``.
    deviation
        σ of `noise`, √2 times that of a source where two passes differ (unit of the sums).

    Returns
    -------
    tuple
        One array for every layer, of the shape of its noise (unit of the loss over that of sums;
        no unit for networks).

    References
    ----------
    B. Widrow and M. A. Lehr, Proc. IEEE 78, 1415 (1990); Phys. Rev. Applied 23, 054035 (2025).

    Examples
    --------
    >>> node_perturbation([jnp.array([0.1, -0.1])], jnp.array(0.02), jnp.array(0.1))[0].round(3)
    Array([ 0.2, -0.2], dtype=float32)
    """
    scale = (loss_change / deviation**2)[..., None]
    return tuple(scale * own for own in noise)


def activity_node_perturbation(
    changes: Layers, loss_change: Array
) -> tuple[Float[Array, "*batch post"], ...]:
    r"""Derivatives of the loss by the weighted sums, from how these changed between two passes.

    .. math:: \hat g = N \frac{\Delta L\, \delta a}{|\delta a|^2}

    over all N units of all layers. Nothing has to be known of the noise. Changes that came from
    layers before are among δa: with δa = (1 - A)⁻¹ ε the mean goes along (1 - A)⁻¹ g rather than g,
    for many units, over which \|δa\|² averages. Both agree in the first layer, and nearly so where
    weights are small. Examples in which nothing changed give zero.

    Parameters
    ----------
    changes
        Of every layer, ``(*batch, post)``: sums of the first pass less those of the second.
    loss_change
        The same of the loss, ``(*batch,)``.

    Returns
    -------
    tuple
        One array for every layer (unit of the loss over that of sums; no unit for networks).

    References
    ----------
    S. Dalm et al., arXiv 2310.00965 (2023); Phys. Rev. Applied 23, 054035 (2025).

    Examples
    --------
    >>> still = jnp.zeros((1, 2))
    >>> activity_node_perturbation([still, still], jnp.array([0.1]))[0].tolist()
    [[0.0, 0.0]]
    """
    squared = jnp.asarray(sum(jnp.sum(own * own, axis=-1) for own in changes))
    scale = _over(sum(own.shape[-1] for own in changes) * loss_change, squared)[..., None]
    return tuple(scale * own for own in changes)


def layer_perturbation(
    changes: Layers, loss_change: Array
) -> tuple[Float[Array, "*batch post"], ...]:
    r"""The same for every layer by itself: N and \|δa\| are those of a layer's own units.

    What a layer changes further on is its own doing, so that the mean goes along the derivative of
    the loss by its sums, through the covariance of δa within the layer alone.

    Parameters
    ----------
    changes, loss_change
        As in `activity_node_perturbation`.

    Returns
    -------
    tuple
        One array for every layer (unit of the loss over that of sums; no unit for networks).

    Examples
    --------
    >>> change = jnp.array([[1.0, 0.0]])
    >>> layer_perturbation([change, 2 * change], jnp.array([0.1]))[1].round(3).tolist()
    [[0.10000000149011612, 0.0]]
    """
    return tuple(activity_node_perturbation([own], loss_change)[0] for own in changes)


def weight_perturbation(
    noise: Layers, loss_change: Array, deviation: Array
) -> tuple[Float[Array, "post pre"], ...]:
    r"""Derivatives of the loss by weights, from noise that was added to them.

    .. math:: \hat G = \frac{\Delta L\, \xi}{\sigma^2}

    Its variance grows with the number of weights.

    Parameters
    ----------
    noise
        Of every layer, ``(post, pre)``, the same for a whole batch (unit of the weights).
    loss_change
        Of the batch, one number.
    deviation
        σ of `noise` (unit of the weights).

    Returns
    -------
    tuple
        One array for every layer (unit of the loss over that of weights; no unit for networks).

    Examples
    --------
    >>> weight_perturbation([jnp.full((1, 2), 0.1)], jnp.array(0.01), jnp.array(0.1))[0].shape
    (1, 2)
    """
    scale = loss_change / deviation**2
    return tuple(scale * own for own in noise)


def _over(value: Array, squared: Array) -> Array:
    """A quotient, zero where nothing changed: both branches stay finite."""
    some = squared > jnp.finfo(squared.dtype).tiny
    return jnp.where(some, value / jnp.where(some, squared, 1.0), 0.0)
