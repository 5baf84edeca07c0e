"""The player on a card whose clock the test controls: heard samples are those that left the card, at that time."""

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mutagen.id3
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from paces_live.analysis.classifier import FixedClassifier
from paces_live.collection.items import Item
from paces_live.errors import SourceError
from paces_live.events import Condition, Reading, Song
from paces_live.playback import player as player_module
from paces_live.playback.feeder import AHEAD_S
from paces_live.playback.output import Feed, Play
from paces_live.playback.player import Player
from paces_live.playback.queue import Queue
from paces_live.session import Block, Session, SessionConfig, run
from paces_live.sources import portaudio
from tests.support.encoded import encoded
from tests.support.sources import message_of

RATE = 8_000
PERIOD = 400
BUFFER = 4 * PERIOD
Frames = NDArray[np.float32]


class Card:
    """A sound card that plays while the player sleeps; its module stands in for sounddevice.

    It asks for a period whenever one has left its buffer. Before it asks, the feeder thread may finish its work.
    """

    PortAudioError = RuntimeError

    def __init__(self) -> None:
        self.default = SimpleNamespace(device=(0, 1))
        self.now = 100.0
        self.stopped = True
        self.played: list[Frames] = []
        self.feed: Any = None
        self.on_period: Callable[[], None] = lambda: None
        self.dry = False
        self.gone = False
        self.active = True
        self.index = -1
        self.names = ("Microphone", "Speaker: USB (hw:1,0)", "Speaker: HDMI (hw:0,3)")
        self._listed = self.names
        self._empty_at = 0.0

    def query_devices(self) -> list[dict[str, Any]]:
        return [
            {"index": i, "name": name, "default_samplerate": float(RATE), "max_output_channels": 2 * (i > 0)}
            for i, name in enumerate(self._listed)
        ]

    def OutputStream(self, *, callback: Any, **options: Any) -> "Card":  # noqa: N802 - sounddevice's name
        assert (options["samplerate"], options["channels"], options["dtype"]) == (RATE, 2, "float32")
        if self.gone and self.feed:
            raise self.PortAudioError("Device unavailable")
        self.feed, self.index, self.active = callback.__self__, options["device"], True
        return self

    def _terminate(self) -> None:
        assert self.stopped

    def _initialize(self) -> None:
        self._listed = self.names

    def start(self) -> None:
        self.stopped = False
        self._empty_at = self.now
        if not self.gone:
            self._ask()

    def abort(self) -> None:
        self.stopped = True

    def close(self) -> None:
        self.stopped = True

    def sleep(self, seconds: float) -> None:
        """Let time pass: for the card if it runs, and for the feeder always."""
        deadline = time.monotonic() + 5
        while self.feed.ahead_s < AHEAD_S and not self.feed.ended and not self.dry and time.monotonic() < deadline:
            time.sleep(0.001)
            if self.feed.looking:
                break
        self.now += seconds
        if not self.stopped and not self.gone:
            self._ask()

    def _ask(self) -> None:
        while self._empty_at - self.now <= (BUFFER - PERIOD) / RATE + 1e-9:
            self.on_period()
            underflow = self._empty_at < self.now
            leaves = max(self._empty_at, self.now)
            out = np.full((PERIOD, 2), np.nan, np.float32)
            moment = SimpleNamespace(currentTime=self.now, outputBufferDacTime=leaves)
            self.feed.callback(out, PERIOD, moment, SimpleNamespace(output_underflow=underflow))
            self.played.append(out)
            self._empty_at = leaves + PERIOD / RATE


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    card = Card()
    monkeypatch.setattr(portaudio, "load", lambda: card)
    monkeypatch.setattr("paces_live.playback.feeder.POLL_S", 0.001)
    monkeypatch.setattr(player_module, "time", SimpleNamespace(sleep=card.sleep, monotonic=lambda: card.now))
    return card


@pytest.fixture
def song(tmp_path: Path) -> Callable[..., Item]:
    """Return a function that writes a song of noise."""

    def write(name: str, seconds: float, *, rate: int = RATE, channels: int = 2) -> Item:
        rng = np.random.default_rng(len(name) + ord(name[0]))
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, rng.uniform(-0.9, 0.9, (round(seconds * rate), channels)), rate, subtype="FLOAT")
        return Item(path, name)

    return write


