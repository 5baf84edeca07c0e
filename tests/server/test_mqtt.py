"""Publishing to a real broker, and taking the target from it."""

import asyncio
import gc
import json
import logging
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from paces_live.errors import ServerError
from paces_live.events import End, Event, Health, Pace, Reading, Song, SongPace, Start, Track
from paces_live.match import Listener
from paces_live.render.json_lines import event_line
from paces_live.server import mqtt
from paces_live.server.broker import PASSWORD_VARIABLE, Broker
from paces_live.server.home_assistant import discovery
from tests.support.homes import Mosquitto, ear, mosquitto, need_mosquitto, soon
from tests.support.players import free_port
from tests.support.schemas import validated

__all__ = ["mosquitto"]

STATUS, PACE, TARGET, SONGS = (f"paces-live/{name}" for name in ("status", "pace", "target", "songs"))
WORDS = "open-sesame"
START = Start("0.1.0", "demo", "paces", "litert")


def reading(*paces: float, t: float = 30.0, title: str | None = None) -> Reading:
    judged = tuple(Pace(spm, 0.9) for spm in paces)
    return Reading(t, 1, "settled", judged, Health(-18.0, 0.0, 0.1), track=Track(title=title), beat=85.0)


def song(number: int) -> Song:
    return Song(number, 200.0 * number, 200.0 * number + 180.0, (SongPace(170.0, 0.9, 1.0),), Track(title="Für Elise"))


class Stream:
    """Events, as they come, and the listener whom the home may set."""

    def __init__(self, target: float | None = 165.0) -> None:
        self.listener = Listener(target)
        self.targets: list[float | None] = []
        self._events = asyncio.Queue[Event | None]()

    def put(self, *events: Event | None) -> None:
        """Let events happen; None ends the stream."""
        for event in events:
            self._events.put_nowait(event)

    def taken(self) -> bool:
        """Return whether the publisher took all of them."""
        return self._events.empty()

    async def events(self) -> AsyncIterator[Event]:
        while event := await self._events.get():
            yield event

    async def publish(self, broker: Broker) -> None:
        await mqtt.publish(self.events(), self.listener, broker, on_target=self.changed)

    def changed(self) -> None:
        self.targets.append(self.listener.target)


