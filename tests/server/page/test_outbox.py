"""Audio on its way: back-pressure drops only audio and says so, and what the network lost is sent again."""

from typing import Any

from playwright.sync_api import Page

RATE = 1000
"""Frames per second of these streams: a chunk of 50 ms is 50 frames."""
SCRIPT = """
async steps => {
  const { Outbox } = await import('/page/outbox.js');
  const outbox = new Outbox(1000, 15);
  let buffered = 0;
  let next = 0;
  const log = [];
  const send = (message) => {
    if (message.type) return log.push(`gap ${message.frames}`);
    const [first, last] = [message[0], message.at(-1)];
    return log.push([first, last]);
  };
  const chunk = () => Int16Array.from({ length: 50 }, () => next++);
  for (const [name, value] of steps) {
    if (name === 'buffered') buffered = value;
    if (name === 'capture') {
      for (let n = 0; n < value * 20; n += 1) { outbox.push(chunk()); outbox.pump(send, () => buffered); }
    }
    if (name === 'offline') for (let n = 0; n < value * 20; n += 1) outbox.push(chunk());
    if (name === 'lose') { next += value; outbox.push(chunk(), value); outbox.pump(send, () => buffered); }
    if (name === 'resume') { outbox.resume(value); outbox.pump(send, () => buffered); }
    if (name === 'begin') { outbox.begin(); next = 0; }
    if (name === 'mark') log.push('mark');
  }
  return { log, end: outbox.end, sent: outbox.sent };
}
"""


def run(page: Page, *steps: tuple[str, float]) -> tuple[list[Any], dict[str, Any]]:
    """Run the steps; return what was sent since the mark, neighbouring chunks joined, and the positions."""
    result = page.evaluate(SCRIPT, [list(step) for step in steps])
    joined: list[Any] = []
    for entry in result["log"]:
        if isinstance(entry, list) and joined and isinstance(joined[-1], list) and joined[-1][1] + 1 == entry[0]:
            joined[-1] = [joined[-1][0], entry[1]]
        else:
            joined.append(entry)
    return joined[joined.index("mark") + 1 :] if "mark" in joined else joined, result


def test_samples_go_out_as_they_come(modules: Page) -> None:
    sent, result = run(modules, ("capture", 2))
    assert sent == [[0, 1999]]
    assert result["sent"] == result["end"] == 2000


def test_a_slow_network_holds_the_audio_and_then_gets_all_of_it(modules: Page) -> None:
    # 2 s of audio in the socket are the high water, half a second the low.
    steps = (("capture", 1), ("mark", 0), ("buffered", 5000), ("capture", 3), ("buffered", 1500), ("capture", 1))
    assert run(modules, *steps)[0] == []
    sent, result = run(modules, *steps, ("buffered", 900), ("capture", 1))
    assert sent == [[1000, 5999]]
    assert result["sent"] == result["end"] == 6000


def test_a_network_that_stays_too_slow_drops_audio_in_one_gap(modules: Page) -> None:
    sent, result = run(
        modules, ("capture", 1), ("buffered", 5000), ("capture", 30), ("mark", 0), ("buffered", 0), ("capture", 1)
    )
    assert len(sent) == 2
    gap = int(sent[0].removeprefix("gap "))
    assert sent[1] == [1000 + gap, 31999]
    assert gap > 15 * RATE
    assert result["sent"] == 32000


def test_what_the_network_lost_is_sent_again(modules: Page) -> None:
    sent, _ = run(modules, ("capture", 10), ("offline", 5), ("mark", 0), ("resume", 9025), ("capture", 1))
    assert sent == [[9025, 15999]]


def test_what_is_no_longer_kept_is_a_gap(modules: Page) -> None:
    # The server waits for 15 s, and 17 s are kept.
    sent, _ = run(modules, ("capture", 10), ("offline", 12), ("mark", 0), ("resume", 2000), ("capture", 1))
    assert sent[0] == "gap 3000"
    assert sent[1] == [5000, 22999]


def test_sending_again_respects_the_network_too(modules: Page) -> None:
    sent, _ = run(
        modules, ("capture", 10), ("offline", 5), ("mark", 0), ("buffered", 5000), ("resume", 9000), ("capture", 1)
    )
    assert sent == []


def test_audio_that_the_phone_lost_is_a_gap(modules: Page) -> None:
    assert run(modules, ("capture", 1), ("lose", 300))[0] == [[0, 999], "gap 300", [1300, 1349]]


def test_a_new_stream_begins_at_nothing(modules: Page) -> None:
    sent, result = run(modules, ("capture", 3), ("offline", 20), ("begin", 0), ("mark", 0), ("capture", 1))
    assert sent == [[0, 999]]
    assert result["end"] == RATE
