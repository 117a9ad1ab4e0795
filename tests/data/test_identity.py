import numpy as np
import pytest

from nnjax import data
from nnjax.data import formats, identity, registry


def test_the_fingerprint_knows_rows_and_labels_but_not_their_order(small):
    x, y, *_ = small.arrays["mnist"]
    order = np.random.default_rng(0).permutation(len(x))
    assert identity.fingerprint(x[order], y[order]) == identity.fingerprint(x, y)
    assert identity.fingerprint(x, y[order]) != identity.fingerprint(x, y)
    assert identity.fingerprint(np.concatenate([x[:-1], x[:1]]), y) != identity.fingerprint(x, y)


def test_the_registered_fingerprints_are_those_of_the_originals(shared):
    for name in ("mnist", "fashion_mnist"):
        dataset = data.load(name, originals=shared)
        x, x_test = (np.rint(x * 255).astype(np.uint8) for x in (dataset.x, dataset.x_test))
        y, y_test = dataset.y.astype(np.uint8), dataset.y_test.astype(np.uint8)
        found = identity.fingerprint(x, y), identity.fingerprint(x_test, y_test)
        assert found == registry.SPECS[name].fingerprint


def test_another_data_set_of_the_same_shape_is_named(small, monkeypatch):
    for name in ("mnist", "fashion_mnist"):
        x, y, x_test, y_test = small.arrays[name]
        prints = identity.fingerprint(x, y), identity.fingerprint(x_test, y_test)
        monkeypatch.setitem(registry.SPECS, name, registry.SPECS[name]._replace(fingerprint=prints))
    raw = formats.Raw("a test", *small.arrays["mnist"])
    assert identity.check(registry.SPECS["mnist"], raw) is raw
    with pytest.raises(ValueError, match=r"not those of fashion_mnist, but those of mnist$"):
        identity.check(registry.SPECS["fashion_mnist"], raw)
    with pytest.raises(ValueError, match=r"not those of mnist$"):
        identity.check(registry.SPECS["mnist"], raw._replace(y=raw.y[::-1]))


CIFAR = registry.SPECS["cifar10"]


def plain(spec, train, test):
    """As many images of each class, all of one colour: the channels have the values ``train``, or ``test``."""
    x, x_test = (np.full((n, *spec.shape), values, np.uint8) for n, values in ((spec.train, train), (spec.test, test)))
    y, y_test = ((np.arange(n) % 10).astype(np.uint8) for n in (spec.train, spec.test))
    return formats.Raw("a test", x, y, x_test, y_test)


def test_black_images_are_not_cifar10():
    with pytest.raises(ValueError, match=r"channels of x have means \[0.0, 0.0, 0.0\]; cifar10 has \[0.4914, 0.4822"):
        identity.check(CIFAR, plain(CIFAR, 0, 0))


def test_the_means_of_both_parts_and_the_numbers_of_each_class_are_checked():
    means = (0.0039, 0.0078, 0.0118), (0.0157, 0.0196, 0.0235)
    spec = CIFAR._replace(train=50, test=10, means=means)
    raw = plain(spec, (1, 2, 3), (4, 5, 6))
    assert identity.check(spec, raw) is raw
    raw.x_test[:, 0, 0, 0] = 255
    with pytest.raises(ValueError, match=r"channels of x_test have means \[0.0166, 0.0196, 0.0235\]; cifar10 has"):
        identity.check(spec, raw)
    raw.y[0] = 1
    with pytest.raises(ValueError, match=r"x has \[4, 6, 5, .*\] images of the classes; cifar10 has as many of each"):
        identity.check(spec, raw)
