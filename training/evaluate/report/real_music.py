"""The page on the real-music set: every track, with the paces that are shown."""

from collections.abc import Sequence

from training.evaluate.metrics.songs import near
from training.evaluate.report.markdown import paces, percent, table
from training.evaluate.run.baselines import LIBROSA
from training.evaluate.run.real_music import FELT_BEATS
from training.evaluate.run.songs import EXCERPT_S, Evaluated

HEAD = """\
# On real music

The tracks have an exactly known, constant tempo. They are rendered from Debian packages: LMMS projects, tracker
modules, MIDI files, drum machine songs. The model was not trained on them, and no choice depended on them.

The last of these commands renders the tracks of `training/real_music.csv`, measures the model that ships on them, and
writes this page into the work folder. The first two set up what it needs, the second one as root:

```console
$ make setup-training
$ sh requirements/debian.sh real-music
$ .venv/bin/python -m training real-music --model models/paces.tflite
```

paces-live heard each track as `paces-live analyze` does, from long tracks the first {excerpt:.0f} s after the margin.
It is right if it shows the tempo, its half or its double, and nothing incompatible. The tempo is the felt one: in
{felt}, the drums play four beats in three quarter notes of the file.

*Degraded* is the same track through a cheap microphone in a noisy room. For comparison, librosa's `feature.tempo`
estimated one tempo of each clean track; it counts as right if it is the tempo, its half or its double within 5 %.

**paces-live is right on {right} of {count} tracks ({share}), and on {right_degraded} degraded ones ({share_degraded}).
librosa is right on {right_librosa} ({share_librosa}).**

"""
HEADS = ("track", "tempo", "paces shown", "right", "degraded", "right", "librosa", "right")


def page(clean: Sequence[Evaluated], degraded: Sequence[Evaluated]) -> str:
    """Return the page in Markdown, from the tracks in both conditions."""
    rows, right = [], [0, 0, 0]
    for one, other in zip(clean, degraded, strict=True):
        tempo, estimate = one.item.tempo, one.tempi[LIBROSA]
        octave = any(near(level, (estimate,)) for level in (tempo / 2.0, tempo, tempo * 2.0))
        verdicts = (one.result().right(tempo), other.result().right(tempo), octave)
        right = [count + verdict for count, verdict in zip(right, verdicts, strict=True)]
        shown = (*(paces(each.result().found) or "none" for each in (one, other)), f"{estimate:.1f}")
        pairs = zip(shown, map(_yes, verdicts), strict=True)
        rows.append((one.item.id, f"{tempo:g}", *(cell for pair in pairs for cell in pair)))
    return summary(len(clean), *right) + table(HEADS, rows)


def summary(count: int, right: int, right_degraded: int, right_librosa: int) -> str:
    """Return the text above the table, from the numbers of tracks, and of tracks that are right."""
    return HEAD.format(
        excerpt=EXCERPT_S,
        felt=" and ".join(FELT_BEATS),
        count=count,
        right=right,
        share=percent(right / count),
        right_degraded=right_degraded,
        share_degraded=percent(right_degraded / count),
        right_librosa=right_librosa,
        share_librosa=percent(right_librosa / count),
    )


def _yes(right: bool) -> str:
    return "yes" if right else "**no**"
