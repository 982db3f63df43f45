"""Changes while a run lasts: those asked for now, and those of the plan, made again at the updates it has for them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import final

from lab.training.live import BATCH_SIZE, value_of, with_value
from lab.training.plan import LiveChange, Plan
from lab.training.setup import Setup


@final
class Changes:
    """The changes of a plan that are still to be made, in order. A change is made before the update after its own.

    Another change by hand ends what was to be made again: from there on it is another history.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.waiting = list(plan.changes)
        self.made_again: list[LiveChange] = []
        """Those of the plan that were made since someone last looked."""
        self._asked: list[LiveChange] = []

    def ask(self, setup: Setup, update: int, key: str, value: object) -> LiveChange:
        """A change for the next update, with the value before it. LabError where it cannot be.

        The value that is there already is no change, and is not kept; but what was to be made again after it is not
        made then.
        """
        for waiting in self.waiting:
            if waiting.update <= update and not waiting.by_hand:
                setup = with_value(setup, waiting.key, waiting.value)
        changed = with_value(setup, key, value)
        change = LiveChange(update=update, key=key, value=value_of(changed, key), before=value_of(setup, key))
        self._forget_after(update)
        if change.value == change.before:
            return change
        self.waiting.append(change)
        self._asked.append(change)
        self.plan.changes.append(change)
        return change

    def by_hand(self, update: int, name: str) -> LiveChange:
        """Note that a parameter was set."""
        self._forget_after(update)
        change = LiveChange(update=update, key=f"weights.{name}")
        self.plan.changes.append(change)
        return change

    def due(self, update: int, *, resize: bool) -> list[LiveChange]:
        """The changes to make before the next update; with `resize` the batch size may be among them."""
        due = [one for one in self.waiting if one.update <= update and (resize or one.key != BATCH_SIZE)]
        self.waiting = [one for one in self.waiting if one not in due]
        self.made_again += [one for one in due if one not in self._asked]
        return [one for one in due if not one.by_hand]

    def passed(self, update: int) -> Iterable[LiveChange]:
        """Those made before a state after `update` updates was taken; parameters set by hand are in that state."""
        passed = [one for one in self.waiting if one.update < update]
        hands = [one for one in self.waiting if one.update == update and one.by_hand]
        self.waiting = [one for one in self.waiting if one not in passed and one not in hands]
        return [one for one in passed if not one.by_hand]

    def hold(self, update: int) -> None:
        """What is still waiting now belongs to this update, so that a state taken here knows that it was not made."""
        for index, change in enumerate(self.waiting):
            if change.update < update:
                held = replace(change, update=update)
                self.plan.changes[self.plan.changes.index(change)] = held
                self._asked = [held if one is change else one for one in self._asked]
                self.waiting[index] = held

    def _forget_after(self, update: int) -> None:
        later = [one for one in self.waiting if one.update > update]
        self.waiting = [one for one in self.waiting if one not in later]
        self.plan.changes[:] = [one for one in self.plan.changes if one not in later]
