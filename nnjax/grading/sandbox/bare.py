"""The same run without a sandbox, for those who accept the risk: a fresh Python with all rights of its starter."""

import os
import sys

from nnjax.grading.sandbox.box import environment_of
from nnjax.grading.sandbox.temporary import temporary
from nnjax.grading.sandbox.watching import Ended, Limits, watched


def run(kind: str, work: bytes, limits: Limits, cpu: float) -> Ended:
    """Run ``start.py`` on the bytes ``work`` in a process that can reach all that its starter can."""
    with temporary() as folder:
        start = "import runpy, sys; runpy.run_module('nnjax.grading.sandbox.start', run_name='__main__')"
        environment = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "SYSTEM"))}
        environment |= environment_of(kind) | {
            "JAX_PLATFORMS": "cpu",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "HOME": str(folder),
        }
        return watched(lambda send: [sys.executable, "-P", "-c", start, str(send)], work, limits, environment)
