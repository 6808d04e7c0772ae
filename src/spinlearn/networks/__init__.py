"""What computes on a substrate."""

from spinlearn.networks._learning_state import NoiseLearningState
from spinlearn.networks._probes import Recalls
from spinlearn.networks.asynchronous import recall_asynchronous
from spinlearn.networks.capacity import LoadCurve, load_curve
from spinlearn.networks.crossbar_weights import CrossbarWeights
from spinlearn.networks.differential import Course, DifferentialLinks
from spinlearn.networks.energy import energy, overlap
from spinlearn.networks.feedforward import Activity, Feedforward, FeedforwardState
from spinlearn.networks.heat_bath import ThermalRecalls, recall_thermal
from spinlearn.networks.hebbian import recall_hebbian
from spinlearn.networks.hopfield import Hopfield
from spinlearn.networks.layer_weights import AbstractLayerWeights
from spinlearn.networks.lesson import Lesson, teach
from spinlearn.networks.link_weights import LinkWeights
from spinlearn.networks.mean_field import mean_field_capacity, mean_field_overlap
from spinlearn.networks.noise_learning import NoiseLearning
from spinlearn.networks.readout import Readout
from spinlearn.networks.recall import Recall, recall, recall_by_currents
from spinlearn.networks.recall_curve import RecallCurve, recall_curve
from spinlearn.networks.recovery import RecallTable, Recovery, recall_table, recovered
from spinlearn.networks.spike_labels import count_labels, vote
from spinlearn.networks.spiking import Answers, Lessons, SpikingState, SpikingWTA
from spinlearn.networks.synchronous import recall_synchronous

__all__ = [
    "AbstractLayerWeights",
    "Activity",
    "Answers",
    "Course",
    "CrossbarWeights",
    "DifferentialLinks",
    "Feedforward",
    "FeedforwardState",
    "Hopfield",
    "Lesson",
    "Lessons",
    "LinkWeights",
    "LoadCurve",
    "NoiseLearning",
    "NoiseLearningState",
    "Readout",
    "Recall",
    "RecallCurve",
    "RecallTable",
    "Recalls",
    "Recovery",
    "SpikingState",
    "SpikingWTA",
    "ThermalRecalls",
    "count_labels",
    "energy",
    "load_curve",
    "mean_field_capacity",
    "mean_field_overlap",
    "overlap",
    "recall",
    "recall_asynchronous",
    "recall_by_currents",
    "recall_curve",
    "recall_hebbian",
    "recall_synchronous",
    "recall_table",
    "recall_thermal",
    "recovered",
    "teach",
    "vote",
]
