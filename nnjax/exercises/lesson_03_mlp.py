"""Exercises of lesson 03: layers."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import drawing, laws
from nnjax.exercises.exercise import Case, exercise
from nnjax.exercises.independence import different, of_few_keys
from nnjax.exercises.inputs import Key

LESSON = "03_mlp"


def _layers(rng: np.random.Generator, *sizes: int, numbers=drawing.normal) -> list[dict[str, np.ndarray]]:
    return [drawing.layer(rng, *pair, numbers) for pair in itertools.pairwise(sizes)]


def _relu(z):
    return jnp.maximum(z, 0)


def _dense_cases(rng: np.random.Generator) -> list[Case]:
    small = drawing.layer(rng, 2, 2, drawing.short), drawing.short(rng, 2)
    return [
        small,
        (drawing.layer(rng, 3, 3), drawing.normal(rng, 3, 3)),
        (drawing.layer(rng, 3, 1), drawing.normal(rng, 1, 3)),
        (drawing.layer(rng, 3, 2), drawing.normal(rng, 4, 3)),
    ]


@exercise(
    LESSON,
    draw=_dense_cases,
    laws=[laws.PURE, laws.JIT, laws.vmap(1)],
    hints=[
        "Each output is a weighted sum of all inputs; all these sums together are one matrix product.",
        "Rows are samples, so x stands on the left: x @ W. The bias, one number an output, is added to every row.",
    ],
)
def dense(params, x):
    """Return the output of a dense layer without activation, x W + b.

    params is {"W": (in, out), "b": (out,)}; x is one sample (in,) or a batch (batch, in). The output has the shape
    (out,) or (batch, out): y_j = sum_i x_i W_ij + b_j for each sample.
    """
    return x @ params["W"] + params["b"]


dense.mistake("The bias is missing: add b to every row.", lambda params, x: x @ params["W"])
dense.mistake("The bias is subtracted; it is added, x W + b.", lambda params, x: x @ params["W"] - params["b"])
dense.mistake(
    "W is used transposed: its rows are the inputs and its columns the outputs, so x @ W fits as it is.",
    lambda params, x: x @ params["W"].T + params["b"],
)
dense.mistake(
    "W @ x is the column form of the textbooks. Here samples are rows, and the same layer reads x @ W + b.",
    lambda params, x: params["W"] @ x + params["b"],
)
dense.mistake(
    "The product * goes entry by entry; a layer sums over the inputs, which is the matrix product @.",
    lambda params, x: x * params["W"] + params["b"],
)
dense.mistake(
    "The bias is added to the inputs; it belongs to the outputs, after the product with W.",
    lambda params, x: (x + params["b"]) @ params["W"],
)
dense.mistake(
    "There is a ReLU in it: this layer is linear, its activation is applied outside.",
    lambda params, x: _relu(x @ params["W"] + params["b"]),
)
dense.mistake(
    "The batch is summed up; every sample keeps a row of its own.",
    lambda params, x: jnp.sum(jnp.atleast_2d(x) @ params["W"] + params["b"], axis=0),
)
dense.mistake(
    "An axis of one stays: a batch of one sample gives (1, out), a layer of one output (batch, 1); do not squeeze.",
    lambda params, x: jnp.squeeze(jnp.atleast_2d(x) @ params["W"] + params["b"]),
)
dense.mistake(
    "A batch of as many samples as inputs is a batch too: look at x.ndim, not at the length of x, or write x @ W + b: "
    "it is right for both.",
    lambda params, x: params["W"].T @ x + params["b"] if len(x) == len(params["W"]) else x @ params["W"] + params["b"],
)
dense.mistake(
    "The answer comes with the outputs first; samples are rows, so the shape is (batch, out).",
    lambda params, x: params["W"].T @ x.T + params["b"][:, None],
    lambda params, x: (x @ params["W"] + params["b"]).T if x.ndim == 2 else x @ params["W"] + params["b"],
)


def _slopes(rng: np.random.Generator) -> list[Case]:
    table = drawing.normal(rng, 2, 3, 2)
    table[0, 0] = rng.uniform(-3, -0.5, 2)
    table[1, 0] = rng.uniform(0.5, 3, 2)
    table[0, 1] = 0.1, -0.05  # close to the kink on both sides
    short = np.abs(drawing.short(rng, 5)) * np.array([-1, 1, -1, 1, -1], np.float32)
    scalar = np.array(-rng.integers(2, 20) / 10, np.float32)
    return [(scalar, 0.2), (short, 0.25), (table, float(rng.uniform(0.3, 0.6)))]


@exercise(
    LESSON,
    draw=_slopes,
    laws=[laws.PURE, laws.JIT, laws.vmap(0)],
    hints=[
        "There are two straight pieces that meet at 0; decide entry by entry which one counts.",
        "jnp.where(condition, a, b) takes a where the condition holds and b elsewhere.",
    ],
)
def leaky_relu(z, slope):
    """Return the leaky ReLU of each entry: z where z > 0, and slope * z elsewhere.

    z is an array of any shape, also of none, slope a number between 0 and 1. The output has the shape of z.
    """
    return jnp.where(z > 0, z, slope * z)


leaky_relu.mistake(
    "That is the plain ReLU: below 0 the leaky one still lets slope * z through.",
    lambda z, slope: jnp.where(z > 0, z, 0.0),
)
leaky_relu.mistake(
    "The two pieces are exchanged: positive entries stay as they are, the others are multiplied by the slope.",
    lambda z, slope: jnp.where(z > 0, slope * z, z),
    lambda z, slope: jnp.minimum(z, slope * z),
)
leaky_relu.mistake(
    "The two pieces meet at 0: compare z with 0 and with nothing else.",
    lambda z, slope: jnp.where(z > slope, z, slope * z),
    lambda z, slope: jnp.where(z > -0.1, z, slope * z),
)
leaky_relu.mistake(
    "Every entry is multiplied by the slope; those above 0 stay as they are.", lambda z, slope: slope * z
)
leaky_relu.mistake(
    "Below 0 you return the slope itself; it must be multiplied by z.", lambda z, slope: jnp.where(z > 0, z, slope)
)
leaky_relu.mistake(
    "Below 0 the sign is wrong: slope * z is negative there.",
    lambda z, slope: jnp.where(z > 0, z, -slope * z),
    lambda z, slope: jnp.where(z > 0, z, slope * jnp.abs(z)),
)
leaky_relu.mistake("Below 0 you divide by the slope; multiply by it.", lambda z, slope: jnp.where(z > 0, z, z / slope))
leaky_relu.mistake(
    "The slope is written into your function as a number; use the argument.",
    lambda z, slope: jnp.where(z > 0, z, 0.01 * z),
    lambda z, slope: jnp.where(z > 0, z, 0.1 * z),
)
leaky_relu.mistake(
    "An if, or Python's max, decides once for the whole array; jnp.where decides for each entry.",
    lambda z, slope: z if z > 0 else slope * z,
    lambda z, slope: max(z, slope * z),
)


def _bends(rng: np.random.Generator) -> list[Case]:
    table = np.float32([rng.uniform(-2, -0.3, 4), rng.uniform(0.3, 2, 4), rng.normal(size=4)]).reshape(2, 3, 2)
    low = np.array(-1000, np.float32)  # without a large number, beside which an error near -alpha would not be seen
    extreme = np.float32([[-1000, *rng.uniform(-2, -0.5, 2), 1000] for _ in table])
    extreme[1] *= -1
    short = np.abs(drawing.short(rng, 3)) * np.array([-1, 1, -1], np.float32)
    return [(short, 0.5), (table, float(rng.uniform(1.3, 2))), (low, 2.0), (extreme, float(rng.uniform(0.6, 0.8)))]


@exercise(
    LESSON,
    draw=_bends,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT, laws.vmap(0), laws.gradient(0, 1, 3)],
    hints=[
        "As in the leaky ReLU there are two pieces; the lower one is a curve that levels off at -alpha.",
        "jnp.where computes both pieces for every entry, and jax.grad differentiates both: exp(1000) is infinite.",
        "Let exp see jnp.minimum(z, 0) only; for the entries that are taken this is z itself.",
    ],
)
def elu(z, alpha):
    """Return the exponential linear unit of each entry: z where z > 0, and alpha (exp(z) - 1) elsewhere.

    z is an array of any shape with entries of any size, such as -1000 or 1000; alpha is a positive number. The output
    has the shape of z, and its gradient by jax.grad is finite everywhere.
    """
    return jnp.where(z > 0, z, alpha * jnp.expm1(jnp.minimum(z, 0)))


elu.mistake(
    "Below 0 the -1 is missing: at 0 both pieces must meet in 0.",
    lambda z, alpha: jnp.where(z > 0, z, alpha * jnp.exp(jnp.minimum(z, 0))),
)
elu.mistake(
    "The -1 stands in the exponent; it is subtracted from the exponential.",
    lambda z, alpha: jnp.where(z > 0, z, alpha * jnp.exp(jnp.minimum(z, 0) - 1)),
)
elu.mistake(
    "alpha is not used: it multiplies the curve below 0.",
    lambda z, alpha: jnp.where(z > 0, z, jnp.expm1(jnp.minimum(z, 0))),
)
elu.mistake(
    "alpha multiplies the exponential only; it multiplies all of exp(z) - 1.",
    lambda z, alpha: jnp.where(z > 0, z, alpha * jnp.exp(jnp.minimum(z, 0)) - 1),
)
elu.mistake(
    "alpha stands in the exponent; it is a factor before exp(z) - 1.",
    lambda z, alpha: jnp.where(z > 0, z, jnp.expm1(alpha * jnp.minimum(z, 0))),
)
elu.mistake(
    "alpha also multiplies the positive entries; these stay as they are.",
    lambda z, alpha: alpha * jnp.where(z > 0, z, jnp.expm1(jnp.minimum(z, 0))),
)
elu.mistake(
    "Below 0 the sign is wrong: exp(z) - 1 is negative there, 1 - exp(z) is not.",
    lambda z, alpha: jnp.where(z > 0, z, -alpha * jnp.expm1(jnp.minimum(z, 0))),
)
elu.mistake(
    "Below 0 the exponent must be z itself, not -z: the curve levels off at -alpha.",
    lambda z, alpha: jnp.where(z > 0, z, alpha * jnp.expm1(-z)),
    lambda z, alpha: jnp.where(z > 0, z, alpha * (jnp.exp(jnp.abs(z)) - 1)),
)
elu.mistake(
    "That is a leaky ReLU: below 0 there is a curve, alpha (exp(z) - 1), not a line.",
    lambda z, alpha: jnp.where(z > 0, z, alpha * z),
)
elu.mistake(
    "Entries far below 0 come out wrong: there the curve goes on to -alpha, so do not clip it before.",
    lambda z, alpha: jnp.where(z > 0, z, alpha * (jnp.exp(jnp.clip(z, -3, 0)) - 1)),
    lambda z, alpha: jnp.where(z > 0, z, alpha * (jnp.exp(jnp.clip(z, -5, 0)) - 1)),
)
elu.mistake(
    "That is SELU, an ELU times 1.0507; here there is no such factor.",
    lambda z, alpha: 1.0507 * jnp.where(z > 0, z, alpha * jnp.expm1(jnp.minimum(z, 0))),
    lambda z, alpha: jax.nn.selu(z),
)
elu.mistake(
    "The values are right, but the gradient at large z is nan: exp(z) is infinite there, and the piece that is not "
    "taken is differentiated too. Let exp see no positive number.",
    lambda z, alpha: jnp.where(z > 0, z, alpha * (jnp.exp(z) - 1)),
    lambda z, alpha: jnp.maximum(z, 0) + jnp.minimum(0, alpha * jnp.expm1(z)),
)


def _pieces(rng: np.random.Generator) -> list[Case]:
    def case(pieces: int, inputs: int, outputs: int, batch: int, numbers=drawing.normal) -> Case:
        params = {"W": numbers(rng, pieces, inputs, outputs), "b": numbers(rng, pieces, outputs)}
        x = numbers(rng, batch, inputs)
        if numbers is drawing.normal:  # Outputs of both signs, whatever is drawn.
            params["b"] -= np.mean(np.max(x @ params["W"] + params["b"][:, None], axis=0), axis=0)
        return params, x

    params, x = case(4, 3, 5, 6)
    far_below = {"W": params["W"], "b": params["b"] - np.float32(rng.uniform(2000, 3000))}
    return [case(2, 1, 3, 2, drawing.short), case(3, 4, 1, 7), (far_below, x), (params, x)]


def _all_pieces(params, x):
    """Return the pieces x W_p + b_p, (pieces, batch, out), from which wrong answers take the wrong thing."""
    return x @ params["W"] + params["b"][:, None]


@exercise(
    LESSON,
    draw=_pieces,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Each piece is a dense layer of its own, with its own W and b; how many are there?",
        "x @ W with W (pieces, in, out) gives all pieces, (pieces, batch, out); b then needs an axis for the batch.",
        "The maximum is over the pieces, the first axis.",
    ],
)
def maxout(params, x):
    """Return the maxout layer's output: of several linear pieces, the largest, h_j = max_p (x W_p + b_p)_j.

    params is {"W": (pieces, in, out), "b": (pieces, out)}; x is a batch (batch, in). The output has the shape
    (batch, out); for each sample and each output another piece may win.
    """
    return jnp.max(x @ params["W"] + params["b"][:, None], axis=0)


maxout.mistake("The biases are missing: each piece has its own.", lambda params, x: jnp.max(x @ params["W"], axis=0))
maxout.mistake(
    "The biases do not line up: x @ W is (pieces, batch, out) and b (pieces, out), so b needs an axis for the batch.",
    lambda params, x: jnp.max(x @ params["W"] + params["b"], axis=0),
)
maxout.mistake(
    "The pieces are added up; the largest of them wins.", lambda params, x: jnp.sum(_all_pieces(params, x), axis=0)
)
maxout.mistake(
    "The pieces are averaged; take the largest instead.", lambda params, x: jnp.mean(_all_pieces(params, x), axis=0)
)
maxout.mistake(
    "That is the smallest of the pieces; the largest is wanted.",
    lambda params, x: jnp.min(_all_pieces(params, x), axis=0),
)
maxout.mistake(
    "The maximum is taken over the outputs; it goes over the pieces, and every output stays.",
    lambda params, x: jnp.max(_all_pieces(params, x), axis=2).T,
    lambda params, x: jnp.max(_all_pieces(params, x), axis=2),
)
maxout.mistake(
    "An axis of one stays: a layer of one output gives (batch, 1), a batch of one sample (1, out); do not squeeze.",
    lambda params, x: jnp.squeeze(jnp.max(_all_pieces(params, x), axis=0)),
)
maxout.mistake(
    "The maximum is taken over the batch; it goes over the pieces, and every sample stays.",
    lambda params, x: jnp.max(_all_pieces(params, x), axis=1),
)
maxout.mistake(
    "Only one piece is used; compute all of them and let the largest win.",
    lambda params, x: _all_pieces(params, x)[0],
    lambda params, x: _all_pieces(params, x)[-1],
)
maxout.mistake(
    "You take the largest parameters, then one layer; the pieces must be computed first and compared after.",
    lambda params, x: x @ jnp.max(params["W"], axis=0) + jnp.max(params["b"], axis=0),
)
maxout.mistake(
    "The biases are compared apart from the products: add each piece's own b before the maximum.",
    lambda params, x: jnp.max(x @ params["W"], axis=0) + jnp.max(params["b"], axis=0),
    lambda params, x: jnp.max(x @ params["W"], axis=0) + params["b"][0],
)
maxout.mistake(
    "There is a ReLU in it: maxout compares the pieces with one another, not with 0.",
    lambda params, x: jnp.maximum(jnp.max(_all_pieces(params, x), axis=0), 0),
)
maxout.mistake(
    "The maximum starts from a number, but all pieces may lie below it: start from the first piece, or from -jnp.inf.",
    *(
        lambda params, x, start=start: jnp.maximum(jnp.max(_all_pieces(params, x), axis=0), start)
        for start in (-1.0, -10.0, -100.0, -1000.0)
    ),
)
maxout.mistake(
    "That is the number of the piece that wins; its value is wanted.",
    lambda params, x: jnp.argmax(_all_pieces(params, x), axis=0),
)
maxout.mistake(
    "Those are all pieces; the maximum over them is missing.",
    lambda params, x: _all_pieces(params, x),
    lambda params, x: jnp.swapaxes(_all_pieces(params, x), 0, 1),
)


def _centred(params: list[dict[str, np.ndarray]], x: np.ndarray) -> Case:
    """Return the case with the output biases moved so that, over the batch, outputs of both signs occur."""
    h = x
    for layer in params[:-1]:
        h = np.maximum(h @ layer["W"] + layer["b"], 0)
    return [*params[:-1], {"W": params[-1]["W"], "b": -np.mean(h @ params[-1]["W"], axis=0)}], x


def _networks(rng: np.random.Generator) -> list[Case]:
    return [
        (_layers(rng, 2, 3, 2, numbers=drawing.short), drawing.short(rng, 2)),
        _centred(_layers(rng, 5, 2), drawing.normal(rng, 8, 5)),
        (_layers(rng, 3, 2, 1), drawing.normal(rng, 1, 3)),
        _centred(_layers(rng, 3, 5, 5, 2), drawing.normal(rng, 8, 3)),
    ]


def _network(params, x, activation=_relu, output=lambda a: a):
    """Return an MLP's output with other activations than those that are asked for."""
    for layer in params[:-1]:
        x = activation(x @ layer["W"] + layer["b"])
    return output(x @ params[-1]["W"] + params[-1]["b"])


