import collections
import hashlib

import numpy as np
import pytest

from nnjax import data
from nnjax.data import unicode

SHA256 = "7cc55aa670bdb8ceec1e0fdf5b0a64dec6cb084d2592b1b21364899ea87e916a"


def streams(dataset):
    """The two texts that the tokens stand for, from their first newline to their last."""
    for x, y in ((dataset.x, dataset.y), (dataset.x_test, dataset.y_test)):
        np.testing.assert_array_equal(x[1:], y[:-1])
        yield data.decode(x, dataset.classes) + dataset.classes[y[-1]]


def test_the_names_are_the_same_on_every_python():
    names = unicode.names()
    text = "\n".join(names)
    assert (len(names), len(set(names)), len(text), len(set(text))) == (12771, 12771, 352131, 39)
    assert hashlib.sha256(text.encode()).hexdigest() == SHA256
    assert names[:2] == ["SPACE", "EXCLAMATION MARK"]
    assert tuple(sorted(set(text))) == unicode.SYMBOLS


def test_each_name_is_whole_and_in_one_of_the_two_streams():
    dataset = data.load("unicode_names")
    assert dataset.x.dtype == dataset.y.dtype == np.int32
    assert len(dataset.x) + len(dataset.x_test) == 352131 + 1
    parts = []
    for stream in streams(dataset):
        assert stream[0] == stream[-1] == "\n"
        parts.append(stream[1:-1].split("\n"))
    assert [len(part) for part in parts] == [10216, 2555]
    assert sorted(parts[0] + parts[1]) == sorted(unicode.names())
    data.validate(dataset)


def test_the_seed_and_the_fraction_choose_the_names():
    first, again, other = (data.load("unicode_names", seed=seed, test_fraction=0.01) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.x_test, again.x_test)
    assert not np.array_equal(first.x_test[:500], other.x_test[:500])
    assert [text.count("\n") - 1 for text in streams(first)] == [12643, 128]


def test_a_script_is_told_from_a_name_that_does_not_hold_it():
    dataset = data.load("unicode_scripts")
    data.validate(dataset)
    assert (dataset.x.shape, dataset.x_test.shape) == ((3913, 76), (979, 76))
    assert dataset.x.dtype == dataset.y.dtype == np.int32
    counts = np.bincount(np.concatenate([dataset.y, dataset.y_test]))
    assert dict(zip(dataset.classes, counts.tolist(), strict=True)) == {
        "ARABIC": 875, "CANADIAN SYLLABICS": 628, "CYRILLIC": 255, "ETHIOPIC": 317, "GREEK": 312,
        "HANGUL": 334, "KATAKANA": 109, "LATIN": 768, "MONGOLIAN": 129, "YI": 1165,
    }  # fmt: skip
    names = set(unicode.names())
    for tokens, label in zip(dataset.x_test, dataset.y_test, strict=True):
        text = data.decode(tokens, unicode.SYMBOLS).rstrip("\n")
        assert "\n" not in text
        assert dataset.classes[label] not in text.split()
        assert f"{dataset.classes[label]} {text}" in names


@pytest.mark.parametrize("function", [data.flatten, data.standardize])
@pytest.mark.parametrize("name", ["unicode_names", "unicode_scripts"])
def test_tokens_are_not_taken_for_rows_of_numbers(name, function):
    with pytest.raises(ValueError, match=f"data set '{name}': x has shape .*, int32; .* wants rows of .*, not tokens"):
        function(data.load(name))


def test_some_letters_of_several_scripts_have_one_name():
    scripts = collections.defaultdict(collections.Counter)
    for name, label in zip(*unicode.letters(), strict=True):
        scripts[name][label] += 1
    assert sum(len(counts) > 1 for counts in scripts.values()) == 185
    right = sum(max(counts.values()) for counts in scripts.values())
    assert round(right / 4892, 3) == 0.960
