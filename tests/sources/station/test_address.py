"""Addresses as people write them: what is asked for, and what is shown."""

import pytest

from paces_live.errors import UsageError
from paces_live.sources import RadioSource
from paces_live.sources.station.address import parse_address


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("http://radio.example", "http://radio.example/", "radio.example"),
        ("  HTTP://Radio.Example:8000/Live  ", "http://radio.example:8000/Live", "radio.example/Live"),
        ("icy://radio.example/a", "http://radio.example/a", "radio.example/a"),
        ("ICYX://radio.example/a", "http://radio.example/a", "radio.example/a"),
        ("https://radio.example/р", "https://radio.example/%D1%80", "radio.example/р"),
        ("https://radio.example/%D1%80", "https://radio.example/%D1%80", "radio.example/р"),
        ("http://radio.example/caf\udce9", "http://radio.example/caf%E9", "radio.example/caf�"),
        ("http://bücher.example/a b?q=ä ö#part", "http://xn--bcher-kva.example/a%20b?q=%C3%A4%20%C3%B6", None),
        ("http://[::1]:8000/a", "http://[::1]:8000/a", "[::1]/a"),
        ("http://radio.example/;?sid=1&x=%2F", "http://radio.example/;?sid=1&x=%2F", "radio.example/;"),
        ("http://radio.example?key=secret", "http://radio.example/?key=secret", "radio.example"),
        ("http://me:s%40fe@radio.example/a", "http://radio.example/a", "radio.example/a"),
        ("http://me:a@b@radio.example/a", "http://radio.example/a", "radio.example/a"),
    ],
)
def test_an_address_is_asked_for_in_ascii_and_shown_as_people_read_it(text: str, url: str, name: str | None) -> None:
    address = parse_address(text)
    assert address.url == url
    assert address.name == name or name is None
    assert parse_address(address.url).url == url


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("ok", "http://radio.example:8000/lists/ok"),
        ("../ok", "http://radio.example:8000/ok"),
        ("/ok", "http://radio.example:8000/ok"),
        ("//other.example/ok", "http://other.example/ok"),
        ("HTTPS://other.example/ok", "https://other.example/ok"),
        ("?sid=2", "http://radio.example:8000/lists/all.m3u?sid=2"),
    ],
)
def test_an_address_can_be_relative_to_the_list_that_holds_it(location: str, url: str) -> None:
    assert parse_address(location, base="http://radio.example:8000/lists/all.m3u").url == url


@pytest.mark.parametrize(
    "text",
    [
        *(
            "http:",
            "http://",
            "http:///live",
            "http://[::1",
            "http://radio.example:port/",
            "http://radio.example:99999/",
        ),
        *("http://a..b/", f"http://{'a' * 64}.example/", "http://me:pass/word@radio.example/", "http://\ud800/"),
    ],
)
def test_an_address_that_is_none_is_one_line_without_its_password(text: str) -> None:
    with pytest.raises(UsageError, match="the address of the station cannot be understood") as error:
        RadioSource(text, 22_050)
    assert error.value.code == "usage.input"
    assert "\n" not in str(error.value)
    assert "word" not in error.value.message


def test_a_password_is_in_a_header_alone() -> None:
    address = parse_address("http://me:s%40fe@radio.example/a")
    assert address.authorization == "Basic bWU6c0BmZQ=="
    assert "bWU6" not in repr(address)
    assert RadioSource("http://me:s%40fe@radio.example/a", 22_050).name == "radio:radio.example/a"
