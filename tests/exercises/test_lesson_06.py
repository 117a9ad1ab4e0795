"""The references of lesson 06 against nnjax's own functions and, where they are its model, optax's."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nnjax import initializers, layers, losses, manual, optimizers
from nnjax.exercises.lesson_06_tuning import (
    adam_update,
    dropout,
    dropout_backward,
    early_stop,
    he_normal,
    l1_gradient,
    l2_gradient,
    momentum_update,
    rmsprop_update,
)
from tests.exercises.judged import drawn, equal, verdict

FIRST = jnp.zeros((), jnp.int32)


def after(optimizer, params, grads, state):
    updates, state = optimizer.update(grads, state, params)
    return optax.apply_updates(params, updates), state


def test_the_updates_are_those_of_the_optimizers():
    for params, grads, v, rate, momentum in drawn(momentum_update):
        new, state = after(optimizers.sgd(rate, momentum), params, grads, optimizers.SGDState(FIRST, v))
        equal(momentum_update.reference(params, grads, v, rate, momentum), (new, state.v))
    for params, grads, s, rate, decay, eps in drawn(rmsprop_update):
        optimizer = optimizers.rmsprop(rate, decay, eps, eps_in_sqrt=False)
        new, state = after(optimizer, params, grads, optimizers.RMSPropState(FIRST, s))
        equal(rmsprop_update.reference(params, grads, s, rate, decay, eps), (new, state.s))
    for params, grads, state, rate, b1, b2, eps in drawn(adam_update):
        start = optimizers.AdamState(state["t"], state["m"], state["v"])
        new, end = after(optimizers.adam(rate, b1, b2, eps), params, grads, start)
        equal(adam_update.reference(params, grads, state, rate, b1, b2, eps), (new, end._asdict()))


def test_he_normal_is_that_of_the_initializers():
    for key, shape in drawn(he_normal):
        equal(he_normal.reference(key, shape), initializers.he_normal(key, shape))


def test_the_gradients_of_the_penalties_are_those_of_the_losses():
    for params, rate in drawn(l1_gradient):
        equal(l1_gradient.reference(params, rate), jax.grad(losses.l1)(params, rate))
        equal(l2_gradient.reference(params, rate), jax.grad(losses.l2)(params, rate))


def test_dropout_keeps_what_the_layer_of_nnjax_keeps_of_it():
    for key, x, rate in drawn(dropout):
        y = dropout.reference(key, x, rate)
        own = layers.dropout.apply(x, rate, key=key)
        both = (y != 0) & (own != 0)
        equal(y[both], own[both])
        assert both.any()


def test_dropout_backward_is_that_by_hand():
    for mask, dy, rate in drawn(dropout_backward):
        _, cache = manual.dropout.forward(np.ones_like(dy), np.asarray(mask), rate)
        equal(dropout_backward.reference(mask, dy, rate), manual.dropout.backward(cache, np.asarray(dy)))


def test_what_is_said_of_equal_losses_is_true_however_they_are_left_out():
    def counted_only_when_above(losses, patience):
        best, count = losses[0], 0
        for place, loss in enumerate(losses):
            if loss < best:
                best, count = loss, 0
            elif loss > best:
                count += 1
            if count >= patience:
                return place
        return len(losses) - 1

    found = verdict(early_stop, counted_only_when_above, 0)
    assert found.sentence == "An equal loss is no improvement: it counts as one of the patience losses."
