"""Learning rules as pure functions of weights and patterns."""

from spinlearn.rules.covariance import covariance, covariance_step
from spinlearn.rules.decorrelation import decorrelation_step, off_diagonal_correlation
from spinlearn.rules.feedback import feedback_step
from spinlearn.rules.hebb import hebb, hebb_step
from spinlearn.rules.oja_clamped import oja_clamped, oja_clamped_step
from spinlearn.rules.oja_neuron import oja_neuron, oja_neuron_step
from spinlearn.rules.oja_objective import oja_gradient, oja_objective
from spinlearn.rules.oja_subspace import oja_subspace, oja_subspace_step
from spinlearn.rules.perturbation import (
    activity_node_perturbation,
    layer_perturbation,
    node_perturbation,
    weight_perturbation,
)
from spinlearn.rules.pseudo_inverse import pseudo_inverse, pseudo_inverse_step
from spinlearn.rules.stdp import on_fraction, stdp_step, stdp_winner_step
from spinlearn.rules.stdp_statistics import (
    stdp_probability,
    stdp_relaxation,
    stdp_stationary,
    stdp_variance,
)
from spinlearn.rules.stdp_windows import (
    count_inputs,
    count_probability,
    recent_inputs,
    spike_ages,
    window_probability,
)
from spinlearn.rules.storkey import storkey, storkey_step

__all__ = [
    "activity_node_perturbation",
    "count_inputs",
    "count_probability",
    "covariance",
    "covariance_step",
    "decorrelation_step",
    "feedback_step",
    "hebb",
    "hebb_step",
    "layer_perturbation",
    "node_perturbation",
    "off_diagonal_correlation",
    "oja_clamped",
    "oja_clamped_step",
    "oja_gradient",
    "oja_neuron",
    "oja_neuron_step",
    "oja_objective",
    "oja_subspace",
    "oja_subspace_step",
    "on_fraction",
    "pseudo_inverse",
    "pseudo_inverse_step",
    "recent_inputs",
    "spike_ages",
    "stdp_probability",
    "stdp_relaxation",
    "stdp_stationary",
    "stdp_step",
    "stdp_variance",
    "stdp_winner_step",
    "storkey",
    "storkey_step",
    "weight_perturbation",
    "window_probability",
]