def content(track: Item) -> Frames:
    frames: Frames = soundfile.read(track.path, dtype="float32", always_2d=True)[0]
    return frames


def mono(frames: Frames) -> Frames:
    mean: Frames = frames.mean(axis=1, dtype=np.float64).astype(np.float32)
    return mean


def joined(blocks: list[Block]) -> Frames:
    return np.concatenate([block.samples for block in blocks])


def played_by(*items: Item, repeat: bool = False) -> Player:
    return Player(Queue(items, repeat=repeat), RATE)


def test_songs_are_played_without_a_gap_and_heard_as_they_were_played(card: Card, song: Callable[..., Item]) -> None:
    first, second = song("first", 1.23), song("second", 0.77, channels=1)
    player = played_by(first, second)
    titled = [(block, block.track.title if block.track else None) for block in player.blocks()]
    music = np.concatenate([content(first), np.repeat(content(second), 2, axis=1)])
    played = np.concatenate(card.played)
    np.testing.assert_array_equal(played[: len(music)], music)
    assert not played[len(music) :].any()
    np.testing.assert_array_equal(joined([block for block, _ in titled]), mono(music))
    of_first = [block for block, title in titled if title == "first"]
    np.testing.assert_array_equal(joined(of_first), mono(content(first)))
    assert [title for block, title in titled if block.ends] == ["first"]
    assert of_first[-1].ends
    assert not any(block.dropped for block, _ in titled)


@pytest.mark.usefixtures("card")
def test_a_track_without_a_title_has_that_of_its_file(song: Callable[..., Item]) -> None:
    tagged, bare = song("tagged", 0.5), song("bare", 0.5)
    tags = mutagen.File(tagged.path)
    tags.add_tags()
    tags.tags.add(mutagen.id3.TIT2(text="Eight to the bar"))
    tags.save()
    player = played_by(Item(tagged.path), Item(bare.path))
    assert list(dict.fromkeys(block.track.title for block in player.blocks() if block.track)) == [
        "Eight to the bar",
        "bare",
    ]


def test_the_songs_of_one_file_are_played_one_after_the_other(card: Card, song: Callable[..., Item]) -> None:
    disc = song("disc", 2.5)
    parts = [Item(disc.path, "one", "Band", 0.25, 1.0), Item(disc.path, "two", None, 1.0, None)]
    tracks = list(dict.fromkeys(block.track for block in played_by(*parts).blocks() if block.track))
    music = content(disc)[round(0.25 * RATE) :]
    played = np.concatenate(card.played)
    np.testing.assert_array_equal(played[: len(music)], music)
    assert not played[len(music) :].any()
    assert [(track.caption, track.duration) for track in tracks] == [("Band - one", 0.75), ("two", 1.5)]


def test_heard_samples_have_left_the_card(card: Card, song: Callable[..., Item]) -> None:
    heard = 0
    late = []
    for block in played_by(song("music", 3.0)).blocks():
        heard += len(block.samples)
        in_card = card._empty_at - card.now
        left = len(card.played) * PERIOD - round(max(0.0, in_card) * RATE)
        assert heard <= min(left, 3 * RATE)
        late.append(min(left, 3 * RATE) - heard)
    assert heard == 3 * RATE
    assert max(late) <= 0.1 * RATE + PERIOD


def test_a_file_at_another_rate_is_resampled_to_the_card(card: Card, song: Callable[..., Item]) -> None:
    heard = joined(list(played_by(song("music", 1.0, rate=11_025)).blocks()))
    assert len(heard) == pytest.approx(RATE, abs=2)
    np.testing.assert_array_equal(heard, mono(np.concatenate(card.played))[: len(heard)])


def test_a_session_at_another_rate_gets_the_same_music(card: Card, song: Callable[..., Item]) -> None:
    track = song("music", 1.0)
    blocks = list(Player(Queue([track, track]), 22_050).blocks())
    assert len(joined(blocks)) == pytest.approx(2 * 22_050, abs=4)
    assert not np.concatenate(card.played)[2 * RATE :].any()


