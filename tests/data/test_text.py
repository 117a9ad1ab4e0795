"""Text: Unicode's names as they are in every Python, a vocabulary there and back, windows that lose nothing."""

import unicodedata

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnjax import data, optimizers, training
from nnjax.data import unicode


def test_the_names_are_those_of_unicode_3_2():
    names = unicode.names()
    assert (len(names), len("\n".join(names)), len(set("\n".join(names)))) == (12_771, 352_131, 39)
    assert names[0] == "SPACE"
    assert names[65 - 32] == "LATIN CAPITAL LETTER A"
    assert tuple(sorted(set("\n".join(names)))) == unicode.SYMBOLS


def test_the_streams_hold_every_name_once_each_token_followed_by_its_target():
    dataset = data.load("unicode_names")
    data.validate(dataset)
    train, test = (data.decode([*x, y[-1]], dataset.classes) for x, y in
                   ((dataset.x, dataset.y), (dataset.x_test, dataset.y_test)))  # fmt: skip
    assert sorted((train + test).splitlines()) == sorted(unicode.names())
    assert len(test.splitlines()) == int(np.ceil(0.2 * 12_771))
    for x, y in ((dataset.x, dataset.y), (dataset.x_test, dataset.y_test)):
        assert (x.dtype, y.dtype) == (np.int32, np.int32)
        np.testing.assert_array_equal(x[1:], y[:-1])
    other = data.load("unicode_names", seed=1)
    assert data.decode(other.x[:200], other.classes) != train[:200]


def test_categories_are_the_first_letters_of_unicodes():
    dataset = data.load("unicode_categories")
    symbols = data.load("unicode_names").classes
    for row, label in zip(dataset.x_test[:200], dataset.y_test[:200], strict=True):
        name = data.decode(row, symbols).rstrip("\n")
        category = unicodedata.ucd_3_2_0.category(unicodedata.ucd_3_2_0.lookup(name))
        assert dataset.classes[label][0] == category[0].lower()
    counts = np.bincount(np.concatenate([dataset.y, dataset.y_test]))
    assert counts.tolist() == [7687, 653, 536, 361, 3383]


@given(text=st.text(min_size=1, max_size=60))
@settings(max_examples=30)
def test_there_and_back(text):
    symbols = data.vocabulary(text)
    assert list(symbols) == sorted(set(text))
    assert data.decode(data.encode(text, symbols), symbols) == text


def test_what_is_not_in_the_vocabulary_is_named():
    with pytest.raises(ValueError, match="text is empty"):
        data.vocabulary("")
    with pytest.raises(ValueError, match=r"text\[2\] is 'c', which is not among the 2 symbols"):
        data.encode("abc", "ab")
    with pytest.raises(ValueError, match=r"tokens\[1\] is 2; the 2 symbols run from 0"):
        data.decode([0, 2], "ab")
    with pytest.raises(ValueError, match=r"tokens has shape \(1, 2\)"):
        data.decode(np.zeros((1, 2), int), "ab")


@given(length=st.integers(1, 40), stride=st.integers(1, 50))
@settings(max_examples=20)
def test_windows_hold_the_stream(length, stride):
    stream = data.load("unicode_names")._replace(
        x=np.arange(200), y=np.arange(1, 201), x_test=np.arange(90), y_test=np.arange(1, 91)
    )
    cut = data.windows(stream, length, stride=stride)
    expected = [np.arange(start, start + length) for start in range(0, 200 - length + 1, stride)]
    np.testing.assert_array_equal(cut.x, expected)
    np.testing.assert_array_equal(cut.y, cut.x + 1)
    plain = data.windows(stream, length)
    assert plain.x.shape == (200 // length, length)
    np.testing.assert_array_equal(plain.x_test.ravel(), np.arange(90 // length * length))


def test_windows_of_what_is_no_stream_or_longer_than_it_are_refused():
    with pytest.raises(ValueError, match=r"data set 'digits': x has shape .* cut from a stream of tokens"):
        data.windows(data.load("digits"), 8)
    stream = data.load("unicode_names")
    for length in (0, 70_894):
        with pytest.raises(ValueError, match=f"length is {length}; it must be at least 1 and at most 70893"):
            data.windows(stream, length)
    with pytest.raises(ValueError, match="stride is 0"):
        data.windows(stream, 8, stride=0)


def bigram(params, tokens):
    return params["logits"][tokens]


def test_fit_learns_from_tokens_as_much_as_a_table_of_pairs_can_know():
    dataset = data.windows(data.load("unicode_names"), 32)
    classes = len(dataset.classes)
    counts = np.zeros((classes, classes))
    np.add.at(counts, (dataset.x.ravel(), dataset.y.ravel()), 1)
    chances = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    entropy = -np.sum(counts * np.log(np.where(counts > 0, chances, 1))) / counts.sum()
    _, history = training.fit(
        bigram, {"logits": jnp.zeros((classes, classes))}, dataset, epochs=4, key=jax.random.key(0), batch_size=64,
        optimizer=optimizers.adam(0.05), progress=False,
    )  # fmt: skip
    assert entropy <= history["loss"][-1] < entropy + 0.02
