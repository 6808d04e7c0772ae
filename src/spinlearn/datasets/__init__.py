"""Patterns to learn, and probes to recall them from; labelled images."""

from spinlearn.datasets.characters import characters, digits, letters
from spinlearn.datasets.corruption import corrupt
from spinlearn.datasets.digit_images import digit_images
from spinlearn.datasets.idx import read_idx
from spinlearn.datasets.image_files import read_images
from spinlearn.datasets.images import Images, binarize
from spinlearn.datasets.published_images import fashion_mnist, mnist
from spinlearn.datasets.random_patterns import overlap_matrix, similar_patterns
from spinlearn.datasets.teacher import teacher_examples

__all__ = [
    "Images",
    "binarize",
    "characters",
    "corrupt",
    "digit_images",
    "digits",
    "fashion_mnist",
    "letters",
    "mnist",
    "overlap_matrix",
    "read_idx",
    "read_images",
    "similar_patterns",
    "teacher_examples",
]
