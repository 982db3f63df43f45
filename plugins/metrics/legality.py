"""How much is right without a mistake, where several answers may be right at a step."""

import numpy as np

from lab.api import Metric, hookimpl


def right(predictions, targets, allowed):
    """Whether each row is right, (R,).

    Of classes: the k most probable are the k that are allowed. Of yes-or-no targets: every answer is right.
    """
    if targets.ndim > 1:
        return ((predictions > 0.5) == (targets > 0.5)).all(axis=1)
    within = np.where(allowed, predictions, np.inf).min(axis=1)
    beyond = np.where(allowed, -np.inf, predictions).max(axis=1)
    return within > beyond


def before_error(right, steps, columns):
    """Of each sequence how many rows are right before its first wrong one, and whether all are, two arrays (N,)."""
    order = np.lexsort((steps, columns))
    right, columns = right[order], columns[order]
    starts = np.flatnonzero(np.diff(columns, prepend=-1))
    rows = np.diff(np.append(starts, len(right)))
    place = np.arange(len(right)) - np.repeat(starts, rows)
    first = np.minimum.reduceat(np.where(right, np.repeat(rows, rows), place), starts)
    return first, first == rows


class LegalSteps(Metric):
    """The share of steps that are right: the k most probable symbols are the k legal ones."""

    name = "legal-steps"
    title = {"en": "Share of steps that are right", "zh": "正确步的比例"}
    better = "higher"

    def compute(self, predictions, targets, allowed):
        return float(np.mean(right(predictions, targets, allowed)))


class LegalSequences(Metric):
    """The share of sequences that are right in every step."""

    name = "legal-sequences"
    title = {"en": "Share of sequences without a mistake", "zh": "全对序列的比例"}
    better = "higher"

    def compute(self, predictions, targets, allowed, steps, columns):
        return float(np.mean(before_error(right(predictions, targets, allowed), steps, columns)[1]))


class StepsBeforeError(Metric):
    """How many steps of a sequence are right before its first mistake, on average."""

    name = "steps-before-error"
    title = {"en": "Steps before the first mistake", "zh": "首次出错前的步数"}
    better = "higher"

    def compute(self, predictions, targets, allowed, steps, columns):
        return float(np.mean(before_error(right(predictions, targets, allowed), steps, columns)[0]))


class SequencesBeforeError(Metric):
    """How many sequences, in their order, are right in every step before the first that is not."""

    name = "sequences-before-error"
    title = {"en": "Sequences before the first mistake", "zh": "首次出错前的序列数"}
    better = "higher"

    def compute(self, predictions, targets, allowed, steps, columns):
        whole = before_error(right(predictions, targets, allowed), steps, columns)[1]
        return float(np.append(whole, False).argmin())


@hookimpl
def lab_register_metrics():
    return [LegalSteps, LegalSequences, StepsBeforeError, SequencesBeforeError]
