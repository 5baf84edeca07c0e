"""An array as a source."""

import numpy as np
import pytest

from paces_live.errors import SourceError
from paces_live.sources import ArraySource
from tests.support.sources import SESSION_RATE, heard, music, one_line


def test_array_source_name_and_checks() -> None:
    assert ArraySource([0.0], 44_100, SESSION_RATE, name="clicks").name == "clicks"
    with pytest.raises(ValueError, match="block"):
        ArraySource([0.0], 44_100, SESSION_RATE, block=0)
    with pytest.raises(ValueError, match="shape"):
        ArraySource(0.0, 44_100, SESSION_RATE)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("channels", [1, 2])
def test_broken_samples_are_an_error(value: float, channels: int) -> None:
    frames = music(44_100, 0.1, channels)
    frames[1_000, -1] = value
    with pytest.raises(SourceError, match="array: the samples are broken") as error:
        heard(ArraySource(frames, 44_100, SESSION_RATE))
    one_line(error)
