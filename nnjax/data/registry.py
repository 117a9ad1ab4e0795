"""What is known about each data set: its size and shape, where it comes from, and the sha256 of its original files."""

import difflib
import os
from typing import NamedTuple

from nnjax.data.unicode import SCRIPTS, SYMBOLS

Location = str | os.PathLike[str] | None  # a directory that the caller may name


class File(NamedTuple):
    """An original file as its authors published it: name, address, size in bytes and sha256 (TensorFlow Datasets
    registers the same)."""

    name: str
    url: str
    size: int
    sha256: str


class Spec(NamedTuple):
    """The facts of one data set.

    ``task`` is "classification", "regression" or "text"; ``train`` and ``test`` are numbers of examples (of the
    default split); ``shape`` is that of one example. ``files`` is empty for data that need no file. By the last two
    images that come from elsewhere than the original files are known (see :mod:`nnjax.data.identity`): ``fingerprint``
    holds the order-free hashes of the training and the test rows, ``means``, where no fingerprint is known, the
    published means of the channels of both, to four digits.
    """

    name: str
    task: str
    train: int
    test: int
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    source: str
    licence: str
    citation: str
    files: tuple[File, ...] = ()
    fingerprint: tuple[int, int] | None = None
    means: tuple[tuple[float, ...], tuple[float, ...]] | None = None


def _made(name: str, counts: tuple[int, int], classes: tuple[str, ...], citation: str) -> Spec:
    return Spec(name, "classification", *counts, (2,), classes, "made by nnjax", "Apache-2.0", citation)


def _idx(address: str, *facts: tuple[int, str]) -> tuple[File, ...]:
    parts = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    names = [f"{part}-ubyte.gz" for part in parts]
    return tuple(File(name, address + name, size, sha256) for name, (size, sha256) in zip(names, facts, strict=True))


_DIGITS = tuple("0123456789")
_GATES = "McCulloch and Pitts (1943), A logical calculus of the ideas immanent in nervous activity"
_UCI = "CC BY 4.0 (UCI Machine Learning Repository); distributed with scikit-learn (BSD-3-Clause)"
_UNICODE = (
    "Unicode License; distributed with Python (PSF)",
    "The Unicode Consortium (2002), Unicode Standard Annex 28: Unicode 3.2",
)
_FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_ALL = (
    *(_made(gate, (4, 4), ("0", "1"), _GATES) for gate in ("and", "or", "nand", "xor")),
    _made("moons", (800, 200), ("upper", "lower"), "scikit-learn make_moons; Pedregosa et al. (2011)"),
    _made("circles", (800, 200), ("outer", "inner"), "scikit-learn make_circles; Pedregosa et al. (2011)"),
    _made("spirals", (800, 200), ("arm 1", "arm 2"), "Lang and Witbrock (1988), Learning to tell two spirals apart"),
    Spec(
        "iris",
        "classification",
        120,
        30,
        (4,),
        ("setosa", "versicolor", "virginica"),
        "scikit-learn load_iris: sepal and petal length and width in cm",
        _UCI,
        "Fisher (1936), The use of multiple measurements in taxonomic problems",
    ),
    Spec(
        "breast_cancer",
        "classification",
        455,
        114,
        (30,),
        ("malignant", "benign"),
        "scikit-learn load_breast_cancer: Breast Cancer Wisconsin (Diagnostic)",
        _UCI,
        "Street, Wolberg and Mangasarian (1993), Nuclear feature extraction for breast tumor diagnosis",
    ),
    Spec(
        "diabetes",
        "regression",
        353,
        89,
        (10,),
        (),
        "scikit-learn load_diabetes: ten baseline measurements, disease progression after one year",
        "none stated by the authors; distributed with scikit-learn (BSD-3-Clause)",
        "Efron, Hastie, Johnstone and Tibshirani (2004), Least angle regression",
    ),
    Spec(
        "digits",
        "classification",
        1437,
        360,
        (8, 8, 1),
        _DIGITS,
        "scikit-learn load_digits: test part of Optical Recognition of Handwritten Digits",
        _UCI,
        "Alpaydin and Kaynak (1998), Cascading classifiers",
    ),
    Spec(
        "unicode_names",
        "text",
        281238,
        70894,
        (),
        SYMBOLS,
        "Python's unicodedata.ucd_3_2_0: the names of 12,771 characters of Unicode 3.2",
        *_UNICODE,
    ),
    Spec(
        "unicode_scripts",
        "classification",
        3913,
        979,
        (76,),
        SCRIPTS,
        "Python's unicodedata.ucd_3_2_0: a letter's name without its script, to tell the script from",
        *_UNICODE,
    ),
    Spec(
        "mnist",
        "classification",
        60000,
        10000,
        (28, 28, 1),
        _DIGITS,
        "MNIST database of handwritten digits",
        "no licence file published; often given as CC BY-SA 3.0",
        "LeCun, Cortes and Burges (2010), MNIST handwritten digit database",
        _idx(
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            (9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ),
        (0xDBE4EF40F03D74A4, 0xAD2DA0B7A5AB0A35),
    ),
    Spec(
        "fashion_mnist",
        "classification",
        60000,
        10000,
        (28, 28, 1),
        _FASHION,
        "Fashion-MNIST: Zalando's article images",
        "MIT, Zalando SE",
        "Xiao, Rasul and Vollgraf (2017), Fashion-MNIST, arXiv:1708.07747",
        _idx(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            (26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ),
        (0x5827972D91C06F98, 0xA174F0F94EEA7326),
    ),
    Spec(
        "tiny_shakespeare",
        "text",
        1003853,
        55769,
        (),
        tuple("\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
        "Tiny Shakespeare, from char-rnn",
        "text: public domain; repository: MIT",
        "Karpathy (2015), char-rnn, github.com/karpathy/char-rnn",
        (
            File(
                "input.txt",
                "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                1115394,
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            ),
        ),
    ),
    Spec(
        "cifar10",
        "classification",
        50000,
        10000,
        (32, 32, 3),
        _CIFAR,
        "CIFAR-10, binary version",
        "none stated by the authors, who ask to be cited",
        "Krizhevsky (2009), Learning multiple layers of features from tiny images",
        (
            File(
                "cifar-10-binary.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                170052171,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ),
        ),
        means=((0.4914, 0.4822, 0.4465), (0.4942, 0.4851, 0.4504)),
    ),
)

SPECS: dict[str, Spec] = {spec.name: spec for spec in _ALL}


def spec(name: str) -> Spec:
    """The facts of the data set ``name``; raises ValueError that lists the names (and the nearest one) when there is
    no such data set."""
    if name in SPECS:
        return SPECS[name]
    near = difflib.get_close_matches(str(name).lower().replace("-", "_").replace(" ", "_"), SPECS, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise ValueError(f"there is no data set named {name!r}{hint}; there are: {', '.join(SPECS)}")


def owner_of(sha256: str) -> tuple[str, str] | None:
    """(data set, file name) of the registered original with this sha256, or None."""
    return next(((s.name, file.name) for s in SPECS.values() for file in s.files if file.sha256 == sha256), None)
