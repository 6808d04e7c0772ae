"""Published points, read from figures of arXiv 2412.12783v2 (± 0.3 points of accuracy)."""

from __future__ import annotations

from spinlearn.experiments.specs.koenders2025 import Koenders2025Spec

SOURCE = "Phys. Rev. Applied 23, 054035 (2025), arXiv 2412.12783v2"
#: Of what is read from a figure (no unit).
DIGITISED = 0.003
#: Accuracy on MNIST's test images by epochs, 3×500 units (no unit).
MNIST_PUBLISHED = {50: 0.954, 100: 0.964, 200: 0.968, 500: 0.969, 1000: 0.968, 2500: 0.9685}
MNIST_MEASURED = {50: 0.944, 100: 0.956, 200: 0.964, 500: 0.964, 1000: 0.965, 2500: 0.963}
#: Back-propagation, at the end (no unit).
MNIST_EXACT = {2500: 0.986}
#: Its distance from activity-based node perturbation with the simulated noise (no unit).
MNIST_GAP = 0.0175
#: Median loss of 2-2-2-1 students by epochs (no unit).
TEACHER = {1: 0.936, 2: 0.625, 5: 0.311, 10: 0.156, 20: 0.070, 30: 0.042, 40: 0.029, 50: 0.022}
#: From and to which epoch curves of students are compared, and by which factor.
TEACHER_EPOCHS, TEACHER_FACTOR = (10, 50), 2.0


def is_published_network(spec: Koenders2025Spec) -> bool:
    """Whether images and layers are those of the published curves."""
    return spec.data.name == "mnist" and spec.network.hidden == (500, 500, 500)


def is_published_teacher(spec: Koenders2025Spec) -> bool:
    """Whether students are those of the published curve."""
    data = spec.data
    sizes = (data.teacher_inputs, *spec.network.hidden, data.teacher_outputs)
    return data.name == "teacher" and sizes == (2, 2, 2, 1) and data.teacher_examples == 100