def heard_titles(player: Player, keys: dict[float, Callable[[], None]]) -> Iterator[tuple[str | None, int]]:
    """Yield title and samples of each stretch of a title; press each of `keys` at its time, seconds from the start."""
    title, count, total = None, 0, 0
    for block in player.blocks():
        now = block.track.title if block.track else None
        if (now, block.ends) != (title, False) and count:
            yield title, count
            count = 0
        title = now
        count += len(block.samples)
        total += len(block.samples)
        for moment in [moment for moment in keys if total >= moment * RATE]:
            press(player, keys.pop(moment))
    yield title, count


def press(player: Player, key: Callable[[], None]) -> None:
    """Press a key, and wait until the feeder has followed it: the time of the card passes faster than files open."""
    assert player._heard is not None
    feed = player._heard.feed
    followed = threading.Event()
    break_off = feed.break_off

    def observed(number: int) -> None:
        break_off(number)
        followed.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "break_off", observed)
        key()
        assert followed.wait(10.0)


@pytest.mark.usefixtures("card")
def test_next_continues_immediately(song: Callable[..., Item]) -> None:
    player = played_by(song("a", 9.0), song("b", 1.0))
    (first, length), second = heard_titles(player, {2.0: player.next})
    assert first == "a"
    assert 2.0 * RATE <= length <= 2.5 * RATE + BUFFER
    assert second == ("b", RATE)


@pytest.mark.usefixtures("card")
def test_next_twice_is_two_songs_and_next_after_the_last_is_the_end(song: Callable[..., Item]) -> None:
    player = played_by(song("a", 9.0), song("b", 9.0), song("c", 9.0))

    def twice() -> None:
        player.next()
        player.next()

    titles = [title for title, _ in heard_titles(player, {1.0: twice, 4.0: player.next})]
    assert list(dict.fromkeys(titles)) == ["a", "c"]


@pytest.mark.usefixtures("card")
def test_previous_restarts_the_song_or_near_its_beginning_goes_back(song: Callable[..., Item]) -> None:
    player = played_by(song("a", 2.0), song("b", 8.0))
    stretches = list(heard_titles(player, {3.0: player.previous, 9.0: player.previous}))
    assert [title for title, _ in stretches] == ["a", "b", "a", "b", "b"]
    assert [length for _, length in stretches][2] == 2 * RATE
    assert stretches[-1][1] == 8 * RATE


def test_a_song_is_skipped_if_the_listener_moves_on_and_not_otherwise(song: Callable[..., Item], card: Card) -> None:
    assert card.stopped
    player = played_by(*(song(name, 4.0) for name in "abcd"))
    keys = {1.0: player.next, 3.0: player.pass_over, 5.0: player.next, 7.0: player.next}
    ends: list[tuple[str | None, bool]] = []
    total = 0
    for block in player.blocks():
        total += len(block.samples)
        if block.ends:
            ends.append((block.track.title if block.track else None, block.skipped))
        for moment in [moment for moment in keys if total >= moment * RATE]:
            press(player, keys.pop(moment))
    assert ends == [("a", True), ("b", False), ("c", True), ("d", True)]


def test_pause_stops_card_and_clock_and_loses_nothing(card: Card, song: Callable[..., Item]) -> None:
    track = song("music", 2.0)
    player = played_by(track)
    blocks: list[Block] = []
    waited = 0
    for block in player.blocks():
        blocks.append(block)
        if message_of(block) == "paused":
            waited += 1
            assert waited < 8 or (card.stopped and not len(block.samples))
            player.pause(waited < 20)
        elif not waited and player.heard_s >= 1.0:
            player.pause(True)
    assert waited == 20
    np.testing.assert_array_equal(joined(blocks), mono(content(track)))
    assert not any(block.dropped for block in blocks)


