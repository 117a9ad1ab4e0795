import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnjax import data

SYMBOLS = tuple("\nabc")


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_decode_is_the_inverse_of_encode(text):
    symbols = data.vocabulary(text)
    tokens = data.encode(text, symbols)
    assert tokens.dtype == np.int32
    assert list(symbols) == sorted(set(text))
    assert [symbols[token] for token in tokens] == list(text)
    assert data.decode(tokens, symbols) == data.decode(tokens.tolist(), symbols) == text


def test_what_a_model_drew_is_decoded_and_nothing_is_an_empty_text():
    assert data.decode(jnp.array([1, 2, 3, 0]), SYMBOLS) == "abc\n"
    assert data.decode([], SYMBOLS) == ""
    assert data.encode("", SYMBOLS).tolist() == []


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: data.vocabulary(""), "text is empty"),
        (lambda: data.encode("abxay", SYMBOLS), r"text\[2\] is 'x', not one of the 4 symbols"),
        (lambda: data.encode("a", ("a", "bc")), r"symbols\[1\] is 'bc'; every symbol must be one character"),
        (lambda: data.encode("a", ("a", "b", "a")), r"symbols\[0\] and symbols\[2\] are both 'a'"),
        (lambda: data.decode([0, 4], SYMBOLS), r"tokens\[1\] is 4; tokens of 4 symbols run from 0 to 3"),
        (lambda: data.decode([0, -1], SYMBOLS), r"tokens\[1\] is -1; tokens of 4"),
        (lambda: data.decode(np.zeros((2, 3), int), SYMBOLS), r"tokens is int64 \(2, 3\); wanted integers"),
        (lambda: data.decode([0.5], SYMBOLS), r"tokens is float64 \(1,\); wanted integers"),
        (lambda: data.pad([], SYMBOLS), "texts is empty"),
        (lambda: data.pad(["a", "abc"], SYMBOLS, length=2), r"texts\[1\] has 3 characters; wanted at most length=2"),
        (lambda: data.pad([""], SYMBOLS, length=0), "wanted at most length=0"),
        (lambda: data.pad(["a"], SYMBOLS, end="z"), "end is 'z', not one of the 4 symbols"),
        (lambda: data.pad(["a", "bd"], SYMBOLS), r"texts\[1\]: text\[1\] is 'd', not one of the 4"),
    ],
)
def test_what_cannot_be_is_named(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_texts_are_filled_up_to_one_length():
    assert data.pad(["a", "", "bcb"], SYMBOLS).tolist() == [[1, 0, 0], [0, 0, 0], [2, 3, 2]]
    rows = data.pad(["ab", "c"], SYMBOLS, length=4, end="c")
    assert rows.tolist() == [[1, 2, 3, 3], [3, 3, 3, 3]]
    assert rows.dtype == np.int32


def made(n=23, n_test=9):
    x = np.arange(n + 1, dtype=np.int32)
    x_test = 30 + np.arange(n_test + 1, dtype=np.int32)
    return data.Dataset("made", x[:-1], x[1:], x_test[:-1], x_test[1:], tuple("x" * 50), "this test")


@pytest.mark.parametrize(("length", "stride"), [(4, None), (4, 1), (3, 5), (9, 2), (1, None)])
def test_windows_are_stretches_of_the_stream(length, stride):
    whole = made()
    cut = data.windows(whole, length, stride=stride)
    for field in ("x", "y", "x_test", "y_test"):
        stream, rows = getattr(whole, field), getattr(cut, field)
        starts = range(0, len(stream) - length + 1, stride or length)
        np.testing.assert_array_equal(rows, [stream[i : i + length] for i in starts])
        assert rows.dtype == np.int32
        assert rows.flags.owndata
    data.validate(cut)


@pytest.mark.parametrize(
    ("dataset", "arguments", "sentence"),
    [
        (made(), (10,), r"'made': x_test has 9 tokens; wanted length=10"),
        (made(), (0,), "length is 0; it must be a whole number of at least 1"),
        (made(), (True,), "length is True; it must be a whole"),
        (data.windows(made(), 3), (3,), r"'made': x is int32 \(7, 3\); wanted a stream of tokens \(n,\)"),
        (made()._replace(x=np.zeros(23)), (3,), r"'made': x is float64 \(23,\); wanted a stream"),
    ],
)
def test_what_cannot_be_cut_is_named(dataset, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.windows(dataset, *arguments)
    with pytest.raises(ValueError, match="stride is 0"):
        data.windows(made(), 3, stride=0)
