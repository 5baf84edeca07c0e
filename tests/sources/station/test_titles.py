"""What stations announce, and what plays by it."""

import time

import pytest

from paces_live.sources.station.titles import caption, has_fields, stream_title


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        (b"StreamTitle='A - One';", "A - One"),
        (b"StreamTitle='A - One';\0\0\0", "A - One"),
        (b"StreamTitle='A - One'", "A - One"),
        (b"StreamTitle='A - One", "A - One"),
        (b'StreamTitle="A - One";', "A - One"),
        (b"StreamTitle=A - One;StreamUrl='x';", "A - One"),
        (b"streamtitle='A - One';", "A - One"),
        (b"StreamTitle='A - 'One'; Two';StreamUrl='';", "A - 'One'; Two"),
        (b"StreamTitle='A - It's; One';StreamUrl='http://a.example/?b='c';", "A - It's; One"),
        (b"StreamTitle='A - 'One'';", "A - 'One'"),
        (b"StreamUrl='x';StreamTitle='A - One';", "A - One"),
        (b"StreamTitle='A\nOne';", "A\nOne"),
        ("StreamTitle='Äpfel – One';".encode(), "Äpfel – One"),
        (b"StreamTitle='Caf\xe9';", "Café"),
        (b"StreamTitle='';", ""),
        (b"StreamTitle='';StreamUrl='';adw_ad='true';durationMilliseconds='30024';insertionType='preroll';", ""),
        (b"StreamTitle='Buy it';adw_ad='true';", ""),
        (b"adw_ad='true';durationMilliseconds='10135';adId='34254';insertionType='midroll';", ""),
        (b"StreamUrl='http://a.example/';", None),
        (b"", None),
    ],
)
def test_the_title_between_the_bytes(fields: bytes, title: str | None) -> None:
    assert has_fields(fields)
    assert stream_title(fields) == title


@pytest.mark.parametrize("data", [b"\xff\xfb\x90\x64" * 4, bytes(range(16)), b"\0\0\0\1" * 4, b"UUUUUUUUUUUUUUUU"])
def test_sound_is_not_taken_for_titles(data: bytes) -> None:
    assert not has_fields(data)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("A - One", "A - One"),
        ("  A -  One\n", "A - One"),
        ("A &amp; B - It&#39;s One", "A & B - It's One"),
        ("A &amp;amp; B - It&amp;#039;s &quot;One&quot;", 'A & B - It\'s "One"'),
        ("Caf&eacute; &#xE9; &apos;n&apos;", "Café é 'n'"),
        ("AT&T - R&B &copy", "AT&T - R&B &copy"),
        ("One -", "One"),
        ("- One", "One"),
        ("A - One -  - ", "A - One"),
        ("A-ha - -ing-", "A-ha - -ing-"),
        ("A – One –", "A – One"),
        (" - ", None),
        ("-", None),
        ("–", None),
        ("", None),
        ("Radio X", None),
        ("RADIO  x - ", None),
        ("Radio X - One", "Radio X - One"),
        ("http://radio.example/live", None),
        ("WWW.radio.example", None),
        ("radio-x.fm:8000/live", None),
        ("Mr.Brightside", "Mr.Brightside"),
        ("E.T.", "E.T."),
        ("A - www.radio.example", "A - www.radio.example"),
        ("R.E.M. - Drive", "R.E.M. - Drive"),
        ("STOP_AD_BREAK", None),
    ],
)
def test_the_caption_of_a_song(words: str, expected: str | None) -> None:
    assert caption(words, station="Radio X") == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ('A - text="One" song_spot="M" MediaBaseId="1" length="00:04:35"', "A - One"),
        ('A - text="One" song_spot="F" MediaBaseId="1"', "A - One"),
        ('A - text="One "Two" Three" song_spot="M" url=""', 'A - One "Two" Three'),
        ("A - text=&quot;One&quot; song_spot=&quot;M&quot;", "A - One"),
        ('text="One" song_spot="M"', "One"),
        ('text="One"', "One"),
        ('title="18 And Life",artist="Skid Row",url="song_spot="F" MediaBaseId="0""', "Skid Row - 18 And Life"),
        (r'title="One",artist="A",url="song_spot=\"M\" x=\"0\""', "A - One"),
        ('title="One",artist=""', "One"),
        ('A - text="Buy it" song_spot="T" MediaBaseId="0"', None),
        ('A - text="Buy it" song_spot="A"', None),
        (r'title="Buy it",artist="A",url="song_spot=\"T\""', None),
        (' - text="Spot Block End" length="00:00:00" show="" digitalAds=""', None),
        ('A - text="" song_spot="M"', None),
        ('A - "Heroes"', 'A - "Heroes"'),
    ],
)
def test_the_attributes_of_iheart(words: str, expected: str | None) -> None:
    assert caption(words) == expected


@pytest.mark.parametrize(
    "part", [b"';", b'a="', b" ", b"a='", b'"', b"&amp;", b" - ", b"StreamTitle='", b'text="', b'",a']
)
def test_fields_of_any_content_are_read_at_once(part: bytes) -> None:
    fields = (b"StreamTitle='text=\"" + part * 4080)[:4080]
    begun = time.monotonic()
    assert has_fields(fields)
    caption(stream_title(fields) or "", "Radio X")
    assert time.monotonic() - begun < 0.5