@asynccontextmanager
async def publishing(stream: Stream, broker: Broker) -> AsyncIterator[None]:
    """Publish `stream` until it ends."""
    task = asyncio.create_task(stream.publish(broker))
    try:
        yield
        stream.put(None)
        await task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def at(server: Mosquitto) -> Broker:
    return Broker(host="127.0.0.1", port=server.port)


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Let nothing wait for a second."""
    need_mosquitto()
    caplog.set_level(logging.INFO, "paces_live")
    for name, seconds in {"STATES_S": 0.02, "FIRST_WAIT_S": 0.05, "LONGEST_WAIT_S": 0.1, "FAREWELL_S": 0.5}.items():
        monkeypatch.setattr(mqtt, name, seconds)


async def test_the_home_gets_one_description_and_the_states(mosquitto: Mosquitto) -> None:
    stream = Stream()
    async with ear(mosquitto.port) as home, publishing(stream, at(mosquitto)):
        stream.put(START, reading(85.0, 170.1, title="So What"))
        await soon(lambda: home.last(PACE) == "170.1")
        where, record = discovery("paces-live")
        assert [json.loads(text) for text in home.texts(where)] == [record]
        topics = {component["state_topic"] for component in record["cmps"].values()}
        await soon(lambda: topics <= {message.topic for message in home.messages})
        assert home.last("paces-live/song") == "So What"
        assert home.last("paces-live/verdict") == "match"
        assert home.last(STATUS) == "online"
        order = [message.topic for message in home.messages]
        assert order.index(where) < order.index(STATUS) < order.index(PACE)


async def test_only_what_holds_without_us_is_retained(mosquitto: Mosquitto) -> None:
    stream = Stream()
    async with publishing(stream, at(mosquitto)), ear(mosquitto.port) as first:
        stream.put(START, reading(170.1), song(1))
        await soon(lambda: first.last(PACE) == "170.1" and first.last(SONGS) is not None)
    async with ear(mosquitto.port) as home:
        await soon(lambda: home.last(TARGET) is not None)
        retained = {message.topic: message.text for message in home.messages if message.retained}
    assert retained.pop(discovery("paces-live")[0])
    assert retained == {STATUS: "offline", TARGET: "165"}


async def test_a_state_is_sent_when_it_changes_and_before_it_expires(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream()
    async with ear(mosquitto.port) as home, publishing(stream, at(mosquitto)):
        stream.put(reading(170.1))
        await soon(lambda: home.last(PACE) == "170.1")
        stream.put(reading(170.1), reading(180.0))
        await soon(lambda: home.last(PACE) == "180.0")
        assert home.texts("paces-live/beat") == ["85.0"]
        monkeypatch.setattr(mqtt, "REPEAT_S", 0.0)
        stream.put(reading(180.0))
        await soon(lambda: home.texts("paces-live/beat") == ["85.0", "85.0"])
        # Without readings, it may expire.
        await asyncio.sleep(5 * mqtt.STATES_S)
        assert home.texts("paces-live/beat") == ["85.0", "85.0"]
        stream.put(End(31.0))
        await soon(lambda: home.last(PACE) == "None")


async def test_many_readings_are_few_messages(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    async with ear(mosquitto.port) as home, publishing(stream, at(mosquitto)):
        await soon(lambda: home.last(PACE) == "None")
        monkeypatch.setattr(mqtt, "STATES_S", 0.2)
        began = time.monotonic()
        for step in range(40):
            stream.put(reading(150.0 + step))
            await asyncio.sleep(0.01)
        await soon(lambda: home.last(PACE) == "189.0")
        # The first two may come at the old time and at the new one.
        assert 2 <= len(home.texts(PACE)) - 1 <= 2 + (time.monotonic() - began) / mqtt.STATES_S


async def test_the_target_works_in_both_directions(mosquitto: Mosquitto) -> None:
    stream = Stream()
    async with ear(mosquitto.port) as home, publishing(stream, at(mosquitto)):
        stream.put(START, reading(172.0))
        await soon(lambda: home.last(TARGET) == "165")
        await home.say(f"{TARGET}/set", "172.5")
        await soon(lambda: home.last(TARGET) == "172.5")
        assert stream.targets == [stream.listener.target] == [172.5]
        stream.listener.target = 150.0
        await soon(lambda: home.last(TARGET) == "150")
        assert stream.targets == [172.5]
        await home.say(f"{TARGET}/set", "None")
        await soon(lambda: home.last(TARGET) == "None")
        assert stream.listener.target is None


@pytest.mark.parametrize("wrong", [b"20", b"320.5", b"nan", b"fast", b"", b"\xff"])
async def test_a_target_that_is_wrong_is_refused_and_the_state_restored(
    mosquitto: Mosquitto, wrong: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    stream = Stream()
    async with ear(mosquitto.port) as home, publishing(stream, at(mosquitto)):
        await soon(lambda: home.texts(TARGET) == ["165"])
        await home.say(f"{TARGET}/set", wrong)
        await soon(lambda: home.texts(TARGET) == ["165", "165"])
        assert stream.listener.target == 165.0
        assert stream.targets == []
    assert "no target that can be used" in caplog.text


async def test_a_retained_target_is_ignored(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    stream = Stream()
    async with ear(mosquitto.port) as home:
        await home.say(f"{TARGET}/set", "172", retain=True)
        async with publishing(stream, at(mosquitto)):
            await soon(lambda: "retained target" in caplog.text)
            await soon(lambda: home.last(TARGET) == "165")
    assert stream.targets == []


async def test_home_assistant_that_comes_back_gets_everything_again(mosquitto: Mosquitto) -> None:
    stream = Stream()
    where, _ = discovery("paces-live")
    async with ear(mosquitto.port) as home, publishing(stream, at(mosquitto)):
        stream.put(reading(170.1))
        await soon(lambda: home.last(PACE) == "170.1")
        await home.say("homeassistant/status", "offline")
        await home.say("homeassistant/status", "online")
        await soon(lambda: all(len(home.texts(topic)) == 2 for topic in (where, STATUS, TARGET)))
        await soon(lambda: home.texts(PACE)[-2:] == ["170.1", "170.1"])


async def test_songs_are_events_and_none_is_lost_while_the_broker_is_away(mosquitto: Mosquitto) -> None:
    stream = Stream()
    async with publishing(stream, at(mosquitto)):
        async with ear(mosquitto.port) as home:
            stream.put(START, song(1))
            await soon(lambda: home.last(SONGS) is not None)
            assert validated(home.texts(SONGS)[0]) == json.loads(event_line(song(1), stream.listener))
        mosquitto.stop()
        stream.put(song(2), song(3))
        await soon(stream.taken)
        await asyncio.sleep(3 * mqtt.LONGEST_WAIT_S)
        mosquitto.start()
        async with ear(mosquitto.port) as home:
            await soon(lambda: len(home.texts(SONGS)) >= 2)
            assert list(dict.fromkeys(json.loads(text)["song"] for text in home.texts(SONGS))) == [2, 3]
            stream.put(reading(170.1))
            await soon(lambda: home.last(PACE) == "170.1" and home.last(STATUS) == "online")
            await home.say(f"{TARGET}/set", "172")
            await soon(lambda: stream.targets == [172.0])


async def test_the_oldest_songs_are_lost_if_the_broker_is_away_for_long(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mqtt, "SONGS", 2)
    stream = Stream()
    async with ear(mosquitto.port):
        pass
    mosquitto.stop()
    async with publishing(stream, at(mosquitto)):
        stream.put(*map(song, range(1, 6)))
        await soon(stream.taken)
        mosquitto.start()
        async with ear(mosquitto.port) as home:
            await soon(lambda: len(home.texts(SONGS)) >= 2)
            assert [json.loads(text)["song"] for text in home.texts(SONGS)] == [4, 5]
    assert caplog.text.count("the oldest song is lost") == 3


async def test_the_last_song_and_the_good_bye_are_sent(mosquitto: Mosquitto) -> None:
    stream = Stream()
    async with ear(mosquitto.port) as home:
        async with publishing(stream, at(mosquitto)):
            await soon(lambda: home.last(STATUS) == "online")
            stream.put(song(1), End(200.0))
        await soon(lambda: home.last(STATUS) == "offline")
        assert len(home.texts(SONGS)) == 1


async def test_a_cancelled_publisher_says_good_bye(mosquitto: Mosquitto) -> None:
    stream = Stream()
    async with ear(mosquitto.port) as home:
        task = asyncio.create_task(stream.publish(at(mosquitto)))
        await soon(lambda: home.last(STATUS) == "online")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await soon(lambda: home.last(STATUS) == "offline")


async def test_a_broker_that_is_not_there_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    stream = Stream()
    async with publishing(stream, Broker(host="127.0.0.1", port=free_port())):
        stream.put(START, *(reading(150.0 + step) for step in range(100)), song(1))
        await soon(stream.taken)
        await asyncio.sleep(4 * mqtt.LONGEST_WAIT_S)
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 2
    assert "does not answer" in warnings[0]
    assert "did not get the last songs (1)" in warnings[1]


async def test_a_broker_that_never_answers_disturbs_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mqtt, "ANSWER_S", 0.1)
    stream = Stream()
    connected = []
    silent = await asyncio.start_server(lambda *ends: connected.append(ends), "127.0.0.1", 0)
    async with silent:
        async with publishing(stream, Broker(host="127.0.0.1", port=silent.sockets[0].getsockname()[1])):
            stream.put(START, *(reading(150.0 + step) for step in range(100)))
            await soon(stream.taken)
            await soon(lambda: len(connected) >= 2)
            # The connection before was closed, not left open.
            async with asyncio.timeout(5.0):
                await connected[0][0].read()
        for _, writer in connected:
            writer.close()
    assert "does not answer" in caplog.text


async def test_a_mistake_in_the_callback_is_not_hidden(mosquitto: Mosquitto) -> None:
    stream = Stream()

    def changed() -> None:
        raise ZeroDivisionError

    stream.changed = changed  # type: ignore[method-assign]
    async with ear(mosquitto.port) as home:
        task = asyncio.create_task(stream.publish(at(mosquitto)))
        await soon(lambda: home.last(TARGET) == "165")
        await home.say(f"{TARGET}/set", "172")
        await soon(lambda: stream.put(reading(170.0)) or task.done())  # type: ignore[func-returns-value]
        with pytest.raises(ZeroDivisionError):
            await task


async def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiomqtt", None)
    with pytest.raises(ServerError, match="pip install aiomqtt"):
        await Stream().publish(Broker(host="127.0.0.1", port=1))


@pytest.fixture
def guarded(tmp_path: Path) -> Path:
    """Write the files of a broker that knows one user, who may use only what we need, and an owner."""
    passwords, rights = tmp_path / "passwords", tmp_path / "rights"
    passwords.touch(mode=0o600)
    for user in ("runner", "owner"):
        subprocess.run(["mosquitto_passwd", "-b", passwords, user, WORDS], check=True)
    rights.write_text(
        "user runner\ntopic readwrite paces-live/#\ntopic write homeassistant/device/paces-live/config\n"
        "topic read homeassistant/status\nuser owner\ntopic readwrite #\n",
        "utf-8",
    )
    return tmp_path


def closed_door(folder: Path) -> Mosquitto:
    access = f"allow_anonymous false\npassword_file {folder / 'passwords'}\nacl_file {folder / 'rights'}"
    return Mosquitto(folder, access)


async def test_a_broker_with_passwords_and_rights(guarded: Path, caplog: pytest.LogCaptureFixture) -> None:
    door, stream = closed_door(guarded), Stream()
    door.start()
    try:
        async with ear(door.port, username="owner", password=WORDS) as home:
            wrong = Broker(host="127.0.0.1", port=door.port, user="runner", password="wrong-" + WORDS)
            async with publishing(stream, wrong):
                await soon(lambda: "does not answer" in caplog.text)
            assert home.messages == []
            async with publishing(stream, Broker(host="127.0.0.1", port=door.port, user="runner", password=WORDS)):
                stream.put(reading(170.1), song(1))
                await soon(lambda: home.last(PACE) == "170.1" and home.last(SONGS) is not None)
                assert home.texts(discovery("paces-live")[0])
                await home.say(f"{TARGET}/set", "172")
                await soon(lambda: stream.targets == [172.0])
    finally:
        door.stop()
    assert WORDS not in caplog.text


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """Return the certificate of an authority that signed the one of a broker, which lies beside it with its key."""
    x509 = pytest.importorskip("cryptography.x509", reason="cryptography is not installed")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("authority", "broker")}
    names = {name: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"test {name}")]) for name in keys}
    now = datetime.now(UTC)
    for name, key in keys.items():
        building = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names["authority"])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=name == "authority", path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        )
        signed = building.sign(keys["authority"], hashes.SHA256())
        (tmp_path / f"{name}.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        (tmp_path / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return tmp_path / "authority.crt"


# paho-mqtt leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
async def test_a_certificate_is_checked_with_the_authorities_of_the_system(
    authority: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = authority.parent
    access = f"allow_anonymous true\ncertfile {folder / 'broker.crt'}\nkeyfile {folder / 'broker.key'}"
    server, stream = Mosquitto(folder, access), Stream()
    server.start()
    broker = Broker(host="127.0.0.1", port=server.port, tls=True)
    try:
        async with publishing(stream, broker):
            await soon(lambda: "certificate verify failed" in caplog.text)
        gc.collect()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        async with (
            ear(server.port, tls_context=ssl.create_default_context()) as home,
            publishing(stream, broker),
        ):
            await soon(lambda: home.last(STATUS) == "online")
            stream.put(reading(170.1))
            await soon(lambda: home.last(PACE) == "170.1")
            await home.say(f"{TARGET}/set", "172")
            await soon(lambda: stream.targets == [172.0])
    finally:
        server.stop()


PUBLISHER = """
import asyncio, logging, sys
from pathlib import Path
from paces_live.events import Health, Pace, Reading
from paces_live.match import Listener
from paces_live.server.broker import Broker
from paces_live.server.mqtt import publish
logging.basicConfig(level=logging.DEBUG)
async def events():
    yield Reading(1.0, 1, "settled", (Pace(170.0, 0.9),), Health(-18.0, 0.0, 0.1))
    await asyncio.sleep(60.0)