def test_a_card_that_ran_dry_is_counted(card: Card, song: Callable[..., Item]) -> None:
    track = song("music", 4.0)
    player = played_by(track)
    blocks: list[Block] = []
    stalled = 0.5
    for block in player.blocks():
        blocks.append(block)
        if player.heard_s >= 1.0 and stalled:
            card.now += stalled + BUFFER / RATE  # the callback comes late: the buffer is long empty
            stalled = 0.0
    np.testing.assert_array_equal(joined(blocks), mono(content(track)))
    (dropped,) = [block.dropped for block in blocks if block.dropped]
    assert dropped == pytest.approx(0.5 * RATE, abs=0.15 * RATE)


def test_a_decoder_that_is_late_is_counted(
    card: Card, song: Callable[..., Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    track = song("music", 2.0)
    hold = threading.Event()

    def slow(_path: Path, _rate: int, _channels: int, **_part: float | None) -> Iterator[Frames]:
        yield content(track)[:RATE]
        card.dry = True
        hold.wait(10)
        card.dry = False
        yield content(track)[RATE:]

    monkeypatch.setattr("paces_live.playback.feeder.decoded", slow)
    blocks: list[Block] = []
    for block in played_by(track).blocks():
        blocks.append(block)
        if sum(map(len, card.played)) >= 1.5 * RATE:
            hold.set()
    sounding = np.flatnonzero(np.abs(np.concatenate(card.played)).max(axis=1))
    silence = sounding[-1] + 1 - len(sounding)
    assert sum(block.dropped for block in blocks) == silence > 0
    np.testing.assert_array_equal(joined(blocks), mono(content(track)))


def test_frames_that_arrive_during_a_request_of_the_card_are_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, play = Feed(RATE, 2), Play(1, Item(Path("music")), 0)
    music = np.full((PERIOD, 2), 0.5, np.float32)
    moment = SimpleNamespace(currentTime=1.0, outputBufferDacTime=1.0)
    ask = partial(feed.callback, np.empty((PERIOD, 2), np.float32), PERIOD, moment, SimpleNamespace(output_underflow=0))
    feed.add(play, music)
    ask()
    fill = feed._fill

    def last_comes_late(out: Frames) -> int:
        filled = fill(out)
        feed.add(play, music)
        feed.ended = True
        return filled

    monkeypatch.setattr(feed, "_fill", last_comes_late)
    ask()
    assert not feed.over
    assert [cut.lost for cut in feed.cuts] == [0, PERIOD]


def test_unreadable_files_are_skipped(card: Card, song: Callable[..., Item], tmp_path: Path) -> None:
    text, broken = tmp_path / "text.wav", song("broken", 1.0)
    text.write_text("no audio")
    soundfile.write(broken.path, np.full((RATE, 2), np.nan), RATE, subtype="FLOAT")
    good = song("good", 1.0)
    player = played_by(Item(text, "text"), broken, good, Item(tmp_path / "gone.wav", "gone"))
    np.testing.assert_array_equal(joined(list(player.blocks())), mono(content(good)))
    assert [one.path.name for one in player.failures] == ["text.wav", "broken.wav", "gone.wav"]
    assert player.condition == Condition("unplayable", "cannot play gone.wav")
    assert np.isfinite(np.concatenate(card.played)).all()


@pytest.mark.usefixtures("card")
def test_damage_is_told_while_its_song_plays(tmp_path: Path, song: Callable[..., Item]) -> None:
    data = encoded("flac", 6.0)
    middle = len(data) // 2
    path = tmp_path / "damaged.flac"
    path.write_bytes(data[:middle] + bytes(2_000) + data[middle + 2_000 :])
    player = played_by(Item(path, "damaged"), song("good", 1.0))
    shown = {(player.playing.item.title, message_of(block)) for block in player.blocks() if player.playing}
    messages = {message for title, message in shown if title == "damaged" and message}
    assert all(re.fullmatch(r"0\.\d\d s of damaged\.flac are damaged", message) for message in messages)
    assert messages
    assert ("good", None) in shown
    assert not {message for title, message in shown if title == "good" and message}
    assert not player.failures


@pytest.mark.usefixtures("card")
def test_only_unreadable_files_end_even_if_they_are_repeated(tmp_path: Path) -> None:
    player = played_by(Item(tmp_path / "gone.wav", "gone"), repeat=True)
    assert not len(joined(list(player.blocks())))
    assert str(player.failures[0].error).startswith(f"{tmp_path / 'gone.wav'}: no such file")


@pytest.mark.parametrize("noticed", ["at once", "late"])
def test_the_music_waits_for_a_card_that_is_gone(
    noticed: str, card: Card, song: Callable[..., Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paces_live.sources.reconnect.BACKOFF_S", (0.01, 0.02))
    track = song("music", 4.0)
    player = played_by(track)
    blocks: list[Block] = []
    messages: list[str | None] = []
    unplugged = False
    for block in player.blocks():
        blocks.append(block)
        if message_of(block) not in messages:
            messages.append(message_of(block))
        if player.heard_s > 1.0 and not unplugged:
            unplugged = card.gone = True
            card.active = noticed == "late"
        if "0.02" in (message_of(block) or ""):
            card.gone = False  # with another number: it was plugged in elsewhere
            card.names = ("Microphone", "Speaker: HDMI (hw:0,3)", "Speaker: USB (hw:2,0)")
    assert messages == [None, *(f"sound card is gone, trying again in {wait} s" for wait in (0.01, 0.02))]
    assert player.condition is None
    assert player.name == "play:Speaker: USB (hw:2,0)"
    assert card.index == 2
    # Only what the card held is lost and counted: the music went on where it stopped.
    (dropped,) = [block.dropped for block in blocks if block.dropped]
    assert 0 < dropped <= BUFFER
    heard, all_of_it = joined(blocks), mono(content(track))
    assert len(heard) + dropped == len(all_of_it)
    before = next(n for n in range(len(heard)) if heard[n] != all_of_it[n])
    np.testing.assert_array_equal(heard[before:], all_of_it[before + dropped :])


@pytest.mark.usefixtures("card")
def test_a_card_that_requests_no_samples_is_an_error(card: Card, song: Callable[..., Item]) -> None:
    card.gone = True
    with pytest.raises(SourceError, match=r"Speaker: USB .* takes no more sound: check its plug"):
        list(played_by(song("music", 60.0)).blocks())
    assert card.stopped


@pytest.mark.parametrize(
    ("wanted", "says"),
    [("printer", "no sound card is called 'printer': choose one of: Speaker: USB"), ("speaker", "several sound cards")],
)
@pytest.mark.usefixtures("card")
def test_an_output_is_chosen_by_name(song: Callable[..., Item], wanted: str, says: str) -> None:
    track = song("music", 0.5)
    player = Player(Queue([track]), RATE, output="hdmi")
    list(player.blocks())
    assert player.name == "play:Speaker: HDMI (hw:0,3)"
    with pytest.raises(SourceError, match=says):
        list(Player(Queue([track]), RATE, output=wanted).blocks())


def test_memory_does_not_grow_with_the_file(card: Card, song: Callable[..., Item]) -> None:
    player = played_by(song("long", 60.0))
    for _ in player.blocks():
        assert sum(len(frames) for _, frames in card.feed._waiting) <= (AHEAD_S + 0.5) * RATE
        if player.heard_s > 5.0:
            break


@pytest.mark.usefixtures("card")
def test_each_file_is_a_song_even_if_it_is_repeated(song: Callable[..., Item]) -> None:
    track = song("again", 6.0)
    player = Player(Queue([track, track, song("other", 7.0)]), 22_050)
    session = Session(FixedClassifier(lambda _: 0.1), SessionConfig(song_changes=False), live=True)
    events = list(run(player, session))
    songs = [event for event in events if isinstance(event, Song)]
    assert [one.track.title if one.track else None for one in songs] == ["again", "again", "other"]
    assert [one.end for one in songs] == pytest.approx([6.0, 12.0, 19.0], abs=0.01)
    readings = [event for event in events if isinstance(event, Reading)]
    assert {one.track.title if one.track else None for one in readings if 1.0 < one.t < 12.0} == {"again"}
    assert {one.track.title if one.track else None for one in readings if one.t > 12.2} == {"other"}


class Known:
    """What a look ahead knows: the test says it, and the queue asks for it."""

    progress = "looking for a song that matches: 1 of 3"

    def __init__(self, queue: Queue, **fits: bool | None) -> None:
        self.fits = fits
        self.failure: SourceError | None = None
        queue.wanted = lambda item: self.fits[item.title or ""]


def looking(*items: Item, **fits: bool | None) -> tuple[Player, Known]:
    queue = Queue(items)
    known = Known(queue, **fits)
    return Player(queue, RATE, look_ahead=known), known  # type: ignore[arg-type]


def titles(blocks: Iterable[Block]) -> list[str | None]:
    return list(dict.fromkeys(block.track.title for block in blocks if block.track))


@pytest.mark.usefixtures("card")
def test_nothing_is_played_until_a_song_is_known_to_match(song: Callable[..., Item]) -> None:
    player, known = looking(*(song(name, 1.0) for name in "abc"), a=None, b=None, c=True)
    blocks: list[Block] = []
    for block in player.blocks():
        blocks.append(block)
        if len(blocks) == 5:
            assert {message_of(block) for block in blocks[1:]} == {known.progress}
            player.pause(True)
        elif len(blocks) == 8:
            assert message_of(block) == "paused"
            player.pause(False)
            known.fits |= {"a": False, "b": True}
    assert titles(blocks) == ["b", "c"]
    assert not any(block.dropped for block in blocks)
    assert len(joined(blocks)) == 2 * RATE


@pytest.mark.usefixtures("card")
def test_next_and_the_end_work_while_it_looks(song: Callable[..., Item]) -> None:
    player, _ = looking(*(song(name, 1.0) for name in "abc"), a=None, b=True, c=True)
    blocks: list[Block] = []
    for block in player.blocks():
        blocks.append(block)
        if len(blocks) == 5:
            player.next()
    assert titles(blocks) == ["b", "c"]
    player, _ = looking(song("a", 1.0), a=None)
    for number, _ in enumerate(player.blocks()):
        if number == 5:
            break  # As if the user quits: the thread ends, and with it the wait.
    assert player._feeder._thread
    player._feeder._thread.join(5.0)
    assert not player._feeder._thread.is_alive()


def test_a_wait_between_songs_is_short_and_no_loss(
    song: Callable[..., Item], monkeypatch: pytest.MonkeyPatch, card: Card
) -> None:
    monkeypatch.setattr("paces_live.playback.feeder.PATIENCE_S", 0.5)
    player, known = looking(*(song(name, 1.0) for name in "abc"), a=True, b=None, c=False)
    blocks: list[Block] = []
    begun = time.monotonic()
    for block in player.blocks():
        blocks.append(block)
        if message_of(block) == known.progress and not card.stopped:
            time.sleep(0.01)
    assert titles(blocks) == ["a", "b"]
    assert 0.5 <= time.monotonic() - begun < 5.0
    assert not any(block.dropped for block in blocks)
    assert known.progress in map(message_of, blocks)


@pytest.mark.usefixtures("card")
def test_next_and_previous_go_to_songs_that_match(song: Callable[..., Item]) -> None:
    player, known = looking(*(song(name, 4.0) for name in "abcde"), a=True, b=False, c=True, d=False, e=True)

    def again() -> None:
        known.fits["a"] = False
        player.previous()

    keys = {1.0: player.next, 3.0: again, 4.5: player.next, 6.0: player.next}
    heard: list[str | None] = []
    total = 0
    for block in player.blocks():
        title = block.track.title if block.track else None
        if title and heard[-1:] != [title]:
            heard.append(title)
        total += len(block.samples)
        for moment in [moment for moment in keys if total >= moment * RATE]:
            press(player, keys.pop(moment))
    assert heard == ["a", "c", "a", "c", "e"], "a was played, so that one can go back to it"


@pytest.mark.usefixtures("card")
def test_no_song_that_matches_is_an_error(song: Callable[..., Item]) -> None:
    player, known = looking(song("a", 1.0), a=False)
    known.failure = SourceError("your song does not match 172 ± 5 %", code="source.no_match")
    with pytest.raises(SourceError, match="does not match"):
        list(player.blocks())
