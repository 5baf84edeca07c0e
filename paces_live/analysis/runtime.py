"""The TFLite runtime: LiteRT, or the older tflite-runtime on 32-bit systems."""

import importlib
import importlib.metadata
import os
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from paces_live.errors import RuntimeMissingError, pip_install

RUNTIMES = (
    ("ai_edge_litert.interpreter", "ai-edge-litert"),
    ("tflite_runtime.interpreter", "tflite-runtime"),
)
"""Modules of the TFLite runtimes and the packages that provide them, in order of preference."""


def load_interpreter(model: Path, batch: int) -> tuple[Any, str]:
    """Return an interpreter that works, and the name and version of its runtime.

    A runtime can be imported and still fail with a model, such as tflite-runtime with numpy 2. Only an invocation shows
    that it works.

    Parameters
    ----------
    model : Path
        The model file.
    batch : int
        Number of cases in an invocation.

    Raises
    ------
    RuntimeMissingError
        No runtime works.

    Examples
    --------
    >>> from paces_live.analysis.classifier import default_model
    >>> interpreter, runtime = load_interpreter(default_model(), batch=2)
    >>> interpreter.get_output_details()[0]["shape"].tolist()
    [2, 1]
    """
    failures = []
    for module, package in RUNTIMES:
        try:
            with _quiet():
                interpreter = importlib.import_module(module).Interpreter(model_path=str(model), num_threads=1)
                for detail in interpreter.get_input_details():
                    interpreter.resize_tensor_input(detail["index"], [batch, *detail["shape"][1:]])
                interpreter.allocate_tensors()
                interpreter.invoke()
        except ModuleNotFoundError:
            failures.append(f"{package} is not installed")
        except (ImportError, AttributeError, RuntimeError, ValueError, SystemError) as error:
            failures.append(f"{package} fails with {str(error).splitlines()[0]!r}")
        else:
            return interpreter, f"{package} {importlib.metadata.version(package)}"
    raise RuntimeMissingError(f"no TFLite runtime works here ({'; '.join(failures)})", hint=runtime_advice())


def runtime_advice(
    bits: int = struct.calcsize("P") * 8, python: tuple[int, int] = sys.version_info[:2], numpy: str = np.__version__
) -> str:
    """Return how to get a TFLite runtime that works, in one line.

    Parameters
    ----------
    bits : int
        Size of a pointer of this Python. ``uname`` does not help: 32-bit Raspberry Pi OS runs on a 64-bit kernel.
    python : tuple of int
        Version of this Python.
    numpy : str
        Version of the installed numpy.

    Examples
    --------
    >>> runtime_advice(64, (3, 13), "2.4.6")
    '... -m pip install ai-edge-litert'
    """
    if bits == 64:
        return pip_install("ai-edge-litert")
    older = int(numpy.partition(".")[0]) < 2
    if python == (3, 11):
        run = pip_install("tflite-runtime==2.14.0", *[] if older else ["numpy<2"])
        return f"use the 64-bit system, or run {run}"
    return "use the 64-bit system, because 32 bits have a runtime for Python 3.11 only (Bookworm)"


_REDIRECTING = threading.Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence standard error while a runtime loads: its C++ code writes over the screen of a terminal.

    Standard error belongs to the process. If two threads redirected it at once, the second would restore the null
    device.
    """
    with _REDIRECTING:
        kept = os.dup(2)
        with Path(os.devnull).open("wb") as null:
            os.dup2(null.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