broker = Broker.parse(sys.argv[1], password_file=Path(sys.argv[2]) if sys.argv[2:] else None)
asyncio.run(publish(events(), Listener(), broker, on_target=print))
"""


@pytest.mark.slow
@pytest.mark.parametrize("by", ["file", "variable"])
async def test_a_killed_publisher_is_offline_and_its_password_showed_nowhere(guarded: Path, by: str) -> None:
    door, log, file = closed_door(guarded), guarded / "publisher.log", guarded / "password"
    file.write_text(f"{WORDS}\n", "utf-8")
    door.start()
    command = [sys.executable, "-c", PUBLISHER, f"mqtt://runner@127.0.0.1:{door.port}"]
    command += [str(file)] if by == "file" else []
    environment = os.environ | ({PASSWORD_VARIABLE: WORDS} if by == "variable" else {})
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        async with ear(door.port, username="owner", password=WORDS) as home:
            await soon(lambda: home.last(PACE) == "170.0" or process.poll() is not None)
            assert process.poll() is None, log.read_text("utf-8")
            assert home.last(STATUS) == "online"
            arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            process.send_signal(signal.SIGKILL)
            await soon(lambda: home.last(STATUS) == "offline")
    finally:
        process.kill()
        process.wait()
        door.stop()
    assert b"runner@127.0.0.1" in arguments
    assert WORDS.encode() not in arguments
    assert "connected to the broker" in log.read_text("utf-8")
    assert WORDS not in log.read_text("utf-8")