def _network_without_bias(params, x):
    for layer in params[:-1]:
        x = _relu(x @ layer["W"])
    return x @ params[-1]["W"]


def _network_of_relus_before(params, x):
    for layer in params:
        x = _relu(x) @ layer["W"] + layer["b"]
    return x


def _network_of_raw_inputs(params, x):
    for layer in params:
        out = x @ layer["W"] + layer["b"]
    return out


def _network_by_pop(params, x):
    output = params.pop()
    for layer in params:
        x = _relu(x @ layer["W"] + layer["b"])
    return x @ output["W"] + output["b"]


def _network_of_all_activations(params, x):
    outputs = []
    for layer in params[:-1]:
        x = _relu(x @ layer["W"] + layer["b"])
        outputs.append(x)
    return [*outputs, x @ params[-1]["W"] + params[-1]["b"]]


@exercise(
    LESSON,
    draw=_networks,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT, laws.vmap(1)],
    hints=[
        "The output of one layer is the input of the next: one loop over the layers.",
        "The last layer differs from the others: it has no activation. params[:-1] are all but the last.",
        "In the loop: x = jnp.maximum(x @ layer[\"W\"] + layer[\"b\"], 0); after it, the last layer without it.",
    ],
)  # fmt: skip
def mlp_apply(params, x):
    """Return the outputs of a multilayer perceptron: hidden layers with ReLU, h = max(0, h W + b), and a linear output.

    params is a list of one or more layers {"W": (in, out), "b": (out,)}, the output layer last; x is one sample (in,)
    or a batch (batch, in). The output has the shape (out of the last layer,) or (batch, out of the last layer).
    """
    *hidden, output = params
    for layer in hidden:
        x = jnp.maximum(x @ layer["W"] + layer["b"], 0)
    return x @ output["W"] + output["b"]


