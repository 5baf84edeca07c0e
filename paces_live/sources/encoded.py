"""Distinguishes an encoded file from raw PCM by its first bytes: a pipe has no file name that says it.

A mistake costs much either way: a file taken for PCM is noise, and PCM taken for a file is refused. A few bytes that
samples may have by chance do not count. A signature has four fixed bytes or more, most have six to eight; a stream of
frames, which has no signature, is known by several headers, each where the one before announces it.
"""

from collections.abc import Callable

SIGNATURES = (
    (b"RIFF????WAVE", "a WAV file"),
    (b"RIFX????WAVE", "a WAV file"),
    (b"RF64????WAVE", "a WAV file"),
    (b"BW64????WAVE", "a WAV file"),
    (b"riff\x2e\x91\xcf\x11", "a Wave64 file"),
    (b"FORM????AIF", "an AIFF file"),
    (b"fLaC\x00\x00\x00\x22", "a FLAC file"),
    (b"fLaC\x80\x00\x00\x22", "a FLAC file"),
    (b"OggS\x00\x02", "an OGG file"),
    (b"ID3\x02\x00", "an MP3 file"),
    (b"ID3\x03\x00", "an MP3 file"),
    (b"ID3\x04\x00", "an MP3 file"),
    (b"\x00???ftyp", "an MP4 file"),
    (b"\x00???moov", "an MP4 file"),
    (b"\x00???wide", "an MP4 file"),
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a WMA file"),
    (b"caff\x00\x01\x00\x00", "a CAF file"),
    (b"wvpk?????\x04", "a WavPack file"),
    (b"MAC ?\x0e", "a Monkey's Audio file"),
    (b"MAC ?\x0f", "a Monkey's Audio file"),
    (b"MPCKSH", "a Musepack file"),
    (b"MP+\x07", "a Musepack file"),
    (b"MP+\x17", "a Musepack file"),
    (b"TTA1\x01\x00", "a True Audio file"),
    (b"DSD \x1c\x00\x00\x00", "a DSD file"),
    (b"FRM8????????DSD ", "a DSD file"),
    (b".snd\x00\x00", "an AU file"),
    (b"#!AMR", "an AMR file"),
    # The first packet of a transport stream is a table: of programs, or of their names.
    (b"\x47\x40\x00?\x00\x00\xb0", "an MPEG transport stream"),
    (b"\x47\x40\x11?\x00\x42\xf0", "an MPEG transport stream"),
    (b"RIFF????AVI ", "an AVI file"),
    (b"FLV\x01?\x00\x00\x00\x09", "an FLV file"),
    (b".RMF\x00\x00\x00\x12", "a RealMedia file"),
)
"""First bytes of files, ``?`` for any byte, and what such a file is."""
HEADERS = 3
"""Frame headers that have to follow each other; a stream that ends before has two at least."""
_ANY = ord("?")
_SYNC = b"\xff"
"""First byte of every frame."""
_HEADER_BYTES = 6
"""Bytes of a header that say how long its frame is."""
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Sample rates of MPEG audio by the bits of its version, Hz."""
_LAYER_2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_LAYER_3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOW = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
"""Bit rates of MPEG-1 by layer, and of MPEG-2 and 2.5, kbit/s; the first is number 1."""

Frame = tuple[bytes, int]
"""What all headers of a stream have in common, and the bytes of this frame."""


def encoded_kind(start: bytes, *, complete: bool = False) -> str | None:
    r"""Return what kind of file begins with `start`; empty if it is raw PCM, None if it takes more bytes to know.

    Parameters
    ----------
    start : bytes
        The first bytes of a stream, as many as there are.
    complete : bool
        Whether the stream ends with them; the answer is then never None.

    Examples
    --------
    >>> encoded_kind(b"fLaC\x00\x00\x00\x22"), encoded_kind(bytes(1_000))
    ('a FLAC file', '')
    >>> encoded_kind(b"RIFF"), encoded_kind(b"RIFF", complete=True)
    (None, '')
    """
    answers = [(_begins(start, signature), words) for signature, words in SIGNATURES]
    answers.append((_frames_follow(start, _mpeg_frame, complete=complete), "an MP3 file"))
    answers.append((_frames_follow(start, _adts_frame, complete=complete), "an AAC file"))
    for answer, words in answers:
        if answer:
            return words
    return None if not complete and any(answer is None for answer, _ in answers) else ""


def _begins(start: bytes, signature: bytes) -> bool | None:
    """Return whether `start` begins with `signature`; None if it is too short to know."""
    if all(a == b or b == _ANY for a, b in zip(start, signature, strict=False)):
        return True if len(start) >= len(signature) else None
    return False


def _frames_follow(start: bytes, frame_at: Callable[[bytes], Frame | None], *, complete: bool) -> bool | None:
    """Return whether frames of one kind follow each other from the first byte; None if it is too short to know."""
    at, first = 0, b""
    for number in range(HEADERS):
        header = start[at : at + _HEADER_BYTES]
        if len(header) < _HEADER_BYTES:
            return (complete and number > 1) or (None if number or _SYNC.startswith(header[:1]) else False)
        frame = frame_at(header)
        if frame is None or (number and frame[0] != first):
            return False
        # A sound that repeats itself, such as a constant, repeats the header where no frame begins.
        if not number and start.find(header[:4], 1, frame[1]) > 0:
            return False
        first, at = frame[0], at + frame[1]
    return True


def _mpeg_frame(header: bytes) -> Frame | None:
    """Return a frame of MPEG audio layer II or III (ISO 11172-3); layer I is not in use."""
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bit_rate, rate = header[2] >> 4, header[2] >> 2 & 3
    if header[0] != 0xFF or header[1] < 0xE0 or version == 1 or layer not in (1, 2):
        return None
    if bit_rate in (0, 15) or rate == 3 or header[3] & 3 == 2:
        return None
    rates = _LOW if version != 3 else _LAYER_3 if layer == 1 else _LAYER_2
    samples = 576 if version != 3 and layer == 1 else 1152
    length = samples * 125 * rates[bit_rate - 1] // _RATES[version][rate] + (header[2] >> 1 & 1)
    return bytes([header[1] & 0xFE, header[2] & 0x0C]), length


def _adts_frame(header: bytes) -> Frame | None:
    """Return a frame of AAC in ADTS (ISO 13818-7)."""
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    if header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12 or length < 7:
        return None
    return bytes([header[1], header[2], header[3] & 0xF0]), length
