"""Rows of the pool turned into rows of one episode."""

import numpy as np

from engines.exchange import UNLABELLED_ROW, RowMap


def rows_of_episode(rows: RowMap, classes: tuple[int, ...]) -> RowMap:
    """(H, W) rows of the pool -> 1 to N for the classes of an episode, 0 the rest, 255 unsaid."""
    table = np.zeros(256, np.uint8)
    table[UNLABELLED_ROW] = UNLABELLED_ROW
    table[list(classes)] = np.arange(1, len(classes) + 1)
    mapped: RowMap = table[rows]
    return mapped
