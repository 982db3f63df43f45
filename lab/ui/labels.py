"""What the form calls the keys of an experiment, their units and their choices, in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from lab.ui.words import Text

NOTHING: Final = Text("", "")


@final
@dataclass(frozen=True, slots=True)
class Label:
    """The name of a key on the form, what it means in one phrase, and the unit of its value."""

    name: Text
    help: Text = NOTHING
    unit: str = ""


KEYS: Final[Mapping[str, Label]] = {
    "name": Label(Text("Name", "名称"), Text("The name in lists and titles", "列表与标题中的名称")),
    "name_zh": Label(Text("Chinese name", "中文名称"), Text("The name where Chinese is shown", "中文界面中的名称")),
    "note": Label(Text("Note", "备注"), Text("What to look at, for whoever opens it", "给打开者的说明")),
    "note_zh": Label(Text("Chinese note", "中文备注"), Text("The note where Chinese is shown", "中文界面中的备注")),
    "seed": Label(
        Text("Seed", "随机种子"),
        Text("The same seed gives the same weights, order and data", "相同的种子给出相同的权重、次序和数据"),
    ),
    "dtype": Label(
        Text("Precision", "精度"),
        Text("float32 is fast, float64 exact to 16 digits", "float32 更快，float64 有 16 位精度"),
    ),
    "dataset.plugin": Label(Text("Dataset", "数据集"), Text("Where the sequences come from", "序列的来源")),
    "input.encoding": Label(
        Text("Encoding", "输入编码"),
        Text("How a step becomes the vector that the first layer sees", "一步输入如何变成第一层看到的向量"),
    ),
    "input.size": Label(Text("Embedding size", "嵌入维数"), Text("Numbers for each symbol", "每个符号的维数")),
    "layers.cell": Label(
        Text("Cell", "单元"), Text("The equations that are run over the sequence", "沿序列运行的方程")
    ),
    "layers.hidden": Label(Text("Hidden units", "隐藏单元"), Text("Size of the hidden state", "隐藏状态的大小")),
    "layers.bidirectional": Label(
        Text("Both ways", "双向"), Text("A second cell reads the sequence backwards", "第二个单元反向读序列")
    ),
    "layers.dropout": Label(
        Text("Dropout", "随机失活"),
        Text("Share of outputs set to 0 while training", "训练时置零的输出比例"),
    ),
    "layers.bias": Label(Text("Bias", "偏置"), Text("Add a constant to each sum", "每个和加一个常数")),
    "output.readout": Label(Text("Readout", "读出"), Text("Which steps give an output", "哪些步给出输出")),
    "output.hidden": Label(
        Text("Dense layers", "全连接层"),
        Text("Sizes of layers between the network and its output: 64, 32", "网络与输出之间各层的大小：64, 32"),
    ),
    "output.loss": Label(Text("Loss", "损失函数"), Text("What training makes small", "训练要减小的量")),
    "training.algorithm": Label(Text("Method", "方法"), Text("How the gradient is found", "如何求梯度")),
    "training.optimizer": Label(
        Text("Optimizer", "优化器"), Text("How the gradient changes the weights", "梯度如何改变权重")
    ),
    "training.learning_rate": Label(
        Text("Learning rate", "学习率"), Text("Size of each step against the gradient", "沿负梯度方向每步的大小")
    ),
    "training.schedule": Label(
        Text("Schedule", "学习率计划"), Text("How the learning rate changes over time", "学习率如何随时间变化")
    ),
    "training.clip_norm": Label(
        Text("Clip norm", "范数裁剪"),
        Text("Gradients longer than this are shortened to it; 0 is off", "超过此长度的梯度被缩短到它；0 为关闭"),
    ),
    "training.clip_value": Label(
        Text("Clip value", "数值裁剪"),
        Text("Each part of the gradient is kept within ± this; 0 is off", "梯度各分量限制在正负此值内；0 为关闭"),
    ),
    "training.l1": Label(
        Text("L1 penalty", "L1 惩罚"), Text("Times the sum of |weight|; 0 is off", "乘以权重绝对值之和；0 为关闭")
    ),
    "training.l2": Label(
        Text("L2 penalty", "L2 惩罚"),
        Text("Times half the sum of squared weights; 0 is off", "乘以权重平方和的一半；0 为关闭"),
    ),
    "training.weight_decay": Label(
        Text("Weight decay", "权重衰减"),
        Text(
            "Share of each weight taken away, times the learning rate; 0 is off",
            "每次更新按学习率减去的权重比例；0 为关闭",
        ),
    ),
    "training.batch_size": Label(
        Text("Batch size", "批大小"), Text("Sequences in each update", "每次更新的序列数"), "sequences"
    ),
    "training.carry_state": Label(
        Text("Carry state", "延续状态"),
        Text("Begin each window with the state the one before ended with", "每个窗口从前一窗口的末状态开始"),
    ),
    "training.epochs": Label(Text("Epochs", "轮数"), Text("Passes over the training data", "遍历训练数据的次数")),
    "training.updates": Label(
        Text("Updates", "更新次数"), Text("Changes of the weights, in place of epochs", "权重更新次数，代替轮数")
    ),
    "training.early_stopping": Label(
        Text("Stop early", "提前停止"),
        Text("Epochs without improvement before training ends; 0 is off", "无改进多少轮后停止；0 为关闭"),
        "epochs",
    ),
    "training.checkpoint_every": Label(
        Text("Checkpoint", "检查点"),
        Text(
            "Time between checkpoints, such as 10 s or 2 min, or a number of updates",
            "检查点间隔：如 10 s、2 min，或更新次数",
        ),
    ),
    "weights.file": Label(
        Text("Weights file", "权重文件"),
        Text("Begin with the weights of this safetensors file", "从此 safetensors 文件的权重开始"),
    ),
}
"""By path without the number of a layer."""

HYPERPARAMETERS: Final[Mapping[str, Text]] = {
    "activation": Text("Activation", "激活函数"),
    "alpha": Text("Alpha", "系数 α"),
    "asked": Text("Asked", "提问时刻"),
    "beta1": Text("Beta 1", "系数 β₁"),
    "beta2": Text("Beta 2", "系数 β₂"),
    "bias_scale": Text("Bias scale", "偏置尺度"),
    "columns": Text("Columns", "输入列"),
    "cue": Text("Cue", "给出步数"),
    "decay": Text("Decay", "衰减"),
    "delay": Text("Delay", "延迟"),
    "diffusion": Text("Diffusion", "扩散强度"),
    "directions": Text("Directions", "方向数"),
    "epsilon": Text("Epsilon", "小常数 ε"),
    "every": Text("Every", "间隔"),
    "factor": Text("Factor", "系数"),
    "factors": Text("Factors", "因子个数"),
    "feedback": Text("Feedback", "反馈"),
    "file": Text("File", "文件"),
    "floor": Text("Floor", "下限"),
    "forget_bias": Text("Forget bias", "遗忘门偏置"),
    "forget_gate": Text("Forget gate", "遗忘门"),
    "gated": Text("Gated", "门控"),
    "horizon": Text("Horizon", "预测步数"),
    "input_scale": Text("Input scale", "输入尺度"),
    "inputs": Text("Inputs", "输入"),
    "lag": Text("Lag", "间隔步数"),
    "language": Text("Language", "形式语言"),
    "leak": Text("Leak", "泄漏率"),
    "length": Text("Length", "序列长度"),
    "letters": Text("Letters", "字母数"),
    "lowercase": Text("Small letters", "转为小写"),
    "momentum": Text("Momentum", "动量"),
    "month": Text("Month", "月份编码"),
    "n": Text("Steps n", "步数 n"),
    "noise": Text("Noise", "噪声"),
    "output_sees": Text("Output gate sees", "输出门所见"),
    "over": Text("Warm-up", "预热"),
    "pairs": Text("Pairs", "对数"),
    "patience": Text("Patience", "耐心"),
    "period": Text("Period", "周期"),
    "periods": Text("Periods", "周期"),
    "play": Text("Play", "剧目"),
    "r": Text("r", "参数 r"),
    "reach_back": Text("Reach back", "回溯步数"),
    "repeats": Text("Repeats", "重复次数"),
    "reset": Text("Reset gate", "重置门"),
    "resolution": Text("Resolution", "分辨率"),
    "ridge": Text("Ridge λ", "岭系数 λ"),
    "scale": Text("Scale", "倍数"),
    "shape": Text("Shape", "波形"),
    "sparsity": Text("Sparsity", "稀疏度"),
    "spectral_radius": Text("Spectral radius", "谱半径"),
    "step": Text("Step", "时间间隔"),
    "step_size": Text("Step size", "步长"),
    "streams": Text("Streams", "数据流数"),
    "T": Text("Length T", "长度 T"),
    "target": Text("Target", "预测列"),
    "targets": Text("Targets", "目标"),
    "tau": Text("Tau", "时滞 τ"),
    "test_length": Text("Test length", "测试长度"),
    "test_share": Text("Test part", "测试比例"),
    "test_size": Text("Test size", "测试序列数"),
    "test_until": Text("Test until n", "测试到 n"),
    "test_years": Text("Test years", "测试年份"),
    "train_length": Text("Train length", "训练长度"),
    "train_size": Text("Train size", "训练序列数"),
    "train_until": Text("Train until n", "训练到 n"),
    "transform": Text("Transform", "变换"),
    "unit": Text("Unit", "单位"),
    "update_bias": Text("Update bias", "更新门偏置"),
    "update_every": Text("Update every", "更新间隔"),
    "validation_length": Text("Validation length", "验证长度"),
    "validation_share": Text("Validation part", "验证比例"),
    "validation_size": Text("Validation size", "验证序列数"),
    "validation_years": Text("Validation years", "验证年数"),
    "warm_up": Text("Warm-up", "预热步数"),
    "washout": Text("Washout", "略去步数"),
    "width": Text("Width", "扰动宽度"),
    "window": Text("Window", "窗口"),
}
"""What hyperparameters of components are called; one that is not here is called as it is written."""

UNITS: Final[Mapping[str, Text]] = {
    "steps": Text("steps", "步"),
    "rows": Text("rows", "行"),
    "updates": Text("updates", "次"),
    "epochs": Text("epochs", "轮"),
    "sequences": Text("seq.", "条"),
    "strings": Text("strings", "条"),
    "years": Text("years", "年"),
    "months": Text("months", "月"),
    "units": Text("units", "个"),
}

CHOICES: Final[Mapping[str, Text]] = {
    "features": Text("Numbers", "数值"),
    "one-hot": Text("One-hot", "独热编码"),
    "embedding": Text("Embedding", "嵌入"),
    "every-step": Text("Every step", "每一步"),
    "last": Text("Last step", "最后一步"),
    "mean": Text("Mean of all steps", "所有步的平均"),
    "before": Text("Before U", "在 U 之前"),
    "after": Text("After U", "在 U 之后"),
    "new": Text("New memory", "更新后的记忆"),
    "old": Text("Old memory", "更新前的记忆"),
    "logistic": Text("Logistic σ", "逻辑函数 σ"),
    "linear": Text("Linear", "线性"),
    "relu": Text("ReLU", "ReLU"),
    "tanh": Text("tanh", "双曲正切 tanh"),
    "log-difference": Text("Log difference", "对数差分"),
    "seasonal-difference": Text("Seasonal difference", "季节差分"),
    "scaling": Text("Scaling only", "仅缩放"),
    "cyclic": Text("Sine and cosine", "正弦与余弦"),
    "yearly": Text("Yearly", "按年"),
    "monthly": Text("Monthly", "按月"),
    "all": Text("All", "全部"),
    "1921-1955": Text("1921–1955", "1921–1955 年"),
    "1956-1979": Text("1956–1979", "1956–1979 年"),
    "sine": Text("Sine", "正弦波"),
    "triangle": Text("Triangle", "三角波"),
    "four-sines": Text("Four sines", "四个正弦波"),
    "a^n b^n": Text("aⁿbⁿ", "aⁿbⁿ"),
    "a^n b^n c^n": Text("aⁿbⁿcⁿ", "aⁿbⁿcⁿ"),
    "symmetric": Text("Symmetric", "对称反馈"),
    "random": Text("Random", "随机反馈"),
    "antony-and-cleopatra": Text("Antony and Cleopatra", "安东尼与克莉奥佩特拉"),
    "hamlet": Text("Hamlet", "哈姆雷特"),
    "julius-caesar": Text("Julius Caesar", "尤利乌斯·恺撒"),
    "macbeth": Text("Macbeth", "麦克白"),
    "merchant-of-venice": Text("The Merchant of Venice", "威尼斯商人"),
    "midsummer-nights-dream": Text("A Midsummer Night's Dream", "仲夏夜之梦"),
    "othello": Text("Othello", "奥赛罗"),
    "romeo-and-juliet": Text("Romeo and Juliet", "罗密欧与朱丽叶"),
}


def label_of(path: str) -> Label:
    """The label of the key at a path such as `layers.0.hidden`; of one that is not known, its own name."""
    table, _, key = path.partition(".")
    if table == "layers":
        number, _, key = key.partition(".")
        if not key:
            return Label(Text("Layer {n}", "第 {n} 层").with_(n=int(number) + 1) if number else Text("Layers", "层"))
    known = KEYS.get(f"{table}.{key}" if key else table)
    if known is not None:
        return known
    name = key.rpartition(".")[2] or table
    return Label(HYPERPARAMETERS.get(name) or Text.plain(readable(name)))


def unit_of(unit: str) -> Text:
    """A unit in both languages; as it is where it is not known."""
    return UNITS.get(unit) or Text.plain(unit)


def choice_of(choice: object) -> Text:
    """What a choice of a hyperparameter is called."""
    return CHOICES.get(str(choice)) or Text.plain(str(choice))


def readable(name: str) -> str:
    """A name of a program as words: `forget_bias` as `Forget bias`."""
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]
