"""The address of the broker, and its password."""

from pathlib import Path

import pytest

from paces_live.errors import UsageError
from paces_live.server.broker import PASSWORD_VARIABLE, Broker

WORDS = "open sesame"


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtt://home.local", Broker(host="home.local", port=1883)),
        ("mqtt://192.168.1.5:1884/", Broker(host="192.168.1.5", port=1884)),
        ("mqtts://[fd00::1]/gym/left", Broker(host="fd00::1", port=8883, tls=True, prefix="gym/left")),
        ("mqtt://me%40home@home", Broker(host="home", port=1883, user="me@home")),
    ],
)
def test_an_address_says_where_the_broker_is(url: str, broker: Broker) -> None:
    assert Broker.parse(url, environment={}) == broker


@pytest.mark.parametrize(
    "url",
    [
        "",
        "home.local",
        "http://home.local",
        "mqtt://",
        "mqtt://home:port",
        "mqtt://home:70000",
        "mqtt://[home",
        "mqtt://home/#",
        "mqtt://home/a/+/b",
        "mqtt://home/a//b",
        "mqtt://home/$SYS",
        "mqtt://home/a?qos=1",
    ],
)
def test_an_address_that_is_wrong_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="mqtt://USER@HOST") as caught:
        Broker.parse(url, environment={})
    assert caught.value.code == "usage.mqtt"


@pytest.mark.parametrize("url", [f"mqtt://me:{WORDS}@home", f"mqtt://:{WORDS}@home", f"http://me:{WORDS}@home:x"])
def test_a_password_in_the_address_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Broker.parse(url, environment={})
    assert WORDS not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_file_wins_over_the_variable(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{WORDS}\n", "utf-8")
    environment = {PASSWORD_VARIABLE: WORDS[::-1]}
    assert Broker.parse("mqtt://me@home", environment=environment).password == WORDS[::-1]
    assert Broker.parse("mqtt://me@home", environment={PASSWORD_VARIABLE: ""}).password is None
    broker = Broker.parse("mqtt://me@home", password_file=file, environment=environment)
    assert broker.password == WORDS
    assert WORDS not in repr(broker)


def test_a_password_needs_a_user() -> None:
    with pytest.raises(UsageError, match="no user"):
        Broker.parse("mqtt://home", environment={PASSWORD_VARIABLE: WORDS})


@pytest.mark.parametrize("content", [None, b"", b"\n", b"one\ntwo\n", b"\xff"])
def test_a_file_without_a_password_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match="password") as caught:
        Broker.parse("mqtt://me@home", password_file=file, environment={})
    assert caught.value.code == "usage.mqtt_password_file"
