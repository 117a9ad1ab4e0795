"""A GAN trained on digits: an independent classifier reads what it makes, all ten occur, and they are no copies."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from nnjax import optimizers, training
from nnjax.models import gan

KEY = jax.random.key(0)
SMALL = gan.init(KEY, 3, 6, generator=(5,), discriminator=(4,))
X = np.random.default_rng(0).uniform(size=(50, 2, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    x = (data.data / 16).astype(np.float32)
    classifier = LogisticRegression(max_iter=200).fit(x[:1400], data.target[:1400])
    assert classifier.score(x[1400:], data.target[1400:]) > 0.9
    return SimpleNamespace(train=x[:1400], unseen=x[1400:], classifier=classifier)


def distances(a, b):
    """Return the distance of each row of a to the nearest row of b."""
    squared = (a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)
    return np.sqrt(np.maximum(squared.min(axis=1), 0))


def judged(digits, seed, epochs=300):
    params = gan.init(jax.random.key(seed), 16, 64)
    result = training.fit_gan(params, digits.train, epochs=epochs, key=jax.random.key(1000 + seed), progress=False)
    images = np.asarray(gan.sample(jax.random.key(seed), result.params, 1000))
    p = digits.classifier.predict_proba(images)
    return SimpleNamespace(
        history=result.history,
        images=images,
        confidence=p.max(axis=1).mean(),
        counts=np.bincount(p.argmax(axis=1), minlength=10),
        distance=distances(images, digits.train),
    )


def check(digits, made):
    """Of unseen real digits the classifier is 0.88 sure, and they are 1.13 from the nearest that was trained on."""
    real = digits.classifier.predict_proba(digits.unseen).max(axis=1).mean()
    assert made.confidence > 0.9 * real
    assert made.counts.min() >= 30
    unseen = distances(digits.unseen, digits.train)
    assert np.median(made.distance) > np.median(unseen)
    # The nearest of as many: that of more forgeries would be nearer by chance.
    assert made.distance[: len(unseen)].min() > 0.7 * unseen.min()
    # Neither player has won: at best play the discriminator's loss is 2 log 2 = 1.39, the generator's log 2 = 0.69.
    assert 1.1 < made.history["discriminator"][-1] < 1.39
    assert 0.69 < made.history["generator"][-1] < 1.1


@pytest.mark.slow
def test_it_makes_all_ten_digits_and_copies_none(digits):
    before = np.asarray(gan.sample(KEY, gan.init(jax.random.key(0), 16, 64), 200))
    assert np.median(distances(before, digits.train)) > 2.5
    made = judged(digits, 0)
    check(digits, made)
    assert {name: values.shape for name, values in made.history.items()} == {
        "discriminator": (300,),
        "generator": (300,),
        "accuracy": (300,),
    }


@pytest.mark.slow
def test_it_does_so_from_eight_seeds(digits):
    for seed in range(8):
        check(digits, judged(digits, seed))


def test_it_is_descent_of_each_player_on_its_own_loss():
    """Every image is the same, so the order does not matter: the run is a loop of plain steps."""
    x, rate = np.tile(X[:1], (8, 1, 1)), 0.1
    result = training.fit_gan(SMALL, x, epochs=2, key=KEY, batch_size=4, optimizer=optimizers.sgd(rate), progress=False)

    @jax.jit
    def step(params, key):
        losses, grads = gan.losses_and_grads(params, jnp.asarray(x[:4].reshape(4, 6)), gan.noise(key, params, 4))
        return jax.tree.map(lambda p, g: p - rate * g, params, grads), losses

    params, losses = SMALL, []
    for epoch in range(2):
        step_key = jax.random.split(jax.random.fold_in(KEY, epoch))[1]
        for place in range(2):
            params, both = step(params, jax.random.fold_in(step_key, place))
            losses.append(both)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), result.params, params)
    means = np.mean(np.reshape(losses, (2, 2, 2)), axis=1)
    np.testing.assert_allclose(result.history["discriminator"], means[:, 0], rtol=1e-5)
    np.testing.assert_allclose(result.history["generator"], means[:, 1], rtol=1e-5)


def test_the_same_key_gives_the_same_and_the_parameters_given_are_left_alone(same, capsys):
    before = jax.tree.map(np.array, SMALL)
    first, again = (training.fit_gan(SMALL, X, epochs=3, key=KEY, progress=shown) for shown in (True, False))
    assert same(first, again)
    assert same(SMALL, before)
    assert not same(training.fit_gan(SMALL, X, epochs=3, key=jax.random.key(1), progress=False), first)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[-1].startswith("epoch 3/3  discriminator ")


def test_optaxs_optimizers_will_do_and_the_accuracy_is_counted():
    """A discriminator that cannot be fooled, as its generator stands still, ends up right about all images."""
    frozen = optax.multi_transform(
        {"moves": optax.adam(0.05), "rests": optax.set_to_zero()},
        {"generator": "rests", "discriminator": "moves"},
    )
    result = training.fit_gan(SMALL, np.ones((64, 6)), epochs=60, key=KEY, optimizer=frozen, progress=False)
    assert result.history["accuracy"][-1] == 1
    assert result.history["discriminator"][-1] < 0.1
    assert 0 <= result.history["accuracy"].min() < 1
    jax.tree.map(np.testing.assert_array_equal, result.params["generator"], SMALL["generator"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": 0}, "epochs is 0; it must be a whole number of at least 1"),
        ({"key": 3}, "key is 3; it must be a random key"),
        ({"batch_size": 51}, "batch_size is 51, but there are only 50 training examples"),
        ({"images": 2 * X}, r"images lie in \[0.\d+, 1.\d+\]; scale them to \[0, 1\]"),
        ({"images": np.full((50, 6), np.nan)}, r"images\[0, 0\] is nan; all data must be finite"),
        ({"images": X[:, :, :2]}, r"x has shape \(1, 4\); the discriminator wants 6 features on the last axis"),
        ({"params": SMALL["generator"]}, "params must be what models.gan.init returned"),
        ({"params": {}}, "params holds no arrays"),
        ({"optimizer": 0.1}, "optimizer is 0.1; it must be an optax.GradientTransformation"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_errors(change, words):
    given = {"params": SMALL, "images": X, "epochs": 1, "key": KEY, "progress": False} | change
    with pytest.raises(ValueError, match=words):
        training.fit_gan(given.pop("params"), given.pop("images"), **given)


def test_a_run_that_diverges_is_stopped():
    with pytest.raises(FloatingPointError, match=r"the loss became (nan|inf) in epoch|are not finite"):
        training.fit_gan(SMALL, X, epochs=20, key=KEY, optimizer=optimizers.sgd(1e30), progress=False)
