"""Uses a file beside it."""

from lab.api import Schedule, hookimpl

from ._private.numbers import HALF


class Halved(Schedule):
    """Half of the base rate."""

    name = "halved"

    def rate(self, base, update, total, history):
        return HALF * base


@hookimpl
def lab_register_schedules():
    return [Halved]
