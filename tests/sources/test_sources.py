"""The package itself: its public names, and which libraries it does not load."""

import subprocess
import sys

from paces_live import sources


def test_public_names() -> None:
    assert sorted(sources.__all__) == sources.__all__
    assert all(hasattr(sources, name) for name in sources.__all__)


def test_importing_sources_loads_nothing_that_a_microphone_does_not_need() -> None:
    others = ("soundfile", "soxr", "sounddevice", "scipy", "av", "urllib.request", "paces_live.collection.playlist")
    code = f"import sys, paces_live.sources\nprint([name for name in {others!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
