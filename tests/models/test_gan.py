"""The two losses of a GAN against optax's, the discriminator that is best, sizes, keys and errors; not its training."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nnjax import manual
from nnjax.models import gan

KEY = jax.random.key(0)
PARAMS = gan.init(KEY, 3, 6, generator=(5,), discriminator=(4, 7))
X = np.random.default_rng(0).uniform(size=(8, 6)).astype(np.float32)
Z = np.random.default_rng(1).normal(size=(8, 3)).astype(np.float32)


def test_the_losses_are_the_cross_entropies_of_optax():
    real, fake = np.random.default_rng(0).normal(0, 3, (2, 9)).astype(np.float32)

    @jax.jit
    def both(real, fake):
        entropy = optax.sigmoid_binary_cross_entropy
        ones, zeros = jnp.ones(9), jnp.zeros(9)
        discriminator = jnp.mean(entropy(real, ones)) + jnp.mean(entropy(fake, zeros))
        return gan.losses(real, fake), (discriminator, jnp.mean(entropy(fake, ones)))

    np.testing.assert_allclose(*both(real, fake), rtol=1e-6)
    np.testing.assert_allclose(manual.gan.losses(real, fake)[0], both(real, fake)[0], rtol=1e-6)


def test_when_nothing_can_be_told_apart():
    np.testing.assert_allclose(gan.losses(jnp.zeros(3), jnp.zeros(5)), [2 * np.log(2), np.log(2)], rtol=1e-6)


def test_where_the_forgery_is_plainly_bad_the_generator_has_a_slope_all_the_same():
    """The discriminator's own term, which the generator might climb instead, is flat there: it saturates."""

    def slopes(fake):
        return jax.jacobian(lambda fake: jnp.stack(gan.losses(jnp.zeros(1), fake)))(fake)[:, 0]

    discriminator, generator = slopes(jnp.array([-30.0]))
    assert abs(float(discriminator)) < 1e-12
    assert float(generator) == pytest.approx(-1)
    far = np.asarray(gan.losses(jnp.array([-1000.0]), jnp.array([1000.0])))
    np.testing.assert_array_equal(far, [2000, 0])


def test_the_best_discriminator_knows_the_odds():
    """D = log(p / q), p and q the densities of real and forged images (Goodfellow et al., Proposition 1)."""
    real, fake = jnp.array([0, 0, 0, 1, 2, 2]), jnp.array([0, 1, 1, 1, 1, 2])
    odds = jnp.log(jnp.array([3 / 1, 1 / 4, 2 / 1]))
    slopes = jax.grad(lambda logits: gan.losses(logits[real], logits[fake])[0])
    np.testing.assert_allclose(slopes(odds), 0, atol=1e-7)
    assert np.abs(slopes(odds + 0.1)).min() > 0.01


@jax.jit
def stepped(params, x, z):
    """The losses, and both again after a small step of one player."""
    values, grads = gan.losses_and_grads(params, x, z)
    after = {}
    for player in ("discriminator", "generator"):
        moved = jax.tree.map(lambda p, g: p - 0.01 * g, params[player], grads[player])
        after[player] = gan.losses_and_grads(params | {player: moved}, x, z)[0]
    return values, after


def test_a_step_of_one_player_lowers_its_own_loss():
    (missed, caught), after = stepped(PARAMS, X, Z)
    assert float(after["discriminator"][0]) < float(missed)
    assert float(after["generator"][1]) < float(caught)
    # What the one gains the other loses.
    assert float(after["discriminator"][1]) > float(caught)
    assert float(after["generator"][0]) > float(missed)


def test_the_losses_are_those_of_the_networks_and_gradients_have_the_shapes_of_the_parameters():
    values, grads = jax.jit(gan.losses_and_grads)(PARAMS, X, Z)
    real = gan.discriminate(PARAMS["discriminator"], jnp.asarray(X))
    fake = gan.discriminate(PARAMS["discriminator"], gan.generate(PARAMS["generator"], jnp.asarray(Z)))
    np.testing.assert_allclose(values, gan.losses(real, fake), rtol=1e-5)
    assert jax.tree.map(jnp.shape, grads) == jax.tree.map(jnp.shape, PARAMS)
    by_hand = manual.gan.losses_and_grads(*jax.tree.map(lambda a: np.asarray(a, np.float64), (PARAMS, X, Z)))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), (values, grads), by_hand)


def test_init_and_sample():
    assert [layer["W"].shape for layer in PARAMS["generator"]] == [(3, 5), (5, 6)]
    assert [layer["W"].shape for layer in PARAMS["discriminator"]] == [(6, 4), (4, 7), (7, 1)]
    images = gan.sample(KEY, PARAMS, 50)
    assert images.shape == (50, 6)
    assert 0 < float(images.min()) < float(images.max()) < 1
    assert len(np.unique(np.asarray(images), axis=0)) == 50
    np.testing.assert_array_equal(gan.sample(KEY, PARAMS, 50), images)
    np.testing.assert_array_equal(gan.generate(PARAMS["generator"], gan.noise(KEY, PARAMS, 50)), images)
    assert not np.array_equal(gan.sample(jax.random.key(1), PARAMS, 50), images)
    weights = np.concatenate([np.ravel(layer["W"]) for layer in (*PARAMS["generator"], *PARAMS["discriminator"])])
    assert len(np.unique(weights)) == weights.size


def test_float64_is_kept():
    with jax.enable_x64(True):
        double = jax.tree.map(lambda a: jnp.asarray(a, jnp.float64), (PARAMS, X, Z))
        outputs = jax.eval_shape(gan.losses_and_grads, *double)
    assert {leaf.dtype for leaf in jax.tree.leaves(outputs)} == {np.dtype(np.float64)}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gan.init(KEY, 0, 6), r"\(noise, pixels\) holds 0"),
        (lambda: gan.init(KEY, 3, 6, generator=(0,)), "sizes holds 0"),
        (lambda: gan.sample(KEY, PARAMS, 0), "count holds 0"),
        (lambda: gan.losses(jnp.zeros(0), jnp.zeros(3)), r"real_logits is empty: shape \(0,\)"),
        (lambda: gan.losses(jnp.zeros(3), jnp.zeros(0)), r"fake_logits is empty: shape \(0,\)"),
        (
            lambda: gan.losses_and_grads(PARAMS, jnp.zeros((2, 5)), jnp.zeros((2, 3))),
            r"x has shape \(2, 5\); the discriminator wants 6 features on the last axis",
        ),
        (
            lambda: jax.jit(gan.losses_and_grads)(PARAMS, jnp.zeros((2, 6)), jnp.zeros((2, 4))),
            r"x has shape \(2, 4\); the dense layer wants 3 features",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()
