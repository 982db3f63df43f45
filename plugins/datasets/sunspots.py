"""Sunspot numbers since 1700, one step ahead (Yule, 1927; Weigend, Huberman & Rumelhart, 1990)."""

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

TRAIN_UNTIL = 1920


class Sunspots(Dataset):
    """The number of sunspots by year (1700 to 2008) or by month (1749 to 1983): cycles of about 11 years, no two alike.

    The input at t is the true value of t - 1, the target the value of t, both brought to mean 0 and standard deviation
    1 by the figures that train. As in the literature the years up to 1920 train, and 1921 to 1955, or 1956 to 1979,
    test; the second is harder, for it has the highest cycle on record. The last `validation_years` up to 1920 validate
    instead of training.

    The error is in sunspots. The literature divides the squared error by the variance of the whole record, which is
    about 1500 for the years 1700 to 1979 ("average relative variance"): an autoregression of second order, as Yule's,
    has 0.19 on 1921 to 1955.
    """

    name = "sunspots"
    title = {"en": "Sunspots", "zh": "太阳黑子"}
    task = "regression"
    source = (
        "Zurich sunspot numbers. G. U. Yule, Phil. Trans. R. Soc. A 226 (1927); "
        "A. S. Weigend, B. A. Huberman and D. E. Rumelhart, Int. J. Neural Systems 1 (1990)"
    )
    licence = "Public domain (by year); facts, free to use (by month)"

    resolution: str = hyperparameter(
        "yearly", choices=("yearly", "monthly"), en="Means by year or by month", zh="年均值或月均值"
    )
    test_years: str = hyperparameter(
        "1921-1955", choices=("1921-1955", "1956-1979"), en="The years that test", zh="测试年份"
    )
    validation_years: int = hyperparameter(
        21,
        low=0,
        high=100,
        unit="years",
        en="The last years up to 1920, kept from training to validate",
        zh="1920 年前留作验证的年数",
    )
    window: int = hyperparameter(
        0,
        low=0,
        high=100_000,
        unit="steps",
        en="Steps of a training sequence; 0 is one sequence of all",
        zh="训练序列的步数；0 为整段",
    )

    def load(self, seed: int) -> Data:
        """Inputs and targets (T, N, 1), N = 1 unless a window is set. The same for every `seed`."""
        labels, years, sunspots = self._record()
        train_until = TRAIN_UNTIL - self.validation_years
        test_from, test_until = (int(year) for year in self.test_years.split("-"))
        known = sunspots[years <= train_until]
        mean, deviation = known.mean(), known.std()
        values = ((sunspots - mean) / deviation)[:, None]

        def rows_until(year: int) -> int:
            return int(np.searchsorted(years, year, side="right")) - 1  # row r predicts value r + 1

        splits = {"train": (0, rows_until(train_until)), "test": (rows_until(test_from - 1), rows_until(test_until))}
        if self.validation_years:
            splits["validation"] = (rows_until(train_until), rows_until(TRAIN_UNTIL))
        sequences, rows = cut_series(values[:-1], values[1:], splits, self.window)
        tested = np.arange(splits["test"][0], splits["test"][1]) + 1
        return Data(
            train=sequences["train"],
            validation=sequences.get("validation"),
            test=sequences["test"],
            baselines=baselines(sunspots, len(known), tested),
            metric="rmse",
            inputs=1,
            outputs=1,
            input_names=("sunspots of the step before",),
            times={split: [labels[place + 1] for place in places.T.flat] for split, places in rows.items()},
            unit="sunspots",
            to_units=lambda split, array: array * deviation + mean,
        )

    def continuation(self, seed: int, file: str | None = None) -> Continuation:
        """The years, or months, behind the end of the record: the predicted value is the next input."""
        if file is not None:
            raise DataError(f"{self.described()} reads no files", file=file)
        labels, years, sunspots = self._record()
        known = sunspots[years <= TRAIN_UNTIL - self.validation_years]
        mean, deviation = known.mean(), known.std()
        place = len(labels) - 1

        def follow(prediction: NDArray[Any]) -> tuple[str, NDArray[Any], NDArray[Any]]:
            nonlocal place
            place += 1
            year, month = (place, 0) if self.resolution == "yearly" else divmod(place, 12)
            label = f"{years[0] + year}" if self.resolution == "yearly" else f"{years[0] + year}-{month + 1:02}"
            return label, prediction * deviation + mean, prediction

        return Continuation(inputs=((sunspots - mean) / deviation)[:, None], follow=follow)

    def _record(self) -> tuple[list[str], NDArray[np.int64], NDArray[np.float64]]:
        """What each step is called, its year, and its number of sunspots."""
        table = read_csv(str(resource_folder() / "data" / "sunspots" / f"{self.resolution}.csv"))
        labels = table.texts(table.names[0])
        return labels, np.array([int(label[:4]) for label in labels]), table.numbers("sunspots")


def baselines(sunspots: NDArray[np.float64], known: int, tested: NDArray[np.intp]) -> dict[str, float]:
    """The root mean squared error at `tested` of predictors that use the first `known` values alone.

    They are the last value, the mean, and the autoregression of order 2 by least squares (Yule, 1927).
    """

    def before(places: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.column_stack([np.ones(len(places)), sunspots[places - 1], sunspots[places - 2]])

    fitted = np.arange(2, known)
    weights = np.linalg.lstsq(before(fitted), sunspots[fitted], rcond=None)[0]
    predictions = {
        "naive": sunspots[tested - 1],
        "mean": sunspots[:known].mean(),
        "autoregression of order 2": before(tested) @ weights,
    }
    return root_mean_squared_errors(predictions, sunspots[tested])


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [Sunspots]
