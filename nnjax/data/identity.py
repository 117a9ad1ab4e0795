"""Whether arrays are the data set they are taken for: shapes and labels do not tell MNIST from Fashion-MNIST."""

import hashlib

import numpy as np
from jaxtyping import UInt8

from nnjax.data import formats
from nnjax.data.formats import Raw
from nnjax.data.registry import SPECS, Spec


def fingerprint(x: UInt8[np.ndarray, "n ..."], y: UInt8[np.ndarray, "n"]) -> int:
    """The sum modulo 2^64 of the BLAKE2b hashes of the rows, label included: the order of the rows does not matter."""
    rows = np.concatenate([x.reshape(len(x), -1), y[:, None]], axis=1)
    hashes = (hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows)
    return sum(int.from_bytes(digest, "little") for digest in hashes) % 2**64


def check(spec: Spec, raw: Raw) -> Raw:
    """``raw`` itself, if it is the data set as far as can be told here; otherwise ValueError that says what is wrong.

    Shapes and the range of labels and tokens are checked always, and of text nothing more. MNIST and Fashion-MNIST are
    known by their fingerprints: every pixel and every label. CIFAR-10's fingerprint is not registered: it is only
    checked that all classes have as many images, and that the channels have the published means. Wrong labels in the
    right numbers, and wrong pixels that leave the means as they are, are not noticed.
    """
    formats.check(spec, raw, "its content")
    if spec.fingerprint is not None:
        prints = fingerprint(raw.x, raw.y), fingerprint(raw.x_test, raw.y_test)
        if prints != spec.fingerprint:
            owner = next((other.name for other in SPECS.values() if other.fingerprint == prints), None)
            instead = f", but those of {owner}" if owner else ""
            raise ValueError(f"its images and labels are not those of {spec.name}{instead}")
    if spec.means is not None:
        for field, labels, means in (("x", raw.y, spec.means[0]), ("x_test", raw.y_test, spec.means[1])):
            _check_statistics(spec, field, getattr(raw, field), labels, means)
    return raw


def _check_statistics(spec: Spec, field: str, x: np.ndarray, y: np.ndarray, means: tuple[float, ...]) -> None:
    counts = np.bincount(y, minlength=len(spec.classes))
    if (counts != len(y) / len(spec.classes)).any():
        raise ValueError(f"{field} has {counts.tolist()} images of the classes; {spec.name} has as many of each")
    found = x.mean(axis=0).mean(axis=(0, 1)) / 255  # in two steps, which is four times as fast
    if (np.abs(found - means) > 1e-4).any():
        raise ValueError(f"the channels of {field} have means {found.round(4).tolist()}; {spec.name} has {list(means)}")
