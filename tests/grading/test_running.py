"""Calling what a learner wrote: every accident becomes an outcome in words, and the time is over when it is over."""

import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax.exercises.inputs import Key
from nnjax.exercises.laws import Call
from nnjax.grading import running
from nnjax.grading.limits import TooSlow, autodiff_off, time_limit

X = np.float32([1, 2])


def outcome(function, *args, kind="plain", detail=0, seconds=5, by_hand=False):
    (found,) = running.run(function, [args or (X,)], [Call(kind, 0, detail)], seconds, by_hand=by_hand)
    return found


def broken(x):
    return x.nothing


@pytest.mark.parametrize(
    ("function", "failure", "words"),
    [
        (broken, "raised", "AttributeError in line"),
        (lambda x: 1 / 0, "raised", "ZeroDivisionError in line"),
        (lambda: 1, "raised", "TypeError"),
        (lambda x: exit(3), "raised", "SystemExit"),
        (lambda x: "text", "", ""),
        (lambda x: object(), "type", "an object"),
        (lambda x: 1j * x, "type", "complex"),
        (lambda x: (x, {1}), "type", "a set"),
        (lambda x: [None, x][0], "", ""),
    ],
)
def test_accidents_become_words(function, failure, words):
    found = outcome(function)
    assert found.failure == failure
    assert words in found.words


def test_a_stub_is_unsolved_but_an_operation_that_jax_lacks_is_not():
    def stub(x):
        raise NotImplementedError

    def lacking(x):
        return jax.lax.reduce_precision(x, exponent_bits=0, mantissa_bits=0)

    assert outcome(stub).failure == "unsolved"
    assert outcome(lacking).failure == "raised"


def test_what_is_printed_is_not_shown(capsys):
    def chatty(x):
        print("spam")
        return x

    assert not outcome(chatty).failure
    assert capsys.readouterr().out == ""


def test_a_loop_without_end_is_interrupted_and_later_calls_are_not_made():
    def endless(x):
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                continue

    start = time.monotonic()
    calls = [Call("plain", 0), Call("plain", 0)]
    found = running.run(endless, [(X,)], calls, 0.3)
    assert [one.failure for one in found] == ["slow", "slow"]
    assert time.monotonic() - start < 3


def test_time_is_limited_in_any_thread_and_given_back():
    seen = []

    def work():
        try:
            with time_limit(0.2):
                while True:
                    time.sleep(0.01)
        except TooSlow:
            seen.append("slow")
        with time_limit(5):
            seen.append("quick")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)
    assert seen == ["slow", "quick"]


def test_the_manners_of_calling():
    cases = [(X, 3.0)]

    def scaled(x, factor):
        return factor * x**2 if factor else x

    kinds = [Call("plain", 0), Call("jit", 0), Call("vmap", 0, 0), Call("gradient", 0, 0), Call("flops", 0)]
    plain, jit, vmap, gradient, flops = (one.value for one in running.run(scaled, cases, kinds, 20))
    np.testing.assert_allclose(plain, [3, 12])
    np.testing.assert_allclose(jit, plain)
    np.testing.assert_allclose(vmap, plain)
    np.testing.assert_allclose(gradient, [6, 12])
    assert flops == 4


def test_numpy_inside_is_not_traced_but_an_if_on_jax_arrays_is():
    assert outcome(lambda x: jnp.asarray(np.exp(x)), kind="jit") == running.NOT_TRACED
    assert outcome(lambda x: x if x[0] > 0 else -x, kind="jit").failure == "raised"
    plain, jit = running.run(lambda x: np.exp(x), [(X,)], [Call("plain", 0), Call("jit", 0)], 5)
    assert not plain.failure
    assert jit == running.NOT_TRACED


def test_changed_arguments_show_in_the_second_call():
    def mutating(params):
        params["W"] = params["W"] + 1
        return params["W"]

    second, arguments = outcome(mutating, {"W": X}, kind="again").value
    np.testing.assert_array_equal(second, X + 2)
    np.testing.assert_array_equal(arguments[0]["W"], X + 2)


def test_keys_arrive_as_keys():
    found = outcome(lambda key: jax.random.uniform(key), Key(3))
    assert float(found.value) == float(jax.random.uniform(jax.random.key(3)))


@pytest.mark.parametrize(
    "differentiate",
    [
        jax.grad(jnp.sum), jax.value_and_grad(jnp.sum), jax.jacfwd(jnp.sum), jax.hessian(jnp.sum),
        lambda x: jax.vjp(jnp.sum, x)[1](1.0), lambda x: jax.jvp(jnp.sum, (x,), (x,)),
        lambda x: jax.linearize(jnp.sum, x)[1](x), jax.jit(jax.grad(lambda x: jnp.sum(x**2))),
        lambda x: jax.linear_transpose(lambda x: 2 * x, x)(x),
    ],
)  # fmt: skip
def test_autodiff_is_off_where_derivatives_are_asked_for_by_hand(differentiate):
    found = outcome(differentiate, np.float32([1, 2, 3]), by_hand=True)
    assert (found.failure, "switched off" in found.words) == ("raised", True)
    with autodiff_off():
        assert float(jax.nn.relu(2.0)) == 2
    assert not outcome(differentiate, np.float32([1, 2, 3])).failure
