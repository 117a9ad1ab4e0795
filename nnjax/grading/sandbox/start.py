"""How a run begins: JAX is imported, quickly, and then ``inside.py`` takes over."""

import gc
import sys

from nnjax.grading.sandbox.unneeded import left_out


def main(fd: int) -> None:
    """Import what answers need, and do the work that standard input describes; the frames go to ``fd``."""
    # Collecting garbage, of which there is none yet, would take a fifth of the time of importing.
    gc.disable()
    with left_out():
        from nnjax.grading.sandbox.lowering import share_context

        share_context()
    from nnjax.grading.sandbox import inside

    # What was imported stays, and need not be looked through for garbage.
    gc.freeze()
    gc.enable()
    inside.main(fd)


if __name__ == "__main__":
    main(int(sys.argv[1]))
