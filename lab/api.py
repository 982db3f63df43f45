"""All that a plugin may import. `API_VERSION` is what `LAB_API` in a plugin file is compared with."""

from lab.components.algorithm import Algorithm, Batch, Learner, Rows, Step
from lab.components.baselines import root_mean_squared_errors
from lab.components.cell import Cell
from lab.components.dataset import Continuation, Data, Dataset, Sequences
from lab.components.files import check_memory, read_text
from lab.components.hookspecs import API_VERSION, hookimpl
from lab.components.loss import Loss
from lab.components.metric import Metric
from lab.components.optimizer import Optimizer
from lab.components.probe import Course, LayerLook, Look, Probe, Rival, Series
from lab.components.schedule import Schedule
from lab.components.tables import Table, read_csv
from lab.components.windows import cut_series
from lab.errors import DataError, HyperparameterError, LabError, PluginError
from lab.gradients.decay import Decay, decay, mean_by_lag
from lab.gradients.linear import Factor, LinearLayer
from lab.gradients.spectrum import eigenvalues, singular_values
from lab.gradients.unrolled import ThroughTime
from lab.hyperparameters import Activation, hyperparameter
from lab.model.initialisers import (
    Initialiser,
    constant,
    fixed,
    glorot,
    he,
    identity,
    normal,
    orthogonal,
    spectral,
    uniform,
    zeros,
)
from lab.resources import resource_folder
from lab.trace.functions import (
    activate,
    broadcast,
    concat,
    cos,
    exp,
    floor,
    gather,
    log,
    log_sum_exp,
    maximum,
    minimum,
    one_hot,
    outer,
    reduce_max,
    reduce_mean,
    reduce_sum,
    relu,
    reshape,
    sigmoid,
    sign,
    sin,
    softmax,
    sqrt,
    stop_gradient,
    tanh,
    where,
)
from lab.trace.graph import Var
from lab.trace.tracer import Next

__all__ = [
    "API_VERSION", "Activation", "Algorithm", "Batch", "Cell", "Continuation", "Course", "Data", "DataError", "Dataset",
    "Decay", "Factor", "HyperparameterError", "Initialiser", "LabError", "LayerLook", "Learner", "LinearLayer", "Look",
    "Loss", "Metric",
    "Next", "Optimizer", "PluginError", "Probe", "Rival", "Rows", "Schedule", "Sequences", "Series", "Step", "Table",
    "ThroughTime", "Var", "activate", "broadcast", "check_memory", "concat", "constant", "cos", "cut_series",
    "decay", "eigenvalues", "exp", "fixed", "floor", "gather", "glorot", "he", "hookimpl", "hyperparameter",
    "identity", "log", "log_sum_exp", "maximum", "mean_by_lag", "minimum", "normal", "one_hot", "orthogonal", "outer",
    "read_csv", "read_text", "reduce_max", "reduce_mean", "reduce_sum", "relu", "reshape", "resource_folder",
    "root_mean_squared_errors", "sigmoid", "sign", "sin", "singular_values", "softmax", "spectral", "sqrt",
    "stop_gradient", "tanh", "uniform", "where", "zeros",
]  # fmt: skip
