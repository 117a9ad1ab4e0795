"""Running a notebook from a fresh kernel, warnings as errors, and keeping what it shows."""

import os
import tempfile
from typing import Any
from unittest import mock

LARGEST = 500_000
# Run before the lesson: warnings are errors, but for the kernel's own, and no address but this machine's is looked up.
STRICT = """
import socket, warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", module="ipykernel")
def getaddrinfo(host, *rest, found=socket.getaddrinfo, **named):
    if host not in (None, "", "localhost", "127.0.0.1", "::1"):
        raise OSError(f"a lesson needs no network, but asks for {host}")
    return found(host, *rest, **named)
socket.getaddrinfo = getaddrinfo
del getaddrinfo
"""


def execute(notebook: Any, *, seconds: float = 180) -> Any:
    """Run all cells of a notebook in place, each cell at most ``seconds``; return it.

    Raises RuntimeError, with the cell, where one raises, warns, or writes to standard error. What the exercises' checks
    record goes nowhere.
    """
    import nbformat.v4 as nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    metadata = notebook.metadata.copy()  # the kernel's own, such as the version of Python, is not kept
    strict = nbformat.new_code_cell(STRICT)
    notebook.cells.insert(0, strict)
    with tempfile.TemporaryDirectory() as folder:
        settings = {"JAX_PLATFORMS": "cpu", "NNJAX_STATE": folder, "PYTHONHASHSEED": "0"}
        client = NotebookClient(
            notebook, timeout=seconds, kernel_name="python3", resources={"metadata": {"path": folder}},
            record_timing=False, coalesce_streams=True,
        )  # fmt: skip
        with mock.patch.dict(os.environ, settings):
            try:
                client.execute()
            except CellExecutionError as error:
                raise RuntimeError(f"a cell raised:\n{error}") from None
    notebook.cells.remove(strict)
    notebook.metadata = metadata
    for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.execution_count = number + 1
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                raise RuntimeError(f"this cell writes to standard error:\n{cell.source}\n\n{output.text}")
            if "execution_count" in output:
                output.execution_count = number + 1
    return notebook
