"""The reference of the public names: all of them, nothing else, and no warning while it is built."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from tests.support.signals import RATE, rock
from tests.tools.consumer import default, paces
from tools.reference import PUBLIC, build

ROOT = Path(__file__).parents[2]
NAMES = {
    "paces_live.analysis": [
        *("Cases", "Classifier", "FeatureConfig", "FixedClassifier", "Manifest", "TfliteClassifier", "felt_beat"),
        "load_classifier",
    ],
    "paces_live.collection.find": ["find_items"],
    "paces_live.collection.items": ["Item", "Unreadable"],
    "paces_live.demo": ["DemoSong", "excerpt", "songs"],
    "paces_live.inputs": ["Input", "Pcm", "open_input"],
    "paces_live.library": ["FilePaces", "analyze_files", "analyze_item"],
    "paces_live.render": ["JsonWriter", "error_line", "event_line", "file_line"],
    "paces_live.schema": ["load", "names"],
    "paces_live.session": [
        *("Block", "Listening", "NowPlaying", "Session", "SessionConfig", "Source", "WholeSong", "run", "whole_song"),
    ],
    "paces_live.sources": [
        *("ArraySource", "Block", "FifoSource", "FileSource", "MicrophoneSource", "MonitorSource", "MonoResampler"),
        *("PcmFormat", "PipeSource", "RadioSource", "Source", "pcm_format"),
    ],
    "paces_live.errors": [
        *("AccessError", "ExportError", "HistoryError", "LibraryError", "ModelError", "NowPlayingError", "PacesError"),
        *("RuntimeMissingError", "SensorError", "ServerError", "SourceError", "TagError", "UsageError"),
    ],
    "paces_live.events": [
        *("Condition", "End", "Event", "Failure", "Grade", "Health", "Match", "Nearest", "Pace", "Reading", "SCHEMA"),
        "Section",
        *("Song", "SongPace", "Start", "State", "Status", "Track", "Verdict"),
    ],
    "paces_live.match": [
        *("DEFAULT_TARGET", "DEFAULT_TOLERANCE", "LOCK_TOLERANCE", "Listener", "SPM_MAX", "SPM_MIN"),
        *("STRETCH_TOLERANCE", "match", "nearest", "steps_per_beat", "times_near", "verdict"),
    ],
}
"""The public names. A name that is renamed or removed here breaks programs of others: see docs/app.md."""


@pytest.mark.parametrize("module", PUBLIC)
def test_the_public_names_are_those_that_were_promised(module: str) -> None:
    assert sorted(importlib.import_module(module).__all__) == sorted(NAMES[module])


@pytest.mark.parametrize(("module", "name"), [(module, name) for module in PUBLIC for name in NAMES[module]])
def test_what_is_public_has_a_docstring(module: str, name: str) -> None:
    value = getattr(importlib.import_module(module), name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__doc__


def test_the_reference_has_every_public_name_and_no_other(tmp_path: Path) -> None:
    build(tmp_path)
    for module in PUBLIC:
        page = (tmp_path / f"{module.replace('.', '/')}.html").read_text("utf-8")
        shown = set(re.findall(r'<section id="(\w+)">', page))
        # Aliases of types are shown as variables, and all members of a class with its name and a point.
        assert shown == set(NAMES[module]), module
    pages = {page.relative_to(tmp_path).with_suffix("").as_posix() for page in tmp_path.rglob("*.html")}
    assert pages == {"index", *(module.replace(".", "/") for module in PUBLIC)}


def test_the_guide_for_developers_uses_public_names_only() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/app.md").read_text("utf-8"), re.DOTALL)
    imported = {
        (node.module, name.name)
        for block in blocks
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("paces_live")
        for name in node.names
    }
    assert len(imported) > 8
    assert [one for one in imported if one[1] not in NAMES.get(one[0] or "", ())] == []


def test_a_program_with_public_names_only_works() -> None:
    low = rock(164.0, 30.0)
    frames = np.repeat((16_000 * np.clip(low, -1, 1)).astype(np.int16)[:, None], 2, axis=1)
    assert [round(spm) for spm in sorted(paces(frames, RATE, default()))] == [82, 164]