mlp_apply.mistake(
    "The output layer has a ReLU too; it is linear, so that outputs may be negative.",
    lambda params, x: _network(params, x, output=_relu),
)
mlp_apply.mistake(
    "There is no activation between the layers: without it the whole network is one linear map.",
    lambda params, x: _network(params, x, lambda a: a),
)
mlp_apply.mistake("The biases are missing: add b in every layer.", _network_without_bias)
mlp_apply.mistake(
    "The ReLU comes too early: it acts on what a layer gives, never on the input x itself.", _network_of_relus_before
)
mlp_apply.mistake(
    "The hidden activation is a sigmoid; this network uses ReLU.", lambda params, x: _network(params, x, jax.nn.sigmoid)
)
mlp_apply.mistake(
    "The hidden activation is tanh; this network uses ReLU.", lambda params, x: _network(params, x, jnp.tanh)
)
mlp_apply.mistake(
    "The outputs go through a softmax; they are wanted as they are (logits).",
    lambda params, x: _network(params, x, output=jax.nn.softmax),
)
mlp_apply.mistake(
    "The outputs go through a sigmoid; the output layer is linear.",
    lambda params, x: _network(params, x, output=jax.nn.sigmoid),
)
mlp_apply.mistake(
    "The last layer is left out: after the hidden layers comes the output layer.",
    lambda params, x: _network([*params[:-1], {"W": jnp.eye(params[-1]["W"].shape[0]), "b": 0.0}], x),
)
mlp_apply.mistake(
    "Every layer gets the network's input x; each must get what the layer before it gave.", _network_of_raw_inputs
)
mlp_apply.mistake(
    "Two layers are written out, but a network may have any number of them: use a loop.",
    lambda params, x: _network(params[:2], x) if len(params) > 1 else params[1],
    lambda params, x: _network([params[0], params[-1]], x),
)
mlp_apply.mistake(
    "An axis of one stays: a batch of one sample gives (1, out), a network of one output (batch, 1); do not squeeze.",
    lambda params, x: jnp.squeeze(_network(params, jnp.atleast_2d(x))),
)
mlp_apply.mistake(
    "Those are the outputs of all layers; only the last is wanted.",
    _network_of_all_activations,
    lambda params, x: tuple(_network_of_all_activations(params, x)),
)
mlp_apply.mistake(
    "params.pop() takes the last layer out of the caller's list, who still needs it: read params[-1] instead.",
    _network_by_pop,
)


