"""The ``nnjax`` command, thin: every subcommand calls a function that Python can call."""

import signal
import sys

from nnjax.cli import course, exercises, slides
from nnjax.cli.app import app, export_app

exercises.register(app, export_app)
course.register(app, export_app)
slides.register(app)

__all__ = ["app", "main"]


def main() -> None:
    """Run the command; a mistake of the user's is one sentence on stderr and exit code 2, an interrupt is 130."""
    # What ends when asked to clears up behind it, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except KeyboardInterrupt:
        print("nnjax: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    except (ValueError, OSError, FloatingPointError, ImportError) as error:
        said = str(error)
        if isinstance(error, OSError) and error.filename and error.strerror:
            said = f"{error.filename}: {error.strerror}"
        print(f"nnjax: {said}", file=sys.stderr)
        raise SystemExit(2) from None
