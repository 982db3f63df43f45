"""Monthly totals of international airline passengers (Brown, 1962; Box & Jenkins, 1976, series G)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.api import (
    Continuation,
    Data,
    DataError,
    Dataset,
    cut_series,
    hookimpl,
    hyperparameter,
    read_csv,
    resource_folder,
    root_mean_squared_errors,
)

TRAIN_END, VALIDATION_END = 85, 100  # months, counted from 1 = January 1949
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class AirlinePassengers(Dataset):
    """144 months from January 1949 to December 1960, with a trend and a season that grow together.

    The input at month t is the true value of month t - 1 and the month of the year that t is; the target is the value
    of t. Months up to 85 train, 86 to 100 validate, 101 to 144 test; in the last two, the months before warm the state
    and do not count.

    `log-difference` is the growth since the month before, log(x_t / x_{t-1}). It takes the trend out, so that the test
    years, whose totals are up to twice those of the training years, look like these. `seasonal-difference` is that
    growth less the one of the same month a year before: the trend and the season are out, and whoever predicts 0 makes
    the prediction "seasonal × growth". `scaling` leaves both in. The values are brought to mean 0 and standard
    deviation 1 by those of the training months alone.

    The month is one-hot by default because the season is no sine (totals fall by a tenth into November and rise again
    into December): a cyclic month, one sine and one cosine, leaves that shape for the network to make.
    """

    name = "airline-passengers"
    title = {"en": "Airline passengers", "zh": "航空乘客"}
    task = "regression"
    source = (
        "R. G. Brown, Smoothing, Forecasting and Prediction of Discrete Time Series (1962); "
        "G. E. P. Box and G. M. Jenkins, Time Series Analysis (1976), series G"
    )
    licence = "Facts, free to use; copied from the Python package aeon (BSD-3-Clause)"

    transform: str = hyperparameter(
        "log-difference",
        choices=("log-difference", "seasonal-difference", "scaling"),
        en="What is read and predicted: growth, growth against a year before, or totals",
        zh="读入与预测的量：对数差分、季节对数差分或总数",
    )
    month: str = hyperparameter(
        "one-hot",
        choices=("one-hot", "cyclic"),
        en="The month of the year as twelve inputs, or as one sine and one cosine",
        zh="月份的编码：十二维独热，或正弦与余弦",
    )

    def load(self, seed: int) -> Data:
        """Inputs (T, 1, 13), or (T, 1, 3) with a cyclic month; targets (T, 1, 1). The same for every `seed`."""
        table = read_csv(str(resource_folder() / "data" / "airline" / "passengers.csv"))
        passengers = table.numbers("passengers")
        season, season_names = self._season(table.numbers("month") - 1)
        first, values, reference = self._transformed(passengers)
        known = values[: TRAIN_END - first]
        mean, deviation = known.mean(), known.std()
        values = (values - mean) / deviation
        start = first + 1  # the month, counted from 0, that the first target is of
        inputs = np.column_stack([values[:-1], season[start:]])
        splits = {
            "train": (0, TRAIN_END - start),
            "validation": (TRAIN_END - start, VALIDATION_END - start),
            "test": (VALIDATION_END - start, len(passengers) - start),
        }
        sequences, rows = cut_series(inputs, values[1:, None], splits, window=0)

        def to_units(split: str, array: NDArray[Any]) -> NDArray[Any]:
            real: NDArray[Any] = array * deviation + mean
            return real if reference is None else reference[1:][rows[split]][..., None] * np.exp(real)

        labels = table.texts("date")[start:]
        return Data(
            train=sequences["train"],
            validation=sequences["validation"],
            test=sequences["test"],
            baselines=baselines(passengers, np.arange(VALIDATION_END, len(passengers))),
            metric="rmse",
            inputs=inputs.shape[1],
            outputs=1,
            input_names=(f"{self.transform} of the month before", *season_names),
            times={split: [labels[place] for place in places[:, 0]] for split, places in rows.items()},
            unit="thousand passengers",
            to_units=to_units,
        )

    def continuation(self, seed: int, file: str | None = None) -> Continuation:
        """The months from January 1961 on: the predicted value goes in as that of the month before."""
        if file is not None:
            raise DataError(f"{self.described()} reads no files", file=file)
        table = read_csv(str(resource_folder() / "data" / "airline" / "passengers.csv"))
        series = table.numbers("passengers").tolist()
        first, values, _ = self._transformed(np.array(series))
        known = values[: TRAIN_END - first]
        mean, deviation = known.mean(), known.std()
        season, _ = self._season(np.arange(12))
        months = np.arange(first + 1, len(series) + 1)  # the last one is the first that is not known
        inputs = np.column_stack([(values - mean) / deviation, season[months % 12]])

        def follow(prediction: NDArray[Any]) -> tuple[str, NDArray[Any], NDArray[Any]]:
            month = len(series)
            real = float(prediction[0]) * deviation + mean
            if self.transform != "scaling":
                before = series[-1] * (series[-12] / series[-13] if self.transform == "seasonal-difference" else 1.0)
                real = before * np.exp(real)
            series.append(real)
            label = f"{1949 + month // 12}-{month % 12 + 1:02}"
            return label, np.array([real]), np.append(prediction[:1], season[(month + 1) % 12])

        return Continuation(inputs=inputs, follow=follow)

    def _transformed(
        self, passengers: NDArray[np.float64]
    ) -> tuple[int, NDArray[np.float64], NDArray[np.float64] | None]:
        """The first month, from 0, that has a value, the values from there on, and what they are logarithms against."""
        if self.transform == "scaling":
            return 0, passengers, None
        growth = passengers[1:] / passengers[:-1]
        if self.transform == "log-difference":
            first, reference = 1, passengers[:-1]
        else:
            first, reference = 13, passengers[12:-1] * growth[:-12]
        return first, np.log(passengers[first:] / reference), reference

    def _season(self, month: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
        """The inputs that say the month of the year, 0 to 11, and their names."""
        if self.month == "one-hot":
            return np.eye(12)[month.astype(int)], MONTHS
        angle = 2 * np.pi * month / 12
        return np.column_stack([np.sin(angle), np.cos(angle)]), ("sine of the month", "cosine of the month")


def baselines(passengers: NDArray[np.float64], months: NDArray[np.intp]) -> dict[str, float]:
    """The root mean squared error of three predictors without parameters, one step ahead, at `months` from 0."""
    last, year_ago = passengers[months - 1], passengers[months - 12]
    predictions = {
        "naive": last,
        "seasonal naive": year_ago,
        "seasonal × growth": year_ago * last / passengers[months - 13],
    }
    return root_mean_squared_errors(predictions, passengers[months])


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [AirlinePassengers]
