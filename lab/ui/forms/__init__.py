"""The form of an experiment, made from the declared hyperparameters."""

from lab.ui.forms.panel import ExperimentPanel

__all__ = ["ExperimentPanel"]
