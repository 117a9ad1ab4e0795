"""What travels between the sandbox and the judge: everything that was sent comes back, nothing else is believed."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nnjax.exercises.inputs import Function, Key, Mesh
from nnjax.grading.outcomes import DTYPES, Outcome, pack, plain, to_numpy, unpack

ARRAYS = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int32, np.uint8, np.bool_]), hnp.array_shapes(min_dims=0)
)
TREES = st.recursive(
    ARRAYS | st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False),
    lambda parts: st.lists(parts, max_size=3).map(tuple) | st.dictionaries(st.sampled_from("abW"), parts),
    max_leaves=6,
)


def alike(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(alike(a[name], b[name]) for name in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    return type(a) is type(b) and a == b


@given(TREES)
def test_what_is_sent_comes_back(tree):
    assert alike(unpack(pack(tree)), tree)


@pytest.mark.parametrize(
    "dtype", [">f4", ">i2", np.longlong, np.dtype("f8", metadata={"unit": "m"}), np.dtype("=f2")], ids=str
)
def test_numbers_are_the_same_however_their_dtype_is_written(dtype):
    array = np.arange(3).astype(dtype)
    back = unpack(pack(to_numpy(array)))
    assert back.dtype.name == array.dtype.name
    assert back.dtype.isnative
    assert back.tolist() == [0, 1, 2]


def test_numbers_finer_than_double_are_rounded():
    assert to_numpy(np.longdouble(1) / 3).dtype == np.float64
    assert to_numpy([np.longdouble(1) / 3])[0] == 1 / 3


def test_inputs_keep_their_markers_and_answers_may_not_hold_any():
    tree = [Key(3), Function("cubic", (1.0, np.float32([2]))), Mesh(8), {"x": "text"}]
    back = unpack(pack(tree), inputs=True)
    assert back[0] == Key(3)
    assert isinstance(back, list)
    assert back[1].name == "cubic"
    assert back[2:] == [Mesh(8), {"x": "text"}]
    with pytest.raises(ValueError, match="cannot be read: unknown kind key"):
        unpack(pack(Key(3)))


def header(content, numbers=b""):
    data = json.dumps(content).encode()
    return len(data).to_bytes(8, "big") + data + numbers


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0" * 7, b"\xff" * 8, b"\xff" * 100, (5).to_bytes(8, "big") + b"{", (4).to_bytes(8, "big") + b"null",
        header({"array": ["float32", [2], 0]}, b"\0" * 7),
        header({"array": ["float32", [-1], 0]}), header({"array": ["float32", [2], -8]}, b"\0" * 8),
        header({"array": ["float32", [2**39, 2**39], 0]}), header({"array": ["float32", [True], 0]}, b"\0" * 8),
        header({"array": ["float32", [1.0], 0]}, b"\0" * 8), header({"array": ["float32", "11", 0]}, b"\0" * 8),
        header({"array": ["object", [1], 0]}, b"\0" * 8), header({"array": ["O", [1], 0]}, b"\0" * 8),
        header({"array": ["float32", [1] * 40, 0]}, b"\0" * 8), header({"array": [["float32"], [1], 0]}, b"\0" * 8),
        header({"value": [1]}), header({"value": {}}), header({}), header({"a": 1, "b": 2}), header([1]), header(None),
        header({"outcome": [{"value": 1}]}), header({"mesh": [{"value": 1}, {"value": "x"}]}),
        header({"dict": 7}), header({"tuple": {"value": 1}}), header({"dict": [["a"]]}),
        len(b"[" * 100_000).to_bytes(8, "big") + b"[" * 100_000,
        len(b'{"value": ' + b"1" * 5000 + b"}").to_bytes(8, "big") + b'{"value": ' + b"1" * 5000 + b"}",
        (2_000_000).to_bytes(8, "big") + b" " * 2_000_000,
    ],
)  # fmt: skip
def test_bytes_that_pack_cannot_have_written_are_refused_in_words(data):
    with pytest.raises(ValueError, match="the answer cannot be read"):
        unpack(data)


def test_trees_within_trees_end_somewhere():
    tree = 1
    for _ in range(60):
        tree = (tree,)
    with pytest.raises(ValueError, match="nested too deep"):
        unpack(pack(tree))
    endless = []
    endless.append(endless)
    with pytest.raises(TypeError, match="too deep"):
        to_numpy(endless)


@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else_happens(noise):
    with pytest.raises(ValueError, match="cannot be read"):
        unpack(len(noise).to_bytes(8, "big") + noise)


class Chameleon:
    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.mark.parametrize(
    "value", [Chameleon(), object(), 1j, np.array(["x"]), np.array([None]), {1: {2}}, len, 10**400]
)
def test_what_is_no_number_is_no_answer(value):
    with pytest.raises((TypeError, OverflowError, ValueError)):
        to_numpy((value,))


def test_lists_of_numbers_are_arrays_and_lists_of_arrays_are_not():
    np.testing.assert_array_equal(to_numpy([[1, 2], [3, 4]]), [[1, 2], [3, 4]])
    assert isinstance(to_numpy([jnp.ones(2), jnp.ones(3)]), tuple)
    assert to_numpy(jnp.ones(2, jnp.bfloat16)).dtype == DTYPES["bfloat16"]


def test_plain_text_is_one_line_without_signs_that_act():
    assert plain("a\x1b[31mb\nc\u202ed\ud800\0", 50) == "a [31mb c d"
    assert plain("x" * 1000, 20) == "x" * 17 + "..."


def test_outcomes_travel_with_cleaned_words():
    back = unpack(pack((Outcome(failure="raised", words="bad\x1b]0;title\x07 <b>"),)))
    assert back == (Outcome(None, "raised", "bad ]0;title <b>"),)
