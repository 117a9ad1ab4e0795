"""A data set: four arrays with their names, and the three things one does to it before training."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Num


class Dataset(NamedTuple):
    """Training and test examples, all NumPy.

    ``x``, ``x_test``: inputs, float32, one example per row (images NHWC in [0, 1]); int32 tokens for text.
    ``y``, ``y_test``: int32 labels into ``classes``, or float32 (n,) targets where ``classes`` is empty (regression).
    ``source``: where the data come from.
    """

    name: str
    x: Num[np.ndarray, "n *shape"]
    y: Num[np.ndarray, "n *target"]
    x_test: Num[np.ndarray, "m *shape"]
    y_test: Num[np.ndarray, "m *target"]
    classes: tuple[str, ...]
    source: str


def flatten(dataset: Dataset) -> Dataset:
    """The same data set with each input as one vector: x of shape (n, ...) becomes (n, product of the rest).

    Raises ValueError for text, whose inputs are tokens.
    """
    _want_vectors(dataset, "flatten")
    return dataset._replace(
        x=dataset.x.reshape(len(dataset.x), -1), x_test=dataset.x_test.reshape(len(dataset.x_test), -1)
    )


def standardize(dataset: Dataset) -> Dataset:
    """Inputs with zero mean and unit deviation: (x - mean) / deviation, column by column.

    mean and deviation (population: divided by n) are those of the TRAINING rows, for the test rows too, because at
    test time nothing may be learned from the test set. A column that is constant in training is only centred. Sums
    are taken in float64; the result is float32. Raises ValueError for text, and as :func:`validate` does for inputs
    that are empty or not all finite numbers: one that is not would spoil its whole column.
    """
    _want_vectors(dataset, "standardize")
    for field, values in (("x", dataset.x), ("x_test", dataset.x_test)):
        _want_some_numbers(dataset.name, field, values)
        _want_finite(dataset.name, field, values)
    mean = dataset.x.mean(axis=0, dtype=np.float64)
    deviation = dataset.x.std(axis=0, dtype=np.float64)
    constant = dataset.x.max(axis=0) == dataset.x.min(axis=0)  # the deviation of a constant may round to 1e-17, not 0
    mean, scale = mean.astype(np.float32), np.where(constant, 1.0, deviation).astype(np.float32)
    x, x_test = ((part - mean) / scale for part in (dataset.x, dataset.x_test))
    return dataset._replace(x=x.astype(np.float32, copy=False), x_test=x_test.astype(np.float32, copy=False))


def validate(dataset: Dataset) -> None:
    """Raises ValueError, naming the data set, the array and the first bad index, unless the data can be trained on.

    Checked for the training and the test part: not empty; as many targets as inputs; the same shape of one example
    in both; numbers only, all finite; and, where there are classes, integer labels (for text, tokens too) in
    0..classes-1.
    """
    name = dataset.name
    arrays = {field: np.asarray(getattr(dataset, field)) for field in ("x", "y", "x_test", "y_test")}
    for field, values in arrays.items():
        _want_some_numbers(name, field, values)
    for inputs, targets in (("x", "y"), ("x_test", "y_test")):
        rows, wanted = np.shape(arrays[targets])[:1], np.shape(arrays[inputs])[:1]
        if rows != wanted or not rows:
            raise ValueError(
                f"data set {name!r}: {inputs} has shape {arrays[inputs].shape} and {targets} {arrays[targets].shape}; "
                "wanted as many targets as inputs"
            )
    for field in ("x", "y"):
        train, test = arrays[field].shape[1:], arrays[f"{field}_test"].shape[1:]
        if train != test:
            raise ValueError(f"data set {name!r}: a row of {field} has shape {train} and of {field}_test {test}")
    for field, values in arrays.items():
        _want_finite(name, field, values)
    if dataset.classes:
        count = len(dataset.classes)
        tokens = arrays["x"].dtype.kind in "iu" and arrays["x"].shape == arrays["y"].shape
        for field in ("x", "y", "x_test", "y_test") if tokens else ("y", "y_test"):
            values = arrays[field]
            if values.dtype.kind not in "iu":
                raise ValueError(f"data set {name!r}: {field} has dtype {values.dtype}; wanted integer labels")
            _refuse(name, field, values, (values < 0) | (values >= count), f"wanted labels in 0..{count - 1}")


def _want_some_numbers(name: str, field: str, values: np.ndarray) -> None:
    if values.dtype.kind not in "fiub":
        raise ValueError(f"data set {name!r}: {field} has dtype {values.dtype}; wanted floats or integers")
    if values.size == 0:
        raise ValueError(f"data set {name!r}: {field} is empty (shape {values.shape}); wanted at least one row")


def _want_finite(name: str, field: str, values: np.ndarray) -> None:
    _refuse(name, field, values, ~np.isfinite(values), "wanted finite numbers")


def _refuse(name: str, field: str, values: np.ndarray, bad: np.ndarray, wanted: str) -> None:
    if bad.any():
        index = np.unravel_index(int(bad.argmax()), bad.shape)
        where = ", ".join(str(int(i)) for i in index)
        raise ValueError(f"data set {name!r}: {field}[{where}] is {values[index]}; {wanted}")


def _want_vectors(dataset: Dataset, what: str) -> None:
    if dataset.x.ndim < 2 or dataset.x.dtype == np.int32:
        raise ValueError(
            f"data set {dataset.name!r}: x has shape {dataset.x.shape}, {dataset.x.dtype}; "
            f"{what} wants rows of numbers (n, ...), not tokens"
        )
