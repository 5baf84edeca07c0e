"""XSPF, ASX and WPL, sound and malformed."""

import pytest

from paces_live.collection.entry import Entry
from paces_live.collection.xml import root, xml_entries, xml_text

XSPF = """<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/" xmlns:vlc="http://www.videolan.org/vlc/playlist/ns/0/">
  <title>Mine</title><creator>me</creator><location>http://me.example/mine.xspf</location>
  <trackList>
    <track>
      <location>file:///music/two%20words.ogg</location>
      <location>http://second.example/</location>
      <title>A &amp; B &#233; <![CDATA[<live>]]></title>
      <creator>Band</creator>
      <extension application="http://www.videolan.org/"><vlc:id>0</vlc:id></extension>
    </track>
    <track><!-- <location>no.ogg</location> --><title>No location</title></track>
    <track>
      <location>
        b.ogg
      </location>
    </track>
  </trackList>
</playlist>
"""


def read(text: str) -> list[tuple[str, int, str | None, str | None]]:
    return [(one.location, one.line, one.title, one.artist) for one in xml_entries(text)]


def locations(text: str) -> list[str]:
    return [one.location for one in xml_entries(text)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_xspf(end: str) -> None:
    expected = [("file:///music/two%20words.ogg", 6, "A & B é <live>", "Band"), ("b.ogg", 14, None, None)]
    assert read(XSPF.replace("\n", end)) == expected


def test_xspf_with_a_prefix_or_without_a_namespace() -> None:
    text = "<x:playlist><x:trackList><x:track><x:location>a.ogg</x:location></x:track></x:trackList></x:playlist>"
    assert locations(text) == locations(text.replace("x:", "")) == ["a.ogg"]


def test_the_base_of_an_xspf_and_of_a_track() -> None:
    text = """<playlist xml:base="file:///music/"><trackList><track><location>a.ogg</location></track>
    <track xml:base="http://b.example/c/d"><location>b.ogg</location></track>
    <track><location xml:base="sub/">c.ogg</location></track>
    <track><location>/d.ogg</location></track></trackList></playlist>"""
    assert locations(text) == ["file:///music/a.ogg", "http://b.example/c/b.ogg", "sub/c.ogg", "/d.ogg"]


def test_asx_is_not_xml() -> None:
    text = """<ASX version = 3.0>
    <Title>Stations & more</Title>
    <ENTRY><Ref HREF="http://a.example/?x=1&y=2"/><REF href='http://second.example/'/><title>Rock 'n' Roll</TITLE>
    <entry><author>Band</author><ref href = music/b.ogg ></entry>
    <EntryRef HREF="more.asx" />
    <entry><ref href="c > d.ogg"/>"""
    assert read(text) == [
        ("http://a.example/?x=1&y=2", 3, "Rock 'n' Roll", None),
        ("music/b.ogg", 4, None, "Band"),
        ("more.asx", 5, None, None),
        ("c > d.ogg", 6, None, None),
    ]


def test_the_base_of_an_asx() -> None:
    text = '<asx><base href="http://a.example/b/"/><entry><ref href="c.mp3"/></entry></asx>'
    assert locations(text) == ["http://a.example/b/c.mp3"]


def test_wpl_and_zpl() -> None:
    text = r"""<?wpl version="1.0"?>
<smil><head><title>Mine</title></head><body><seq>
<media src="..\Music\A &amp; B\a's.mp3" tid="{1}"/>
<media src="b.wma" trackTitle="Song" trackArtist="Band"/>
</seq></body></smil>"""
    assert read(text) == [(r"..\Music\A & B\a's.mp3", 3, None, None), ("b.wma", 4, "Song", "Band")]


def test_entities_do_not_grow_and_read_no_files() -> None:
    text = """<!DOCTYPE playlist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">
    <!ENTITY file SYSTEM "file:///etc/passwd">]>
    <playlist><trackList><track><location>x&b;&file;.ogg</location></track></trackList></playlist>"""
    assert locations(text) == ["x&b;&file;.ogg"]


def test_impossible_characters_are_replaced() -> None:
    text = "<asx><entry><ref href='a&#xDC80;&#x110000;&#9;&#x41;.ogg'></entry></asx>"
    assert locations(text) == ["a\ufffd\ufffd\tA.ogg"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('<?xml version="1.0" encoding="windows-1251"?>Молва'.encode("cp1251"), "Молва"),
        ('<?xml version="1.0" encoding="windows-1251"?>Молва'.encode(), "Молва"),
        ('<?xml version="1.0" encoding="GB2312"?>红豆'.encode("gbk"), "红豆"),
        ('<?xml version="1.0" encoding="Shift_JIS"?>夜'.encode("cp932"), "夜"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>It’s'.encode("cp1252"), "It’s"),
        ('<?xml version="1.0" encoding="unicode_escape"?>Caf\\x41é'.encode("cp1252"), "Caf\\x41é"),
        ('<?xml version="1.0" encoding="utf-16"?>Молва'.encode("utf-16"), "Молва"),
        ('<?xml version="1.0" encoding="no-such"?>Café'.encode("cp1252"), "Café"),
        ("<asx>Café".encode("cp1252"), "Café"),
    ],
)
def test_the_declared_encoding_is_used_unless_the_text_is_utf8(data: bytes, text: str) -> None:
    assert xml_text(data).endswith(text)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("\n <!-- <html> --><ASX>", "asx"),
        ("<!DOCTYPE html><html>", "html"),
        ("<?wpl?><smil>", "smil"),
        ("<3 music.mp3\n<b>", ""),
        ("music.mp3\n<asx>", ""),
        ("", ""),
    ],
)
def test_the_first_tag(text: str, tag: str) -> None:
    assert root(text) == tag


def test_an_entry_has_no_bytes() -> None:
    assert list(xml_entries("<asx><entryref href=a>")) == [Entry("a", 1)]
