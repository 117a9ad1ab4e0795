"""Shapes and dtypes in the annotations are checked at run time while the tests run."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

from jaxtyping import install_import_hook

install_import_hook("nnjax", "beartype.beartype")
