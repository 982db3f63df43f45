"""Antisymmetric network (Chang, Chen, Haber & Chi, 2019)."""

from lab.api import Cell, glorot, hookimpl, hyperparameter, normal, sigmoid, tanh, zeros


class Antisymmetric(Cell):
    """h_t = h_{t-1} + ε tanh((U - Uᵀ) h_{t-1} - γ h_{t-1} + W x_t + b): gradients neither vanish nor explode.

    Chang, Chen, Haber & Chi (2019), "AntisymmetricRNN: a dynamical system view on recurrent neural networks": a step ε
    of an equation whose matrix U - Uᵀ has imaginary eigenvalues alone; the diffusion γ makes up for the error of the
    step. With `gated` the addition is multiplied by z_t = σ((U - Uᵀ) h_{t-1} - γ h_{t-1} + W_z x_t + b_z), which has
    the same matrix and weights of its own for the input alone.
    """

    name = "antisymmetric"
    title = {"en": "Antisymmetric network", "zh": "反对称循环网络"}
    states = ("h",)
    step_size: float = hyperparameter(0.1, low=1e-4, high=10, en="Step ε", zh="步长 ε")
    diffusion: float = hyperparameter(0.01, low=0, high=10, en="Diffusion γ", zh="扩散强度 γ")
    gated: bool = hyperparameter(False, en="With a gate for what is added", zh="用门控制新增内容")

    def parameters(self, inputs, hidden):
        weights = {
            "W_h": glorot(hidden, inputs),
            "U": normal(hidden, hidden, deviation=hidden**-0.5),
            "b_h": zeros(hidden),
        }
        return weights | ({"W_z": glorot(hidden, inputs), "b_z": zeros(hidden)} if self.gated else {})

    def step(self, p, x, s):
        turned = (p.U - p.U.T) @ s.h - self.diffusion * s.h
        candidate = tanh(turned + p.W_h @ x + p.b_h)
        if not self.gated:
            return self.next(h=s.h + self.step_size * candidate, watch={"candidate": candidate})
        z = sigmoid(turned + p.W_z @ x + p.b_z)
        h = s.h + self.step_size * z * candidate
        return self.next(h=h, watch={"update": z, "candidate": candidate})


@hookimpl
def lab_register_cells():
    return [Antisymmetric]