# Layers 1 and 2 are alike in shape, so that a key used for both shows; layer 0 tells inputs from outputs.
_SIZES = (30, 100, 100, 100)


def _keys(rng: np.random.Generator) -> list[Case]:
    """Return a small network, a large one with one key, with another, with the first again, and more small ones."""
    small, one, other, *more = (Key(int(seed)) for seed in rng.choice(2**31, 8, replace=False))
    return [(small, (2, 3, 1)), (one, _SIZES), (other, _SIZES), (one, _SIZES), *((key, (2, 3, 1)) for key in more)]


def _he(key, inputs, outputs):
    return jnp.sqrt(2 / inputs) * jax.random.normal(key, (inputs, outputs))


def _init(key, sizes, weights=_he):
    """Return a network of which only the weights(key, in, out) are other than asked for."""
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"W": weights(k, inputs, outputs), "b": jnp.zeros(outputs)}
        for k, inputs, outputs in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]


def _init_of_scale(scale):
    """Return a wrong body: normal weights times scale(in, out)."""
    return lambda key, sizes: _init(key, sizes, lambda k, i, o: scale(i, o) * jax.random.normal(k, (i, o)))


def _init_with_biases(key, sizes):
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"W": layer["W"], "b": jax.random.normal(k, layer["b"].shape)}
        for k, layer in zip(keys, _init(key, sizes), strict=True)
    ]


