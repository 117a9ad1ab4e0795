"""The sandbox, where this machine has one, and a class of made students."""

import pytest

from nnjax.grading.sandbox import box


@pytest.fixture(scope="session")
def sandbox():
    """The sites of the sandbox; tests that need one are skipped, with the reason, where none can be made."""
    try:
        box.require()
    except OSError as error:
        pytest.skip(f"no sandbox on this machine: {error}")
    with box.sites() as found:
        yield found
