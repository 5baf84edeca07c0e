"""Where audio comes from: microphone, monitor, player, file, pipe, radio, array.

Importing this costs nothing: FFmpeg, soxr and PortAudio are loaded by the source that needs them, when it is opened.
`paces_live.inputs.open_input` opens a source by its name.
"""

from paces_live.sources.array import ArraySource
from paces_live.sources.block import Block, Source
from paces_live.sources.fifo import FifoSource
from paces_live.sources.file import FileSource
from paces_live.sources.microphone import MicrophoneSource
from paces_live.sources.monitor import MonitorSource
from paces_live.sources.pcm import PcmFormat, PipeSource, pcm_format
from paces_live.sources.resample import MonoResampler
from paces_live.sources.station import RadioSource

__all__ = [
    "ArraySource",
    "Block",
    "FifoSource",
    "FileSource",
    "MicrophoneSource",
    "MonitorSource",
    "MonoResampler",
    "PcmFormat",
    "PipeSource",
    "RadioSource",
    "Source",
    "pcm_format",
]
