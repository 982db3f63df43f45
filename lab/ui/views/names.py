"""What measures and baselines are called in both languages; names that are not known are shown as they are."""

from typing import Final

from lab.ui.words import Text

_BASELINES: Final = {
    "naive": Text("last value", "照抄上一值"),
    "seasonal naive": Text("last year", "去年同月"),
    "seasonal × growth": Text("last year × growth", "去年 × 增长"),
    "mean": Text("mean", "均值"),
    "always 1": Text("always 1", "恒为 1"),
    "memoryless": Text("without memory", "无记忆"),
    "single characters": Text("single characters", "单字频率"),
    "pairs": Text("pairs", "双字频率"),
    "triples": Text("triples", "三字频率"),
    "autoregression of order 2": Text("AR(2)", "AR(2)"),
    "second symbol forgotten": Text("second symbol forgotten", "忘记第二个符号"),
    "first symbol forgotten": Text("first symbol forgotten", "忘记第一个符号"),
    "learned by heart": Text("learned by heart", "死记硬背"),
    "always even": Text("always even", "恒为偶数"),
    "last digit": Text("last digit", "最后一个数字"),
    "last true value": Text("last true value", "保持末个真值"),
    "linear in the last 30 inputs": Text("linear in 30 inputs", "30 个输入的线性函数"),
    "true wave": Text("true wave", "真实波形"),
    "silence": Text("silence", "零输出"),
}
_METRICS: Final = {
    "rmse": Text("RMSE", "RMSE"),
    "mse": Text("MSE", "均方误差"),
    "mae": Text("MAE", "平均绝对误差"),
    "accuracy": Text("accuracy", "准确率"),
    "cross-entropy": Text("cross-entropy", "交叉熵"),
    "bits-per-character": Text("bits per character", "比特每字符"),
    "nrmse": Text("NRMSE", "NRMSE"),
    "free-run-nrmse": Text("free-run NRMSE", "自由运行 NRMSE"),
    "valid-time": Text("valid time", "有效时间"),
    "legal-steps": Text("right steps", "正确步比例"),
    "legal-sequences": Text("flawless sequences", "全对序列比例"),
    "steps-before-error": Text("steps before a mistake", "出错前步数"),
    "sequences-before-error": Text("sequences before a mistake", "出错前序列数"),
}
_LOSSES: Final = {
    "mean-squared-error": Text("MSE", "均方误差"),
    "cross-entropy": Text("Cross-entropy", "交叉熵"),
    "binary-cross-entropy": Text("Binary cross-entropy", "二元交叉熵"),
}
_UNITS: Final = {
    "thousand passengers": Text("thousand passengers", "千人"),
    "sunspots": Text("sunspots", "太阳黑子数"),
}


LONGEST: Final = 60
"""Characters of a sentence, at most."""


def fitting(*texts: Text) -> Text:
    """The first of some sentences that is short enough in both languages, or the last."""
    return next((text for text in texts if max(len(text.en), len(text.zh)) <= LONGEST), texts[-1])


def baseline(name: str) -> Text:
    """A predictor without parameters."""
    return _BASELINES.get(name, Text.plain(name))


def sample_name(label: str) -> Text:
    """A sample; one that has only a number is called by it, counted from 1."""
    if not label.isdecimal():
        return Text.plain(label)
    return Text("Sequence {n}", "第 {n} 条序列").with_(n=int(label) + 1)


def metric(name: str) -> Text:
    """A measure of predictions."""
    return _METRICS.get(name, Text.plain(name))


def loss(name: str) -> Text:
    """What is minimised."""
    return _LOSSES.get(name, Text.plain(name.replace("-", " ").capitalize()) if name else Text("Loss", "损失"))


def unit(name: str) -> Text:
    """The unit of the data."""
    return _UNITS.get(name, Text.plain(name))
