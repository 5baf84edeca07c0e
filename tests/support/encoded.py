"""Encoded audio, made on the spot: by FFmpeg through PyAV, and MP3 whose frames are known."""

import io
from typing import Any

import av
import numpy as np

from tests.support.sources import music

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1(wide)"}
FORMATS = {
    "m4a": ("ipod", "aac"),
    "alac": ("ipod", "alac"),
    "aac": ("adts", "aac"),
    "opus": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
    "mka": ("matroska", "flac"),
    "wma": ("asf", "wmav2"),
    "wv": ("wv", "wavpack"),
    "tta": ("tta", "tta"),
    "flac": ("flac", "flac"),
    "oga": ("ogg", "flac"),
    "mp3": ("mp3", "libmp3lame"),
    "mp2": ("mp2", "mp2"),
    "ac3": ("ac3", "ac3"),
    "aiff": ("aiff", "pcm_s16be"),
    "au": ("au", "pcm_s16be"),
    "caf": ("caf", "pcm_s24le"),
    "w64": ("w64", "pcm_s16le"),
    "wav": ("wav", "pcm_s16le"),
    "u8": ("wav", "pcm_u8"),
    "float": ("wav", "pcm_f32le"),
    "adpcm": ("wav", "adpcm_ms"),
}
"""Container and codec of FFmpeg for a suffix, or for a kind of WAV."""
FRAME_SIZES = {
    "libmp3lame": 1152,
    "mp2": 1152,
    "ac3": 1536,
    "wmav2": 2048,
    "libopus": 960,
    "alac": 4096,
    "adpcm_ms": 1012,
}
"""Samples that an encoder takes at once, if they are not 1024."""
SAMPLES = {"wavpack": "s16p", "tta": "s16"}
"""Format of samples, if it is not the first that the encoder offers."""


def encoded(kind: str, seconds: float = 3.0, *, rate: int = 48_000, channels: int = 1) -> bytes:
    """Return `music` as a file of the kind `kind`; lossy kinds get high bit rates."""
    container, codec = FORMATS[kind]
    frames = music(rate, seconds, channels)
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate, layout=LAYOUTS[channels])
        if codec in ("aac", "wmav2", "libmp3lame", "mp2", "ac3"):
            stream.bit_rate = 192_000
        context = stream.codec_context
        context.format = SAMPLES.get(codec, context.format.name)
        resampler = av.AudioResampler(
            format=context.format.name, layout=LAYOUTS[channels], rate=rate, frame_size=FRAME_SIZES.get(codec, 1024)
        )
        whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(frames.T), format="fltp", layout=LAYOUTS[channels])
        whole.sample_rate = rate
        whole.pts = 0
        for frame in (*resampler.resample(whole), *resampler.resample(None), None):
            for packet in stream.encode(frame):
                # The FLAC encoder ends with a packet without samples, which only FLAC files take.
                if packet.size or container == "flac":
                    output.mux(packet)
    return file.getvalue()


def mp3_frames(data: bytes) -> list[bytes]:
    """Return the frames of an MP3 (MPEG 1, layer III) without tags; the first one may hold nothing but the length."""
    rates = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    position = data.index(b"\xff\xfb")
    frames = []
    while position + 4 <= len(data) and data[position : position + 2] == b"\xff\xfb":
        third = data[position + 2]
        length = 144_000 * rates[third >> 4] // (44_100, 48_000, 32_000)[third >> 2 & 3] + (third >> 1 & 1)
        frames.append(data[position : position + length])
        position += length
    return frames


def bare_mp3(seconds: float, *, rate: int = 44_100) -> bytes:
    """Return an MP3 of constant bit rate without the header that states its length."""
    return b"".join(mp3_frames(encoded("mp3", seconds, rate=rate))[1:])


def mp3_seconds(frames: int, rate: int = 44_100) -> float:
    """Return the length of MP3 frames."""
    return frames * 1152 / rate
