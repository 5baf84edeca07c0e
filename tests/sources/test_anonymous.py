"""A pipe without a name ends when its writer does, and a named one does not, whatever path leads to them."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from paces_live.errors import SourceError
from paces_live.sources import FifoSource
from paces_live.sources.anonymous import AnonymousPipeSource
from tests.support.sources import SESSION_RATE, heard, music, one_line, open_source, pcm_bytes

PATHS = [lambda number: f"/dev/fd/{number}", lambda number: f"fifo:/proc/self/fd/{number}"]


@pytest.mark.parametrize("path", PATHS)
def test_it_ends_with_its_writer(path: Callable[[int], str]) -> None:
    reader, writer = os.pipe()
    source = open_source(path(reader), sample_rate=SESSION_RATE, rate=SESSION_RATE)
    assert isinstance(source, AnonymousPipeSource)
    assert not source.live
    blocks = source.blocks()
    frames = music(SESSION_RATE, 0.1, channels=2)
    os.write(writer, pcm_bytes(frames, "s16le"))
    np.testing.assert_allclose(next(blocks).samples, frames.mean(axis=1), atol=5e-5)
    assert len(next(blocks).samples) == 0, "as long as there is a writer"
    os.close(writer)
    assert list(blocks) == []
    os.close(reader)


def test_a_writer_that_has_left_before_is_heard() -> None:
    reader, writer = os.pipe()
    os.write(writer, bytes(400))
    os.close(writer)
    assert len(heard(open_source(f"/dev/fd/{reader}", sample_rate=SESSION_RATE, rate=SESSION_RATE))) == 100
    with pytest.raises(SourceError, match=f"pipe:/dev/fd/{reader} ended before any data came") as error:
        heard(open_source(f"/dev/fd/{reader}", sample_rate=SESSION_RATE))
    one_line(error)
    os.close(reader)


def test_a_named_pipe_waits_for_the_next_writer_whatever_path_leads_to_it(tmp_path: Path) -> None:
    named = tmp_path / "music.fifo"
    os.mkfifo(named)
    (tmp_path / "link").symlink_to(named)
    number = os.open(named, os.O_RDONLY | os.O_NONBLOCK)
    for path in (named, tmp_path / "link", f"/dev/fd/{number}"):
        assert isinstance(open_source(str(path), sample_rate=SESSION_RATE), FifoSource)
    os.close(number)