def _init_of_one_key(key, sizes):
    return [{"W": _he(key, inputs, outputs), "b": jnp.zeros(outputs)} for inputs, outputs in itertools.pairwise(sizes)]


def _init_of_two_keys(key, sizes):
    keys = itertools.cycle(jax.random.split(key))
    return [
        {"W": _he(k, inputs, outputs), "b": jnp.zeros(outputs)}
        for k, (inputs, outputs) in zip(keys, itertools.pairwise(sizes), strict=False)
    ]


def _init_then_split(key, sizes):
    layers = []
    for pair in itertools.pairwise(sizes):
        layers += _init_of_one_key(key, pair)
        key, _ = jax.random.split(key)
    return layers


def _init_by_numpy(key, sizes):
    return [
        {"W": np.random.normal(0, np.sqrt(2 / inputs), (inputs, outputs)), "b": np.zeros(outputs)}
        for inputs, outputs in itertools.pairwise(sizes)
    ]


def _weights(answers, case=1):
    return [np.asarray(layer["W"], float) for layer in answers[case]]


def _small_ones(answers):
    """Return the first weights of the small networks, each of another key."""
    return [answer[0]["W"] for answer in (answers[0], *answers[4:])]


def _deviates_as(answers, scale):
    """Tell whether in all layers the deviation of the weights is within 10 percent of scale(in, out): seven sigma."""
    return all(abs(W.std() / scale(*W.shape) - 1) < 0.1 for W in _weights(answers))


def _alike(V, W):
    """Tell whether the first numbers of two layers are the same, but for their scale."""
    first = min(V.size, W.size)
    return abs(np.corrcoef(V.ravel()[:first], W.ravel()[:first])[0, 1]) > 0.5


def _is_piece(row, numbers):
    """Tell whether a row stands among the numbers, but for its scale."""
    row = row - row.mean()
    windows = np.lib.stride_tricks.sliding_window_view(numbers, len(row))
    return np.max(np.abs(windows @ row) / windows.std(axis=1)) > 0.9 * np.sqrt(len(row)) * np.linalg.norm(row)


def _draws_and_splits(key, layers):
    """Tell whether some layers, but not all, are drawn from the given key itself, which is then split for the others.

    All of them may be, from one draw that is cut into layers: what comes first in it comes first in shorter ones, too.
    """
    numbers = np.asarray(jax.random.normal(jax.random.key(key.seed), (len(layers) * max(_SIZES) ** 2,)))
    if not any(_alike(W[0], numbers) for W in layers):
        return False
    return not all(_is_piece(W[0], numbers) for W in layers)


def _not_of_scale(scale):
    return lambda cases, answers: not _deviates_as(answers, scale)


def _flatness(W):
    """Return the kurtosis: 3 for normal numbers, 2.4 if they are cut off at two deviations, 1.8 for uniform ones."""
    return np.mean((W - W.mean()) ** 4) / W.var() ** 2


@exercise(
    LESSON,
    draw=_keys,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT.on(0)],
    hints=[
        "There is one layer for each pair of neighbouring sizes: (2, 3, 1) makes one of 2 to 3 and one of 3 to 1.",
        "jax.random.split(key, n) makes n fresh keys; zip(keys, sizes[:-1], sizes[1:]) pairs each with two sizes.",
        "The weights of a layer: jnp.sqrt(2 / inputs) * jax.random.normal(k, (inputs, outputs)).",
    ],
)
def mlp_init(key, sizes):
    """Return the starting parameters of a multilayer perceptron: random weights and zero biases, layer by layer.

    key is a JAX key, sizes a tuple of two or more whole numbers (inputs, hidden, ..., outputs). The answer is a list of
    len(sizes) - 1 layers {"W": (in, out), "b": (out,)}. The weights of a layer are independent normal numbers of mean 0
    and deviation sqrt(2 / in), where in is the number of its inputs. Every layer draws from a fresh key of its own,
    split from the one given: the same key gives the same network, another key another one.
    """
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"W": jnp.sqrt(2 / inputs) * jax.random.normal(k, (inputs, outputs)), "b": jnp.zeros(outputs)}
        for k, inputs, outputs in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]


