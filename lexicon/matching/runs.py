"""Runs of equal values in arrays that are sorted. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def begins(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether a run begins here."""
    result = np.ones(len(values), bool)
    result[1:] = values[1:] != values[:-1]
    return result


def ranks(values: NDArray[Any]) -> NDArray[np.int64]:
    """The place of each value in its run, from 0."""
    at = np.arange(len(values))
    return at - np.maximum.accumulate(np.where(begins(values), at, 0))


def distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Any values, sorted, each once. Numpy's unique hashes them, which is slow for very many."""
    ordered = np.sort(values)
    return ordered[begins(ordered)]
