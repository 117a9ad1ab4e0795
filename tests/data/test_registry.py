import numpy as np
import pytest

from nnjax.data import registry


def test_the_facts_are_those_tensorflow_datasets_registers():
    tfds = pytest.importorskip("tensorflow_datasets", reason="TensorFlow Datasets is not installed")
    for name in ("mnist", "fashion_mnist", "tiny_shakespeare", "cifar10"):
        registered = tfds.builder_cls(name).url_infos
        for file in registry.SPECS[name].files:
            assert registered[file.url].checksum == file.sha256
            assert registered[file.url].size == file.size


def test_an_unknown_name_lists_the_names_and_the_nearest():
    with pytest.raises(ValueError, match=r"'mnsit' \(did you mean 'mnist'\?\); there are: and, or, .*cifar10"):
        registry.spec("mnsit")
    with pytest.raises(ValueError, match=r"did you mean 'breast_cancer'"):
        registry.spec("Breast Cancer")
    with pytest.raises(ValueError, match=r"no data set named 'zzz'; there are"):
        registry.spec("zzz")


def test_owner_of_a_sha256():
    file = registry.SPECS["fashion_mnist"].files[0]
    assert registry.owner_of(file.sha256) == ("fashion_mnist", "train-images-idx3-ubyte.gz")
    assert registry.owner_of("0" * 64) is None


def test_shakespeare_has_the_65_characters_in_order():
    classes = registry.SPECS["tiny_shakespeare"].classes
    assert len(classes) == 65
    assert list(classes) == sorted(set(classes))


def test_every_data_set_names_its_source_licence_and_citation():
    for spec in registry.SPECS.values():
        assert all(isinstance(text, str) and text for text in (spec.source, spec.licence, spec.citation))
        assert spec.task in ("classification", "regression", "text")
        assert (spec.task == "regression") == (spec.classes == ())
        assert np.prod(spec.shape) >= 1
