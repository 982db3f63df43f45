"""PyTorch: its own layers where it has them, eager code where it has none."""

from collections.abc import Callable, Iterator
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.bench.problems import CUSTOM_CELLS, Size, drawn, names
from tests.bench.sides.case import Array, Case, Side
from tests.bench.sides.torch_cells import RUNS

LAYERS: dict[str, Callable[..., nn.Module]] = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}


@final
class TorchSide(Side):
    """PyTorch on the CPU with `threads` threads."""

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        self.version = torch.__version__

    def case(self, kind: str, options: dict[str, Any]) -> Case:
        """See `Side.case`; a custom cell takes `stacked`."""
        if kind == "update":
            return Update(**options)
        if options["cell"] in CUSTOM_CELLS:
            return Eager(**options)
        return Scan(**options)


def layer_of(cell: str, weights: dict[str, Array], inputs: int, hidden: int) -> nn.Module:
    """The layer with our weights; its second bias is zero where our cell has none."""
    layer = LAYERS[cell](inputs, hidden).to(torch.from_numpy(weights[names("U", cell)[0]]).dtype)
    second = np.zeros_like(np.concatenate([weights[name] for name in names("b", cell)]))
    if cell == "gru":
        second[2 * hidden :] = weights["b_u"]
    flat = {
        "weight_ih_l0": np.concatenate([weights[name] for name in names("W", cell)]),
        "weight_hh_l0": np.concatenate([weights[name] for name in names("U", cell)]),
        "bias_ih_l0": np.concatenate([weights[name] for name in names("b", cell)]),
        "bias_hh_l0": second,
    }
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in flat.items()})
    return layer


@final
class Scan(Case):
    """Forward and backward of `nn.LSTM`, `nn.GRU` or `nn.RNN`; the input needs no gradient."""

    def __init__(self, *, cell: str, size: Size, dtype: str = "float32") -> None:
        problem = drawn(cell, size, dtype)
        self.cell, self.size = cell, size
        self.layer = layer_of(cell, problem.weights, size.M, size.D)
        self.x, self.seeds = torch.from_numpy(problem.x), torch.from_numpy(problem.seeds)
        self.h = self.seeds

    def run(self) -> None:
        """See `Case.run`."""
        self.layer.zero_grad(set_to_none=True)
        self.h, _ = self.layer(self.x)
        self.h.backward(self.seeds)  # type: ignore[no-untyped-call]

    def results(self) -> dict[str, Array]:
        """Outputs h and the gradient of each parameter, by our names."""
        found = {"h": self.h.detach().numpy()}
        for letter, name in (("W", "weight_ih_l0"), ("U", "weight_hh_l0"), ("b", "bias_ih_l0")):
            gradient = self.layer.get_parameter(name).grad
            assert gradient is not None
            parts = np.split(gradient.numpy(), len(names(letter, self.cell)))
            found |= dict(zip(names(letter, self.cell), parts, strict=True))
        second = self.layer.get_parameter("bias_hh_l0").grad
        if self.cell == "gru":
            assert second is not None
            found["b_u"] = second.numpy()[2 * self.size.D :]
        return found


@final
class Eager(Case):
    """A custom cell in eager PyTorch; `stacked`, as an expert would write it."""

    def __init__(self, *, cell: str, size: Size, dtype: str = "float32", stacked: bool = False) -> None:
        problem = drawn(cell, size, dtype)
        written, by_hand, letters = RUNS[cell]
        self.size, self.steps = size, by_hand if stacked else written
        self.x, self.seeds = torch.from_numpy(problem.x), torch.from_numpy(problem.seeds)
        weights = {name: torch.from_numpy(array) for name, array in problem.weights.items()}
        self.stacks = {letter: names(letter, cell) for letter in (letters if stacked else "")}
        for letter, parts in self.stacks.items():
            weights[letter] = torch.cat([weights.pop(name) for name in parts])
        self.p = {name: weight.requires_grad_() for name, weight in weights.items()}
        self.h = self.seeds

    def run(self) -> None:
        """See `Case.run`."""
        for weight in self.p.values():
            weight.grad = None
        self.h = torch.stack(list(self.steps(self.p, self.x, self.size.D)))
        self.h.backward(self.seeds)  # type: ignore[no-untyped-call]

    def results(self) -> dict[str, Array]:
        """Outputs h and the gradient of each parameter, by our names."""
        found = {"h": self.h.detach().numpy()}
        for name, weight in self.p.items():
            assert weight.grad is not None
            parts = self.stacks.get(name, [name])
            found |= dict(zip(parts, np.split(weight.grad.numpy(), len(parts)), strict=True))
        return found


class _Model(nn.Module):
    """A recurrent layer, and a linear layer on its last output."""

    def __init__(self, layer: nn.Module, readout: nn.Linear) -> None:
        super().__init__()
        self.layer, self.readout = layer, readout

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.readout(self.layer(x)[0][-1])
        return output


@final
class Update(Case):
    """One update on the adding problem, with the data, order, weights and settings of our experiment."""

    def __init__(self, *, cell: str, size: Size) -> None:
        # Our side's catalog, data and weights; the training is all PyTorch's.
        from lab.training.batches import Batches
        from tests.bench.adding import CLIP_NORM, LEARNING_RATE, setup_of
        from tests.bench.sides.lab_side import bench_catalog

        setup = setup_of(bench_catalog(), cell, size)
        flat = np.zeros(setup.plan.size, np.float32)
        setup.plan.draw(setup.spec.seed, flat)
        weights = {name: place.view(flat) for name, place in setup.plan.places.items()}
        own = {name.removeprefix("layers.0."): array for name, array in weights.items() if name.startswith("layers.0.")}
        readout = nn.Linear(size.D, 1)
        readout.load_state_dict(
            {"weight": torch.from_numpy(weights["output.V"]), "bias": torch.from_numpy(weights["output.b"])}
        )
        self.model = _Model(layer_of(cell, own, setup.data.inputs, size.D), readout)
        self.x = torch.from_numpy(setup.data.train.inputs)
        self.targets = torch.from_numpy(setup.data.train.targets)
        self.batches = Batches(setup.data.train, size.B, setup.spec.seed)
        self.clip = CLIP_NORM
        # Of PyTorch's three ways to run Adam on a CPU this is the fastest.
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE, fused=True)
        self.order = self._columns()
        self.loss = 0.0

    def _columns(self) -> Iterator[Tensor]:
        epoch = 0
        while True:
            yield from (torch.from_numpy(columns) for columns in self.batches.columns(epoch))
            epoch += 1

    def run(self) -> None:
        """See `Case.run`."""
        columns = next(self.order)
        self.optimizer.zero_grad(set_to_none=True)
        loss = functional.mse_loss(self.model(self.x[:, columns]), self.targets[columns])
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        self.loss = loss.item()

    def results(self) -> dict[str, Array]:
        """The loss of the last update, before the parameters changed."""
        return {"loss": np.array([self.loss])}
