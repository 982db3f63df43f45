"""Support: which entries of a weight can be other than zero, and the bands that products are made of."""

import numpy as np

from lab.compile.support import MOST_BANDS, bands, spans, support_of
from lab.trace.functions import concat
from lab.trace.graph import Graph

TRIANGLE = np.triu(np.ones((4, 4)))


def test_a_constant_mask_says_what_is_zero_and_a_parameter_says_nothing() -> None:
    graph = Graph()
    weight, mask = graph.leaf("parameter", "U", (4, 4)), graph.leaf("constant", "M", (4, 4))
    full = graph.leaf("parameter", "V", (4, 4))
    constants = {mask: TRIANGLE}
    assert support_of(weight, constants) is None
    assert support_of(weight + full, constants) is None
    found = support_of(weight * mask * 2, constants)
    assert found is not None
    np.testing.assert_array_equal(found, TRIANGLE != 0)
    turned = support_of((weight * mask).T, constants)
    assert turned is not None
    np.testing.assert_array_equal(turned, TRIANGLE.T != 0)
    stacked = support_of(concat(weight * mask, full), constants)
    assert stacked is not None
    np.testing.assert_array_equal(stacked, np.concatenate([TRIANGLE, np.ones((4, 4))]) != 0)
    # A sum may be anything where one of its terms is.
    assert support_of(weight * mask + full, constants) is None


def test_bands_cover_the_support_and_are_few() -> None:
    random = np.random.default_rng(0)
    blocks = np.kron(np.triu(np.ones((4, 4))), np.ones((32, 32))) != 0
    assert bands(blocks) == [(0, 32, 0, 128), (32, 64, 32, 128), (64, 96, 64, 128), (96, 128, 96, 128)]
    for support in (blocks, np.triu(np.ones((50, 70))) != 0, random.random((33, 20)) < 0.1, np.zeros((3, 5), bool)):
        covered = np.zeros(support.shape, bool)
        found = bands(support)
        for start, end, first, last in found:
            covered[start:end, first:last] = True
        assert not (support & ~covered).any()
        assert len(found) <= MOST_BANDS
        assert [start for start, *_ in found] == [0, *(end for _, end, *_ in found[:-1])]
        assert found[-1][1] == len(support)


def test_spans_are_never_empty() -> None:
    found = spans(np.zeros((4, 6), bool), np.array([0, 2]))
    np.testing.assert_array_equal(found, [[0, 1], [0, 1]])
