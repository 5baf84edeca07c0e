"""The command line. Every import that costs time waits inside the command that needs it.

Exit status: 0 for a clean end, also of `listen` by q, Ctrl-C or SIGTERM, which are the ordinary ways to end it;
1 where something failed; 2 for misuse; 130 where Ctrl-C broke off work that has an end of its own.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer
from typer.core import TyperGroup

from paces_live import __version__
from paces_live.errors import PacesError, UsageError

if TYPE_CHECKING:
    from paces_live.analyze import FileError, FilePaces
    from paces_live.engine import EngineConfig
    from paces_live.output import Writer

INTERVAL_S = (0.1, 60.0)
INTERRUPTED = 130
PIPE_WIDTH = 200


class Group(TyperGroup):
    """Listens where no command is named, and tells the user about an error in one line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `listen` before options that are not this group's own."""
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if not args or (args[0].startswith("-") and args[0] not in own):
            args = ["listen", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; turn an expected error into a line and an exit status."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except PacesError as error:
            sys.stderr.write(f"paces-live: {' '.join(str(error).split())}\n")
            raise typer.Exit(error.exit_status) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read us has seen enough. What is still buffered must not fail again when Python exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        return result


app = typer.Typer(
    cls=Group,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Without a command it listens to the default microphone; options after it are those of [bold]listen[/bold]. "
    "Example: [bold]paces-live --target 170[/bold]",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"paces-live {__version__}\n")
        raise typer.Exit


@app.callback()
def paces_live(
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Hear music and see at which step rates you can jog to it.

    A song fits more than one pace: its beat, and often half or twice of it.

    All are shown in steps per minute (spm), and songs that fit your target cadence are flagged.
    """


Target = Annotated[
    float,
    typer.Option(
        "--target",
        "-t",
        metavar="SPM",
        help="Cadence that you want to run at, 40 to 320 steps per minute.",
    ),
]
Tolerance = Annotated[
    float,
    typer.Option(metavar="RATIO", help="How far a pace may be from the target and still match: 0.05 is 5 %."),
]
Interval = Annotated[float, typer.Option(metavar="SECONDS", help="Audio between two readings, 0.1 to 60 s.")]
Json = Annotated[
    bool, typer.Option("--json", metavar="", help="Write one JSON object per line, and nothing else, to stdout.")
]
Plain = Annotated[bool, typer.Option("--plain", metavar="", help="Write lines of text even on a terminal.")]
All = Annotated[
    bool, typer.Option("--all", metavar="", help="Tell the rejected candidates too (with --json or as text).")
]
Fast = Annotated[bool, typer.Option("--fast", metavar="", help="Read a file as fast as possible, not in real time.")]
Model = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Another model than the one that came along; its .json lies beside it."),
]


@app.command(
    epilog="Examples:\n\n"
    "[bold]paces-live listen --input playback --target 170[/bold]\n\n"
    "[bold]ffmpeg -i song.m4a -f s16le -ac 1 -ar 44100 - | paces-live listen --input - --json[/bold]"
)
def listen(
    source: Annotated[
        str,
        typer.Option(
            "--input",
            "-i",
            metavar="INPUT",
            help="[bold]mic[/bold], [bold]mic:NAME[/bold] (a part of the name will do), [bold]playback[/bold] "
            "(what this machine plays), a FILE, or [bold]-[/bold] (raw PCM on stdin).",
        ),
    ] = "mic",
    target: Target = 165,
    tolerance: Tolerance = 0.05,
    json: Json = False,
    plain: Plain = False,
    rejected: All = False,
    fast: Fast = False,
    interval: Interval = 1,
    rate: Annotated[int, typer.Option(metavar="HZ", help="Sample rate of raw PCM on stdin.")] = 44_100,
    sample_format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="Samples of raw PCM on stdin: s16le or f32le.")
    ] = "s16le",
    channels: Annotated[int, typer.Option(metavar="N", help="Interleaved channels of raw PCM on stdin.")] = 1,
    model: Model = None,
) -> None:
    """Listen, show the step rates that fit, and flag the songs that fit the target.

    On a terminal it shows a screen (arrow keys move the target, q quits), elsewhere lines of text.

    Ctrl-C ends it cleanly: the song being heard is still logged, and the exit status is 0.
    """
    config = _config(target, tolerance, interval)
    pcm = {"rate": rate, "format": sample_format, "channels": channels}
    _listen(source, config, model, json=json, plain=plain, rejected=rejected, fast=fast, pcm=pcm)


@app.command(epilog="Example: [bold]paces-live analyze --target 170 *.ogg[/bold]")
def analyze(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="WAV, FLAC, OGG or MP3 files.")],
    target: Target = 165,
    tolerance: Tolerance = 0.05,
    json: Json = False,
    model: Model = None,
) -> None:
    """Tell the paces of whole files, and which of them fit the target.

    A file that cannot be read is reported, the others are still done, and the exit status is 1.
    """
    config = _config(target, tolerance)
    from paces_live.analyze import FileError, analyze_files
    from paces_live.classifier import load_classifier

    results = analyze_files(files, load_classifier(model), config)
    done = list(_tell_results(results, config, json=json))
    if any(isinstance(result, FileError) for result in done):
        raise typer.Exit(PacesError.exit_status)


@app.command(epilog="Example: [bold]paces-live demo --target 150[/bold]")
def demo(
    target: Target = 165,
    tolerance: Tolerance = 0.05,
    json: Json = False,
    plain: Plain = False,
    rejected: All = False,
    fast: Fast = False,
    interval: Interval = 1,
    model: Model = None,
) -> None:
    """Show it at work on a bundled excerpt of two songs; needs no sound card.

    The excerpt is heard in real time, about a minute and a half, and the program ends with it.
    """
    config = _config(target, tolerance, interval)
    from paces_live.demo import excerpt

    _listen(f"file:{excerpt()}", config, model, json=json, plain=plain, rejected=rejected, fast=fast, pcm={})


@app.command(epilog="Example: [bold]paces-live devices[/bold], then [bold]paces-live listen --input mic:NAME[/bold]")
def devices() -> None:
    """List the microphones and other inputs, and what to type to listen to each."""
    from rich.console import Console

    from paces_live.devices import list_inputs, render

    # A pipe has no width, and what is to be typed must not be cut.
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    Console(file=sys.stdout, width=width, markup=False, highlight=False).print(render(list_inputs()))


@app.command(epilog="Example: [bold]paces-live doctor[/bold]")
def doctor(model: Model = None) -> None:
    """Check everything that listening needs, and say how to fix what is missing.

    Exit status 1 if a check failed.
    """
    from paces_live.doctor import run_checks

    failed = False
    for check in run_checks(model):
        failed |= check.ok is False
        sys.stdout.write(f"{_MARKS[check.ok]}  {check.name}: {check.detail}\n")
        if check.ok is not True and check.fix:
            sys.stdout.write(f"      → {check.fix}\n")
        sys.stdout.flush()
    if failed:
        raise typer.Exit(PacesError.exit_status)


_MARKS = {True: "  ok", False: "FAIL", None: "   –"}


def _config(target: float, tolerance: float, interval: float = 1.0) -> "EngineConfig":
    if not INTERVAL_S[0] <= interval <= INTERVAL_S[1]:
        raise UsageError(
            f"interval {interval:g} is out of range: choose {INTERVAL_S[0]:g} to {INTERVAL_S[1]:g} seconds"
        )
    from paces_live.engine import EngineConfig

    return EngineConfig(target=float(target), tolerance=tolerance, interval=float(interval))


def _listen(
    spec: str,
    config: "EngineConfig",
    model: Path | None,
    *,
    json: bool,
    plain: bool,
    rejected: bool,
    fast: bool,
    pcm: dict[str, Any],
) -> None:
    """Listen to `spec` in the form that the user wants and the terminal can show."""
    from paces_live.classifier import load_classifier
    from paces_live.engine import Engine
    from paces_live.notify import notifying
    from paces_live.sources import open_source

    classifier = load_classifier(model)
    source = notifying(open_source(spec, sample_rate=classifier.features.sample_rate, fast=fast, **pcm))
    engine = Engine(classifier, config)
    with _signals_stop(engine):
        if json or plain or spec == "-" or not _on_terminal():
            writer = _writer(json=json, rejected=rejected)
            for event in engine.events(source):
                writer.write(event)
        else:
            from paces_live.tui import run

            run(engine, source, tolerance=config.tolerance)


def _on_terminal() -> bool:
    """Tell whether a screen can be shown and keys be read."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _writer(*, json: bool, rejected: bool) -> "Writer":
    from paces_live.output import JsonWriter, PlainWriter

    return (JsonWriter if json else PlainWriter)(sys.stdout, rejected=rejected)


class Stoppable(Protocol):
    """Something that can be asked to end cleanly."""

    def stop(self) -> None:
        """Ask to end."""


@contextmanager
def _signals_stop(engine: Stoppable) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop `engine` cleanly; a second one breaks off at once."""
    asked = False

    def stop(_signum: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        engine.stop()

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _tell_results(
    results: "Iterator[FilePaces | FileError]", config: "EngineConfig", *, json: bool
) -> "Iterator[FilePaces | FileError]":
    """Print results, each as soon as it is there except in the table, and pass them on."""
    from paces_live.analyze import FilePaces, to_json
    from paces_live.output import clock, paces_words, verdict

    table = not json and sys.stdout.isatty()
    found: list[FilePaces] = []
    for result in results:
        if json:
            print(to_json(result), flush=True)  # noqa: T201
        elif not isinstance(result, FilePaces):
            sys.stderr.write(f"paces-live: {result.error}\n")
        elif table:
            found.append(result)
        else:
            paces = paces_words(result.paces) or "no pace found"
            words = verdict(result.match, result.paces, config.target)
            line = "  ".join(filter(None, [result.path, clock(result.duration), paces, words]))
            print(line, flush=True)  # noqa: T201
        yield result
    if found:
        from paces_live.tables import Row, print_table

        rows = [Row(result.path, result.duration, result.paces, result.match) for result in found]
        print_table(rows, "file", config.target, config.tolerance, stream=sys.stdout)
