"""Learning rules as pure functions of weights and patterns."""

from spinlearn.rules.covariance import covariance, covariance_step
from spinlearn.rules.hebb import hebb, hebb_step
from spinlearn.rules.oja_clamped import oja_clamped, oja_clamped_step
from spinlearn.rules.oja_neuron import oja_neuron, oja_neuron_step
from spinlearn.rules.oja_objective import oja_gradient, oja_objective
from spinlearn.rules.oja_subspace import oja_subspace, oja_subspace_step
from spinlearn.rules.pseudo_inverse import pseudo_inverse, pseudo_inverse_step
from spinlearn.rules.storkey import storkey, storkey_step

__all__ = [
    "covariance",
    "covariance_step",
    "hebb",
    "hebb_step",
    "oja_clamped",
    "oja_clamped_step",
    "oja_gradient",
    "oja_neuron",
    "oja_neuron_step",
    "oja_objective",
    "oja_subspace",
    "oja_subspace_step",
    "pseudo_inverse",
    "pseudo_inverse_step",
    "storkey",
    "storkey_step",
]
