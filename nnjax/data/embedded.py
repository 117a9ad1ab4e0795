"""Data sets that need no file and no network: made by a formula, or shipped inside scikit-learn or Python."""

import math

import numpy as np

from nnjax.data import synthetic, text, unicode
from nnjax.data.dataset import Dataset
from nnjax.data.registry import Spec

GATES = ("and", "or", "nand", "xor")


def load(spec: Spec, *, seed: int, test_fraction: float, classes: int | None) -> Dataset:
    """The embedded data set of ``spec``, split by scikit-learn's train_test_split: seeded, and stratified by label for
    classification.

    A gate has only four rows, so its test rows are its training rows. Unicode's names are split name by name; each part
    is then one stream, a newline before and after every name.

    Raises ValueError if a part would have fewer rows than there are classes.
    """
    if spec.name in GATES:
        x, y = synthetic.gate(spec.name)
        return Dataset(spec.name, x, y, x.copy(), y.copy(), spec.classes, spec.source)
    from sklearn.model_selection import train_test_split

    if spec.name == "unicode_names":
        _require_rows(spec.name, len(unicode.names()), test_fraction, 1)
        parts = train_test_split(unicode.names(), test_size=test_fraction, random_state=seed)
        train, test = (text.encode("\n".join(["", *part, ""]), spec.classes) for part in parts)
        return Dataset(spec.name, train[:-1], train[1:], test[:-1], test[1:], spec.classes, spec.source)
    names, source = spec.classes, spec.source
    if spec.name in ("moons", "circles"):
        x, y = getattr(synthetic, spec.name)(seed=seed)
        source = f"{source}, seed {seed}"
    elif spec.name == "spirals":
        arms = 2 if classes is None else classes
        x, y = synthetic.spirals(classes=arms, seed=seed)
        names, source = tuple(f"arm {k + 1}" for k in range(arms)), f"{source}, seed {seed}"
    elif spec.name == "unicode_scripts":
        letters, labels = unicode.letters()
        x, y = text.pad(letters, unicode.SYMBOLS), np.array(labels, np.int32)
    else:
        x, y = _scikit_learn(spec)
    _require_rows(spec.name, len(x), test_fraction, len(names) or 1)
    x, x_test, y, y_test = train_test_split(
        x, y, test_size=test_fraction, random_state=seed, stratify=y if names else None
    )
    return Dataset(spec.name, x, y, x_test, y_test, names, source)


def _require_rows(name: str, rows: int, test_fraction: float, least: int) -> None:
    test = math.ceil(test_fraction * rows)
    if min(rows - test, test) < least:
        raise ValueError(
            f"test_fraction={test_fraction}: leaves {rows - test} of the {rows} rows of {name} to train on and {test} "
            f"to test on; wanted at least {least} in each part"
        )


def _scikit_learn(spec: Spec) -> tuple[np.ndarray, np.ndarray]:
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{spec.name}")(return_X_y=True)
    if spec.name == "digits":
        x = x / 16  # pixels count 0 to 16 dark points
    return x.reshape(-1, *spec.shape).astype(np.float32), y.astype(np.int32 if spec.classes else np.float32)
