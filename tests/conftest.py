"""Shapes and dtypes in the annotations are checked at run time while the tests run."""

import gc
import os
import time
from pathlib import Path

from nnjax.compiling import QUICK, flags

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Most of the tests' time goes to compiling small functions that run once, and these options halve that. CI's slow tests
# compile as users do.
os.environ.setdefault("XLA_FLAGS", flags(QUICK | {"xla_backend_optimization_level": 1}))

import jaxtyping
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

import tests.typecheck  # noqa: F401  (the hook finds it by name, once it is imported)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

# Not the command line: typer hands its functions a context of a class other than the one it has them ask for.
rooms = [path.stem for path in Path(__file__).parent.parent.joinpath("nnjax").iterdir() if path.stem[0] not in "_."]
install_import_hook([f"nnjax.{room}" for room in rooms if room != "cli"], "tests.typecheck.checked")

# The same examples in every run: a failure can be run again, and a green tree stays green.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_runtest_setup(item):
    """Skip a slow test that would begin after NNJAX_UNTIL, in seconds since 1970: CI's time is limited."""
    if item.get_closest_marker("slow") and time.time() > float(os.environ.get("NNJAX_UNTIL", "inf")):
        pytest.skip("on this machine no time is left for it")


def pytest_collection_finish():
    """What is imported stays: looking for garbage there again and again takes a twelfth of the tests' time."""
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture
def unchecked():
    """The shapes of the annotations are not checked: what is wrong must reach the function's own checks."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def shared():
    """The folder of original data files, where it is there."""
    if not SHARED.is_dir():
        pytest.skip("the original files (../shared/data beside the checkout) are not here")
    return SHARED