mlp_init.rule(
    "All weights are 0: then the hidden units are all alike, get like gradients, and stay alike. Draw them at random.",
    lambda cases, answers: any(np.any(W) for W in _weights(answers)),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.zeros((i, o))),
)
mlp_init.rule(
    "All weights of a layer are the same number: its units would be copies of one another and stay so.",
    lambda cases, answers: all(np.ptp(W) > 0 for W in _weights(answers)),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.full((i, o), jnp.sqrt(2 / i))),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.full((i, o), jax.random.normal(k))),
)
mlp_init.rule(
    "All units of a layer start with the same weights, and would stay equal: draw all of W, (in, out), in one call.",
    lambda cases, answers: all(np.ptp(W, axis=1).any() for W in _weights(answers)),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.tile(_he(k, i, 1), (1, o))),
)
mlp_init.rule(
    "The same numbers come again within a layer: draw all of W, (in, out), in one call.",
    # Numbers of two values only are no copies: what is wrong with them is said below.
    lambda cases, answers: all(len(np.unique(W)) == 2 or len(np.unique(W)) > 0.9 * W.size for W in _weights(answers)),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.tile(_he(k, i, o)[:1], (i, 1))),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.repeat(_he(k, i, o), 2, axis=1)[:, :o]),
)
mlp_init.rule(
    "The biases are to start at 0; only the weights need to be random.",
    lambda cases, answers: not any(np.any(layer["b"]) for answer in answers for layer in answer),
    _init_with_biases,
    lambda key, sizes: [layer | {"b": jnp.ones_like(layer["b"])} for layer in _init(key, sizes)],
)
mlp_init.rule(
    "The numbers do not come from the key: called twice with the same key, the network is another one. NumPy's random "
    "numbers have a hidden state; use jax.random with the key.",
    lambda cases, answers: all(map(np.array_equal, _weights(answers, 1), _weights(answers, 3))),
    _init_by_numpy,
)
mlp_init.rule(
    "Another key gives the same network: draw from the key that is passed in, not from one of your own.",
    lambda cases, answers: different(_small_ones(answers)) > 1,
    lambda key, sizes: _init(jax.random.key(0), sizes),
    lambda key, sizes: _init_of_one_key(jax.random.key(0), sizes),
)
mlp_init.rule(
    "Two layers start with the same random numbers: a key was used twice. Split it, one fresh key for each layer.",
    lambda cases, answers: not any(_alike(*pair) for pair in itertools.combinations(_weights(answers), 2)),
    _init_of_one_key,
    _init_of_two_keys,
    lambda key, sizes: _init_of_one_key(jax.random.split(key)[0], sizes),
)
mlp_init.rule(
    "A layer is drawn from the key that is split for the others as well: a key serves once. Split it first, then draw "
    "from the new ones only.",
    lambda cases, answers: not _draws_and_splits(cases[1][0], _weights(answers)),
    _init_then_split,
    lambda key, sizes: [*_init_of_one_key(key, sizes[:2]), *_init(key, sizes)[1:]],
)
mlp_init.rule(
    "The mean of the weights is not 0: jax.random.uniform draws between 0 and 1; use jax.random.normal.",
    lambda cases, answers: all(abs(W.mean()) < 0.15 * W.std() for W in _weights(answers)),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jax.random.uniform(k, (i, o))),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.sqrt(2 / i) * jax.random.uniform(k, (i, o))),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.abs(_he(k, i, o))),
)
mlp_init.rule(
    "The weights have deviation 1: multiply them by sqrt(2 / in), so that signals keep their size from layer to layer.",
    _not_of_scale(lambda i, o: 1),
    _init_of_scale(lambda i, o: 1),
)
mlp_init.rule(
    "2 / in is the variance; the numbers are multiplied by the deviation, its square root.",
    _not_of_scale(lambda i, o: 2 / i),
    _init_of_scale(lambda i, o: 2 / i),
)
mlp_init.rule(
    "The factor 2 is missing: the deviation is sqrt(2 / in), since ReLU sets half of the signal to 0.",
    _not_of_scale(lambda i, o: np.sqrt(1 / i)),
    _init_of_scale(lambda i, o: np.sqrt(1 / i)),
)
mlp_init.rule(
    "The deviation follows the number of outputs; a unit sums over its inputs, so it is sqrt(2 / in).",
    _not_of_scale(lambda i, o: np.sqrt(2 / o)),
    _init_of_scale(lambda i, o: np.sqrt(2 / o)),
)
mlp_init.rule(
    "That is the initialisation of Glorot, sqrt(2 / (in + out)); here the deviation is sqrt(2 / in).",
    _not_of_scale(lambda i, o: np.sqrt(2 / (i + o))),
    _init_of_scale(lambda i, o: np.sqrt(2 / (i + o))),
)
mlp_init.rule(
    "The weights do not have the deviation sqrt(2 / in), where in is the number of inputs of each layer.",
    lambda cases, answers: _deviates_as(answers, lambda i, o: np.sqrt(2 / i)),
    _init_of_scale(lambda i, o: 0.01),
    _init_of_scale(lambda i, o: np.sqrt(6 / i)),
)
mlp_init.rule(
    "Mean and deviation are right, but the numbers are not normal: use jax.random.normal.",
    lambda cases, answers: all(2.1 < _flatness(W) < 4 for W in _weights(answers)),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.sqrt(6 / i) * jax.random.uniform(k, (i, o), minval=-1)),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.sqrt(2 / i) * jax.random.rademacher(k, (i, o), float)),
    lambda key, sizes: _init(key, sizes, lambda k, i, o: jnp.sqrt(1 / i) * jax.random.laplace(k, (i, o))),
)
mlp_init.rule(
    "Only a few networks ever come, whatever the key: draw from the key that is passed itself.",
    lambda cases, answers: (
        different(_small_ones(answers)) == 6
        and not any(map(np.array_equal, _weights(answers, 1), _weights(answers, 2)))
    ),
    of_few_keys(_init),
)
mlp_init.mistake(
    "The weights are (out, in); in this course a layer computes x @ W, so W is (in, out).",
    lambda key, sizes: [layer | {"W": layer["W"].T} for layer in _init(key, sizes)],
)
mlp_init.mistake(
    "The output layer is missing: n sizes make n - 1 layers, the last of them the output.",
    lambda key, sizes: _init(key, sizes[:-1]),
)


_CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)


def _made(W, b, V, c):
    """Return a body that gives the network of hidden weights W, b and output weights V, c."""

    def body():
        hidden = {"W": jnp.array(W, float), "b": jnp.array(b, float)}
        return [hidden, {"W": jnp.array([[v] for v in V], float), "b": jnp.array([c], float)}]

    return body


def _step(a):
    return (a >= 0) * 1.0


