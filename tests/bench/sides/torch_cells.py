"""The custom cells in eager PyTorch: line by line as our plugins have them, and `stacked` by hand, as an expert would.

Stacked: what depends on no state goes ahead of the loop, and products of the same vector are one product.
"""

from collections.abc import Callable, Iterator
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from tests.bench.problems import PERIODS

Run = Callable[[dict[str, Tensor], Tensor, int], Iterator[Tensor]]
"""From the weights by name and x, (T, B, M), and D: the h of each step."""


def peephole_written(p: dict[str, Tensor], xs: Tensor, hidden: int) -> Iterator[Tensor]:
    """Gers & Schmidhuber (2000)."""
    h = c = xs.new_zeros(xs.shape[1], hidden)
    for x in xs:
        i = torch.sigmoid(h @ p["U_i"].T + x @ p["W_i"].T + p["V_i"] * c + p["b_i"])
        f = torch.sigmoid(h @ p["U_f"].T + x @ p["W_f"].T + p["V_f"] * c + p["b_f"])
        c = f * c + i * torch.tanh(h @ p["U_c"].T + x @ p["W_c"].T + p["b_c"])
        o = torch.sigmoid(h @ p["U_o"].T + x @ p["W_o"].T + p["V_o"] * c + p["b_o"])
        h = o * torch.tanh(c)
        yield h


def peephole_stacked(p: dict[str, Tensor], xs: Tensor, hidden: int) -> Iterator[Tensor]:
    """The same with one product in the loop."""
    h = c = xs.new_zeros(xs.shape[1], hidden)
    for projected in functional.linear(xs, p["W"], p["b"]):
        z_i, z_f, z_c, z_o = torch.addmm(projected, h, p["U"].T).chunk(4, 1)
        i = torch.sigmoid(torch.addcmul(z_i, p["V_i"], c))
        f = torch.sigmoid(torch.addcmul(z_f, p["V_f"], c))
        c = f * c + i * torch.tanh(z_c)
        h = torch.sigmoid(torch.addcmul(z_o, p["V_o"], c)) * torch.tanh(c)
        yield h


def coupled_written(p: dict[str, Tensor], xs: Tensor, hidden: int) -> Iterator[Tensor]:
    """Greff et al. (2017)."""
    h = c = xs.new_zeros(xs.shape[1], hidden)
    for x in xs:
        i = torch.sigmoid(h @ p["U_i"].T + x @ p["W_i"].T + p["b_i"])
        o = torch.sigmoid(h @ p["U_o"].T + x @ p["W_o"].T + p["b_o"])
        c = (1 - i) * c + i * torch.tanh(h @ p["U_c"].T + x @ p["W_c"].T + p["b_c"])
        h = o * torch.tanh(c)
        yield h


def coupled_stacked(p: dict[str, Tensor], xs: Tensor, hidden: int) -> Iterator[Tensor]:
    """The same with one product in the loop."""
    h = c = xs.new_zeros(xs.shape[1], hidden)
    for projected in functional.linear(xs, p["W"], p["b"]):
        z_i, z_c, z_o = torch.addmm(projected, h, p["U"].T).chunk(3, 1)
        c = torch.lerp(c, torch.tanh(z_c), torch.sigmoid(z_i))
        h = torch.sigmoid(z_o) * torch.tanh(c)
        yield h


def _clock(xs: Tensor, hidden: int) -> tuple[Tensor, Tensor]:
    """The periods of the units, (D,), and which reads which, (D, D)."""
    period = torch.tensor([PERIODS[unit * len(PERIODS) // hidden] for unit in range(hidden)])
    return period, (period[:, None] <= period).to(xs.dtype)


def clockwork_written(p: dict[str, Tensor], xs: Tensor, hidden: int) -> Iterator[Tensor]:
    """Koutník et al. (2014)."""
    period, mask = _clock(xs, hidden)
    h = xs.new_zeros(xs.shape[1], hidden)
    for t, x in enumerate(xs):
        new = torch.tanh(h @ (p["U"] * mask).T + x @ p["W"].T + p["b"])
        h = torch.where(t % period == 0, new, h)
        yield h


def clockwork_stacked(p: dict[str, Tensor], xs: Tensor, hidden: int) -> Iterator[Tensor]:
    """The same with the weights masked once; modules whose time has not come are not computed."""
    period, mask = _clock(xs, hidden)
    masked = (p["U"] * mask).T.contiguous()
    h = xs.new_zeros(xs.shape[1], hidden)
    for t, projected in enumerate(functional.linear(xs, p["W"], p["b"])):
        due = int((t % period == 0).sum())  # the periods divide one another: those whose time has come are the first
        new = torch.tanh(torch.addmm(projected[:, :due], h, masked[:, :due]))
        h = torch.cat([new, h[:, due:]], 1) if due < hidden else new
        yield h


def multiplicative_written(p: dict[str, Tensor], xs: Tensor, hidden: int) -> Iterator[Tensor]:
    """Sutskever, Martens & Hinton (2011)."""
    h = xs.new_zeros(xs.shape[1], hidden)
    for x in xs:
        m = (x @ p["W_m"].T) * (h @ p["U_m"].T)
        h = torch.tanh(m @ p["U_h"].T + x @ p["W_h"].T + p["b"])
        yield h


def multiplicative_stacked(p: dict[str, Tensor], xs: Tensor, hidden: int) -> Iterator[Tensor]:
    """The same with the products of the input ahead of the loop."""
    h = xs.new_zeros(xs.shape[1], hidden)
    factors, projected = (xs @ p["W"].T).split(hidden, 2)
    for w_m, w_h in zip(factors, projected + p["b"], strict=True):
        h = torch.tanh(torch.addmm(w_h, w_m * (h @ p["U_m"].T), p["U_h"].T))
        yield h


RUNS: Final[dict[str, tuple[Run, Run, str]]] = {
    "peephole-lstm": (peephole_written, peephole_stacked, "WUb"),
    "coupled-lstm": (coupled_written, coupled_stacked, "WUb"),
    "clockwork": (clockwork_written, clockwork_stacked, ""),
    "multiplicative": (multiplicative_written, multiplicative_stacked, "W"),
}
"""Each custom cell as written, as stacked, and the letters whose weights the second wants one below the other."""
