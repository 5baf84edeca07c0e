"""Sound in the containers and codecs that FFmpeg writes."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray


def encoded(
    frames: NDArray[np.float32],
    container: str,
    codec: str,
    *,
    rate: int = 44_100,
    fragmented: bool = False,
    video: bool = False,
    tags: dict[str, str] | None = None,
) -> bytes:
    """Return mono or stereo frames as a file of FFmpeg; an MP4 file has its index at the end, unless `fragmented`."""
    import av

    file = io.BytesIO()
    channels = 1 if frames.ndim == 1 else frames.shape[1]
    layout = "mono" if channels == 1 else "stereo"
    options = (
        {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"} if fragmented else {}
    )
    with av.open(file, "w", format=container, options=options) as output:
        output.metadata.update(tags or {})
        pictures: Any = output.add_stream("mpeg2video", rate=25) if video else None
        if pictures is not None:
            pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        stream: Any = output.add_stream(codec, rate=rate, layout=layout)
        stream.codec_context.open()
        frame = av.AudioFrame.from_ndarray(np.atleast_2d(frames.T).astype(np.float32), format="fltp", layout=layout)
        frame.sample_rate = rate
        context = stream.codec_context
        resampler = av.AudioResampler(context.format.name, layout, rate, frame_size=context.frame_size)
        for number, part in enumerate([*resampler.resample(frame), *resampler.resample(None)]):
            if pictures is not None and number % 2 == 0:
                picture = av.VideoFrame(64, 64, "yuv420p")
                picture.pts = number // 2
                output.mux(pictures.encode(picture))
            output.mux(stream.encode(part))
        # The last packet of FLAC holds no sound, and Ogg refuses it.
        output.mux([packet for packet in stream.encode(None) if packet.size])
        if pictures is not None:
            output.mux(pictures.encode(None))
    return file.getvalue()