def _sigmoid(a):
    return 1 / (1 + np.exp(-np.clip(a, -500, 500)))


def _outputs(params, activation=lambda a: np.maximum(a, 0)):
    hidden, output = params
    return (activation(_CORNERS @ hidden["W"] + hidden["b"]) @ output["W"] + output["b"])[:, 0]


def _not_the_table(*table):
    """Return the rule that the network does not compute the given truth table of (0, 0), (0, 1), (1, 0), (1, 1)."""
    return lambda cases, answers: tuple(_outputs(answers[0]) > 0.5) != table


def _solves(outputs, threshold=0.5):
    return tuple(outputs > threshold) == (False, True, True, False)


def _right_or_not(otherwise):
    """Return the rule that the network is right, or is not right ``otherwise`` (under another reading) either."""
    return lambda cases, answers: _solves(_outputs(answers[0])) or not otherwise(answers[0])


def _twins(params):
    hidden, _ = params
    return np.array_equal(hidden["W"][:, 0], hidden["W"][:, 1]) and hidden["b"][0] == hidden["b"][1]


@exercise(
    LESSON,
    draw=lambda rng: [()],
    points=2,
    difficulty=3,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Both hidden units may look at the sum x1 + x2, which is 0, 1 or 2; the output must be large at 1 only.",
        "A ReLU bends: max(0, x1 + x2) rises from the start, max(0, x1 + x2 - 1) only beyond 1.",
        "Subtract the second twice from the first: 0 at 0, 1 at 1, and 2 - 2 = 0 at 2.",
    ],
)
def xor_params():
    """Return parameters, found by hand, with which a multilayer perceptron computes XOR of two inputs in {0, 1}.

    The network is that of mlp_apply: max(0, x W + b) in the hidden layer, a linear output. It has two hidden units and
    one output: the answer is [{"W": (2, 2), "b": (2,)}, {"W": (2, 1), "b": (1,)}]. Its output must be above 1/2 for
    (0, 1) and (1, 0), and at most 1/2 for (0, 0) and (1, 1).
    """
    hidden = {"W": jnp.array([[1.0, 1.0], [1.0, 1.0]]), "b": jnp.array([0.0, -1.0])}
    return [hidden, {"W": jnp.array([[1.0], [-2.0]]), "b": jnp.array([0.0])}]


xor_params.rule(
    "These are weights for units with a step or a sigmoid, which level off at 1; a ReLU does not: it gives max(0, a).",
    _right_or_not(lambda params: any(_solves(_outputs(params, each)) for each in (_step, _sigmoid))),
    _made([[1, 1], [1, 1]], [-0.5, -1.5], [1, -1], 0),
    _made([[20, -20], [20, -20]], [-10, 30], [20, 20], -30),
    _made([[5, 7], [5, 7]], [-8, -3], [-12, 10], -4),
)
xor_params.rule(
    "The hidden weights are transposed: the weights of one hidden unit are a column of W, not a row.",
    _right_or_not(lambda params: _solves(_outputs([params[0] | {"W": params[0]["W"].T}, params[1]]))),
    _made([[1, 1], [2, 2]], [0, -2], [1, -1], 0),
)
xor_params.rule(
    "The output is above 0 exactly where XOR is 1, but the limit is 1/2: scale or shift the output layer.",
    _right_or_not(lambda params: _solves(_outputs(params), 0)),
    _made([[1, 1], [1, 1]], [0, -1], [0.5, -1], 0),
    _made([[1, 1], [1, 1]], [0, -1], [1, -2], -0.5),
)
xor_params.rule(
    "Both hidden units are the same, so that they count as one, which cannot separate XOR: give them different biases.",
    lambda cases, answers: not _twins(answers[0]),
    _made([[1, 1], [1, 1]], [0, 0], [1, -2], 1),
    _made([[0, 0], [0, 0]], [0, 0], [0, 0], 0),
)
xor_params.rule(
    "This is OR: also (1, 1) gives more than 1/2. The second unit must pull the output down again there.",
    _not_the_table(False, True, True, True),
    _made([[1, 1], [1, 1]], [0, -1], [1, -1], 0),
    _made([[1, 0], [0, 1]], [0, 0], [1, 1], 0),
)
xor_params.rule(
    "This is AND: only (1, 1) gives more than 1/2; XOR wants exactly one input on.",
    _not_the_table(False, False, False, True),
    _made([[1, 1], [1, 1]], [0, -1], [0, 1], 0),
)
xor_params.rule(
    "This is XOR the wrong way round: it is above 1/2 where the inputs are equal. Turn the sign of the output layer.",
    _not_the_table(True, False, False, True),
    _made([[1, 1], [1, 1]], [0, -1], [-1, 2], 1),
    _made([[1, -1], [-1, 1]], [0, 0], [-1, -1], 1),
)
xor_params.rule(
    "This is NAND: (0, 0) gives more than 1/2 as well; with both inputs off the output must stay low.",
    _not_the_table(True, True, True, False),
    _made([[1, 1], [1, 1]], [0, -1], [0, -1], 1),
)
xor_params.rule(
    "One of (0, 1) and (1, 0) is recognised, the other is not: XOR does not change when the inputs change places.",
    lambda cases, answers: len(set(_outputs(answers[0])[1:3] > 0.5)) == 1,
    _made([[1, -1], [-1, 1]], [0, 0], [1, 0], 0),
    _made([[1, 1], [-1, -1]], [0, -1], [1, 1], 0),
)
xor_params.rule(
    "All four inputs fall on the same side of 1/2: compute the hidden values of each by hand, then choose the output.",
    lambda cases, answers: len(set(_outputs(answers[0]) > 0.5)) == 2,
    _made([[1, 1], [1, 1]], [0, -1], [1, -2], 1),
    _made([[1, 1], [1, 1]], [0, 1], [0.1, -0.2], 0),
)
xor_params.rule(
    "The output is not above 1/2 exactly where XOR is 1: compute it for all four inputs by hand.",
    lambda cases, answers: _solves(_outputs(answers[0])),
    _made([[1, 1], [1, 1]], [0, -1], [-1, 1], 1),
)
xor_params.mistake(
    "The output is a layer as well, of one unit: W (2, 1) and b (1,).",
    lambda: [
        {"W": jnp.array([[1.0, 1.0], [1.0, 1.0]]), "b": jnp.array([0.0, -1.0])},
        {"W": jnp.array([1.0, -2.0]), "b": jnp.array(0.0)},
    ],
)


