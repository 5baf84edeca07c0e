"""Encoded audio, made on the spot: by FFmpeg through PyAV, and MP3 whose frames are known."""

import io
from collections.abc import Mapping
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

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
SAMPLES = {"wavpack": "s16p", "tta": "s16"}
"""Format of samples, if it is not the first that the encoder offers."""
LOSSY = ("aac", "ac3", "libmp3lame", "mp2", "wmav2")
"""Encoders that get a high bit rate, so that the sound is the same."""


def encoded(kind: str, seconds: float = 3.0, *, rate: int = 48_000, channels: int = 1) -> bytes:
    """Return `music` as a file of the kind `kind`; lossy kinds get high bit rates."""
    container, codec = FORMATS[kind]
    bit_rate = 192_000 if codec in LOSSY else None
    return encode(music(rate, seconds, channels), container, codec, rate=rate, bit_rate=bit_rate)


def encode(
    frames: NDArray[np.float32],
    container: str,
    codec: str,
    *,
    rate: int = 44_100,
    bit_rate: int | None = None,
    tags: Mapping[str, str] | None = None,
    fragmented: bool = False,
    video: bool = False,
) -> bytes:
    """Return frames, shape (n,) or (n, channels), as a file that FFmpeg writes.

    An MP4 file has its index at the end, unless it is `fragmented`. With `video`, there are black pictures in it, too.
    """
    file = io.BytesIO()
    layout = LAYOUTS[1 if frames.ndim == 1 else frames.shape[1]]
    fragments = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"}
    with av.open(file, "w", format=container, options=fragments if fragmented else {}) as output:
        output.metadata.update(tags or {})
        pictures: Any = output.add_stream("mpeg2video", rate=25) if video else None
        if pictures is not None:
            pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        stream: Any = output.add_stream(codec, rate=rate, layout=layout)
        context = stream.codec_context
        context.format = SAMPLES.get(codec, context.format.name)
        if bit_rate:
            context.bit_rate = bit_rate
        context.open()
        whole = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(np.atleast_2d(frames.T), np.float32), format="fltp", layout=layout
        )
        whole.sample_rate, whole.pts = rate, 0
        resampler = av.AudioResampler(context.format.name, layout, rate, frame_size=context.frame_size or 1024)
        for number, frame in enumerate((*resampler.resample(whole), *resampler.resample(None), None)):
            if pictures is not None and frame is not None and number % 2 == 0:
                picture = av.VideoFrame(64, 64, "yuv420p")
                picture.pts = number // 2
                output.mux(pictures.encode(picture))
            # The FLAC encoder ends with a packet without samples, which only FLAC files take.
            output.mux([packet for packet in stream.encode(frame) if packet.size or container == "flac"])
        if pictures is not None:
            output.mux(pictures.encode(None))
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
    return without_length(encoded("mp3", seconds, rate=rate))


def mp3(frames: NDArray[np.float32], rate: int) -> bytes:
    """Return frames, shape (n,) or (n, channels), as MP3 frames of 160 kbit/s alone, as stations send them."""
    return without_length(encode(frames, "mp3", "libmp3lame", rate=rate, bit_rate=160_000))


def without_length(data: bytes) -> bytes:
    """Return an MP3 without its tags and its first frame, which states its length."""
    return b"".join(mp3_frames(data)[1:])


def mp3_seconds(frames: int, rate: int = 44_100) -> float:
    """Return the length of MP3 frames."""
    return frames * 1152 / rate
