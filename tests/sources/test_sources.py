"""The package itself: its public names, and which libraries it does not load."""

import subprocess
import sys

from paces_live import sources


def test_public_names() -> None:
    assert sorted(sources.__all__) == sources.__all__
    assert all(hasattr(sources, name) for name in sources.__all__)


def test_importing_sources_loads_no_audio_library() -> None:
    code = (
        "import sys, paces_live.sources\n"
        "print([m for m in ('soundfile', 'soxr', 'sounddevice', 'scipy', 'av', 'urllib.request') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