def _stacks(rng: np.random.Generator) -> list[Case]:
    sizes = (2, 2, 2), (3, 3, 3, 3), (3, 4, 2, 5), (3, 2)
    cases = [
        _layers(rng, *each, numbers=drawing.normal if place else drawing.short) for place, each in enumerate(sizes)
    ]
    for params in cases:
        params[0]["b"][:2] = np.abs(params[0]["b"][:2]) * np.float32([1, -1])
    return [(params,) for params in cases]


def _collapsed(params, bias):
    """Return the product of all weights with another bias: bias(so far, layer)."""
    W, b = params[0]["W"], params[0]["b"]
    for layer in params[1:]:
        W, b = W @ layer["W"], bias(b, layer)
    return {"W": W, "b": b}


def _collapsed_backwards(params):
    W, b = params[0]["W"], params[0]["b"]
    for layer in params[1:]:
        W, b = layer["W"] @ W, b @ layer["W"] + layer["b"]
    return {"W": W, "b": b}


def _collapsed_entry_by_entry(params):
    W, b = params[0]["W"], params[0]["b"]
    for layer in params[1:]:
        W, b = W * layer["W"], b * layer["W"] + layer["b"]
    return {"W": W, "b": b}


def _collapsed_by_sum(params):
    return {"W": sum(layer["W"] for layer in params), "b": sum(layer["b"] for layer in params)}


def _collapsed_too_late(params):
    """Multiply the bias with the product of all weights instead of those behind it."""
    W, b = params[0]["W"], params[0]["b"]
    for layer in params[1:]:
        W = W @ layer["W"]
        b = b @ W + layer["b"]
    return {"W": W, "b": b}


def _collapsed_by_pop(params):
    first = params.pop(0)
    W, b = first["W"], first["b"]
    for layer in params:
        W, b = W @ layer["W"], b @ layer["W"] + layer["b"]
    return {"W": W, "b": b}


@exercise(
    LESSON,
    draw=_stacks,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Write two layers in one line: (x W1 + b1) W2 + b2. Multiply out and read off what stands with x.",
        "What stands with x is W1 W2; the rest, b1 W2 + b2, is the new bias.",
        "With more layers, go on: keep W and b of what is joined so far, and take in one layer after the other.",
    ],
)
def collapse(params):
    """Return the one layer {"W", "b"} that computes the same as a stack of linear layers, without activations.

    params is a list of one or more layers {"W": (in, out), "b": (out,)}, each applied to the output of the one before
    it, x W + b. The answer is {"W": (in of the first, out of the last), "b": (out of the last,)}.
    """
    W, b = params[0]["W"], params[0]["b"]
    for layer in params[1:]:
        W, b = W @ layer["W"], b @ layer["W"] + layer["b"]
    return {"W": W, "b": b}


collapse.mistake(
    "The biases are simply added up; an early bias passes through the weights of all layers behind it.",
    lambda params: _collapsed(params, lambda b, layer: b + layer["b"]),
)
collapse.mistake(
    "Only the bias of the last layer is kept; those of the earlier layers come through as well.",
    lambda params: _collapsed(params, lambda b, layer: layer["b"]),
)
collapse.mistake(
    "The bias of the later layer is not added: the new bias is b1 W2 + b2.",
    lambda params: _collapsed(params, lambda b, layer: b @ layer["W"]),
)
collapse.mistake(
    "The answer has no bias, or zeros: biases do not vanish when the layers are joined.",
    lambda params: {"W": _collapsed(params, lambda b, layer: b)["W"], "b": jnp.zeros_like(params[-1]["b"])},
    lambda params: {"W": _collapsed(params, lambda b, layer: b)["W"]},
)
collapse.mistake(
    "The bias is multiplied from the wrong side: it is a row like x, so b1 @ W2.",
    lambda params: _collapsed(params, lambda b, layer: layer["W"] @ b + layer["b"]),
)
collapse.mistake(
    "The bias goes through too many weights: b1 meets those behind its own layer only, not W1.", _collapsed_too_late
)
collapse.mistake(
    "The weights are multiplied in the wrong order: x meets W1 first, so the product reads W1 W2.", _collapsed_backwards
)
collapse.mistake(
    "The weights are multiplied entry by entry; layer after layer is the matrix product.", _collapsed_entry_by_entry
)
collapse.mistake("The weights are added up; one layer after the other multiplies them.", _collapsed_by_sum)
collapse.mistake(
    "There is an activation in it; the layers here are linear, which is why they can be joined.",
    lambda params: _collapsed(params, lambda b, layer: _relu(b) @ layer["W"] + layer["b"]),
)
collapse.mistake(
    "Only two layers are joined; there may be more, or only one: use a loop.",
    lambda params: _collapsed(params[:2], lambda b, layer: b @ layer["W"] + layer["b"]),
    lambda params: _collapsed([*params[:1], params[1]], lambda b, layer: b @ layer["W"] + layer["b"]),
)
collapse.mistake(
    "params.pop takes a layer out of the caller's list: read params[0] and go on with params[1:].", _collapsed_by_pop
)
