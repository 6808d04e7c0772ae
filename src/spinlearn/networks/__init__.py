"""What computes on a substrate."""

from spinlearn.networks.readout import Readout
from spinlearn.networks.recall import Recall, recall, recall_by_currents
from spinlearn.networks.recovery import RecallTable, Recovery, recall_table, recovered

__all__ = [
    "Readout",
    "Recall",
    "RecallTable",
    "Recovery",
    "recall",
    "recall_by_currents",
    "recall_table",
    "recovered",
]
