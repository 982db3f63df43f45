"""The loss: what a network is asked to make small."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from lab.components.base import Component, check_choice, check_signature
from lab.trace.graph import Var


class Loss(Component):
    """Abstract: a loss, together with the head whose output it judges.

    `head` turns the net input of the output layer into predictions: `linear`, `softmax` or `sigmoid`. `target_kind` is
    what the targets are: `real` numbers, one `class` of K, or K times yes or no (`binary`).
    """

    head: ClassVar[Literal["linear", "softmax", "sigmoid"]]
    target_kind: ClassVar[Literal["real", "class", "binary"]]
    _kind = "loss"

    @abstractmethod
    def equation(self, prediction: Var, target: Var) -> Var:
        """The loss of one prediction, a scalar, as an equation that is traced like a cell's.

        `prediction` is the net input of the head, (K,): with it a softmax and its logarithm stay finite together.
        `target` is (K,), or a whole scalar where targets are classes.
        """

    @classmethod
    def check_declaration(cls) -> None:
        super().check_declaration()
        check_choice(cls, "head", ("linear", "softmax", "sigmoid"))
        check_choice(cls, "target_kind", ("real", "class", "binary"))
        check_signature(cls, Loss, "equation")
