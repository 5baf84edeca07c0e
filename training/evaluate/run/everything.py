"""All measures of the exported model in one page: held-out songs, the open real set, sounds without a pace."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from paces_live.analysis.classifier import load_classifier
from training.corpus.songs import Song, load
from training.dataset import megabatch
from training.errors import TrainingError
from training.evaluate.metrics.groups import needs
from training.evaluate.report import figures, page
from training.evaluate.run import cost, real_music
from training.evaluate.run import songs as listening
from training.evaluate.run.baselines import RIVALS, broken, installed
from training.evaluate.run.findings import HELD_OUT, OPEN_CLEAN, OPEN_DEGRADED, Findings
from training.evaluate.run.predictions import judge_shards
from training.evaluate.run.songs import Heard, Item
from training.evaluate.run.sounds import flag_all, sounds

NAME = "paces-live"
"""What the model measured is called beside others."""


def report(
    work: Path,
    model: Path,
    folder: Path,
    *,
    csv: Path | None = None,
    beside: Mapping[str, Path] | None = None,
    hours: float = 1.0,
    limit: int | None = None,
    seed: int = 1,
    workers: int = 2,
    suffix: str = "svg",
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> Findings:
    """Measure the exported `model` and write the page, its figures and the list of what needs more data.

    Parameters
    ----------
    work : Path
        Holds ``corpus``, ``megabatch`` and, if rendered, ``openset``.
    folder : Path
        Gets ``README.md``, the figures and ``more.json``.
    csv : Path, optional
        The list of the open real set.
    beside : mapping, optional
        Other exported models by name.
    hours : float
        Of each kind of sound without a pace.
    limit : int, optional
        Hear so many songs of each set only, for a quick look.
    suffix : str
        ``svg`` or ``png``.
    """
    models = {NAME: model} | dict(beside or {})
    songs = load(work / "corpus")
    if not any(song.split == "test" for song in songs):
        raise TrainingError(f"no held-out songs in {work / 'corpus'}; make them with: python -m training corpus")
    sets, missing = _sets(songs, work, csv, limit)
    pieces = sounds(songs, hours)
    items = [item for chosen in sets.values() for item in chosen]
    total = len(items) + len(pieces)
    found = listening.hear_all(items, models, seed=seed, workers=workers, on_done=lambda done, _: on_done(done, total))
    flags = flag_all(
        pieces, model, seed=seed, workers=workers, on_done=lambda done, _: on_done(len(items) + done, total)
    )
    heard: dict[str, list[Heard]] = {}
    for name in (name for name, chosen in sets.items() for _ in chosen):
        heard.setdefault(name, []).append(found[sum(map(len, heard.values()))])
    classifier = load_classifier(model)
    singles = {split: judge_shards(work / "megabatch", split, songs, classifier) for split in megabatch.SPLITS}
    others = {name: load_classifier(path) for name, path in models.items() if name != NAME}
    for name, other in others.items():
        if other.features != classifier.features:
            missing.append(f"{name} hears by another feature path: it cannot judge the cases of the megabatch")
    findings = Findings(
        model=model,
        identity=classifier.model,
        slope=float(classifier.manifest.provenance.get("logit_slope", 1.0)),
        offset=float(classifier.manifest.provenance.get("logit_offset", 0.0)),
        models=tuple(models),
        singles=singles,
        beside={
            name: judge_shards(work / "megabatch", "test", songs, other)
            for name, other in others.items()
            if other.features == classifier.features
        },
        heard=heard,
        flags=flags,
        cost=cost.measure(model),
        needs=needs(singles["train"], singles["validation"], songs),
        missing=missing,
    )
    write(findings, folder, suffix)
    return findings


def write(findings: Findings, folder: Path, suffix: str = "svg") -> None:
    """Write the page, its figures and ``more.json`` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = figures.draw(findings, folder, suffix)
    (folder / "README.md").write_text(page.markdown(findings, drawn), "utf-8")
    record = {
        "families": {name: round(share, 5) for name, share in findings.needs.more.items()},
        "meters": {name: round(group.error_rate, 5) for name, group in findings.needs.meters.items()},
    }
    (folder / "more.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def _sets(
    songs: Sequence[Song], work: Path, csv: Path | None, limit: int | None
) -> tuple[dict[str, list[Item]], list[str]]:
    """Return the songs to be heard, by set, and what is missing."""
    there, missing = installed(), []
    if absent := [name for name in RIVALS if name not in there]:
        missing.append(f"not installed, so not measured beside: {', '.join(absent)}")
    reasons = broken(there)
    there = tuple(name for name in there if name not in reasons)
    missing += [f"installed, but does not work here: {name} ({reason})" for name, reason in reasons.items()]
    sets = {HELD_OUT: listening.generated(songs, "test", rivals=there)[:limit]}
    if csv is None:
        return sets, [*missing, "the open real set: no list of it was given (`--csv`)"]
    tracks, folder = real_music.read(csv), work / "openset"
    sets[OPEN_CLEAN] = listening.open_set(tracks, folder, "clean", there)[:limit]
    sets[OPEN_DEGRADED] = listening.open_set(tracks, folder, "degraded", there)[:limit]
    rendered = {item.id for item in listening.open_set(tracks, folder, "clean")}
    if absent := [track.id for track in tracks if track.constant and track.id not in rendered]:
        missing.append(f"tracks of the open real set that are not rendered: {', '.join(absent)}")
    return {name: chosen for name, chosen in sets.items() if chosen}, missing
