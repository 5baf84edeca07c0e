"""The command line.

Exit status: 0 after a clean end, 1 if something failed, 2 for wrong usage, 130 if Ctrl-C broke off work that has an end
of its own. Clean ends of `listen` and `play` are q, Ctrl-C, SIGTERM, and SIGHUP when the terminal is closed. Every
command ends cleanly if the reader of its standard output leaves, such as `head`; a full disk behind it is a failure.
"""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup, TyperOption

from paces_live import __version__
from paces_live.cli import settings
from paces_live.cli.analyze import analyze
from paces_live.cli.config import config
from paces_live.cli.devices import devices
from paces_live.cli.doctor import doctor
from paces_live.cli.error_line import write_error
from paces_live.cli.explain import explain
from paces_live.cli.export import export
from paces_live.cli.find import FindCommand, find
from paces_live.cli.follow import follow
from paces_live.cli.history import history
from paces_live.cli.label import label
from paces_live.cli.library import library
from paces_live.cli.listen import demo, listen
from paces_live.cli.options import renamed
from paces_live.cli.play import play
from paces_live.cli.playlist import playlist
from paces_live.cli.report import report
from paces_live.cli.scan import scan
from paces_live.cli.schema import schema
from paces_live.cli.serve import serve
from paces_live.cli.tag import tag
from paces_live.cli.token import token
from paces_live.errors import PacesError, UsageError
from paces_live.system.streams import standard_streams

INTERRUPTED = 130
HELP = ["-h", "--help"]
SET = "paces_live.settings"
"""Key in the `meta` of a context: the settings in force that no flag overrules."""


class Group(TyperGroup):
    """Listens if no command is named, and reports an error in one line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `listen` before options that are not this group's own."""
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        # A shell that completes the first word has no arguments yet, and needs the commands.
        if (not args and not ctx.resilient_parsing) or (args and args[0].startswith("-") and args[0] not in own):
            args = ["listen", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete commands, and the options of `listen`, which needs no name."""
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            listening = self.commands["listen"].make_context("listen", [], parent=ctx, resilient_parsing=True)
            found += listening.command.shell_complete(listening, incomplete)
        return found

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command. Old names of its options work; settings become its defaults, unless you want its help."""
        name, command, rest = super().resolve_command(ctx, args)
        if any("\0" in one for one in args):
            raise UsageError("an argument has a NUL character", hint="no name of a file or a device has one")
        rest = list(renamed(rest, command))
        if command and not ctx.resilient_parsing and not set(HELP) & set(rest):
            values = settings.chosen(self, command, ctx)
            ctx.meta[SET] = [one for one in values if not _given(one.setting.option, command, rest, ctx)]
            ctx.default_map = {name: {one.setting.option.name: one.value for one in values}}
        return name, command, rest

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the program on whatever its standard streams are."""
        with standard_streams():
            return super().main(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; turn an expected error into one line and an exit status."""
        try:
            return super().invoke(ctx)
        except PacesError as error:
            # If a setting is wrong, say where it is set.
            where = settings.origin_of(error, ctx.meta.get(SET, [])) if isinstance(error, UsageError) else ""
            write_error(error, where)
            raise typer.Exit(error.exit_status) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _given(option: TyperOption, command: Any, args: list[str], ctx: Any) -> bool:
    """Return whether `option` is among the arguments of `command`."""
    parsed = command.make_context(command.name, list(args), parent=ctx, resilient_parsing=True)
    return bool(parsed.get_parameter_source(option.name).name == "COMMANDLINE")


app = typer.Typer(
    cls=Group,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": HELP},
    epilog="Without a command, it listens to the default microphone and takes the options of [bold]listen[/bold]. "
    "To keep options in a file, see [bold]paces-live config --help[/bold]. "
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
    """Hear music, and see at which step rates you can jog to it.

    A song fits more than one pace: its beat, and often half or twice its beat.

    You see all of them in steps per minute (spm), and which songs match your target.
    """


app.command(
    epilog="Examples:\n\n"
    "[bold]paces-live listen --input monitor --target 170[/bold]\n\n"
    "[bold]ffmpeg -i song.m4a -f s16le -ac 1 -ar 44100 - | paces-live listen --input - --json[/bold]"
)(listen)
app.command(epilog="Example: [bold]paces-live play --target 170 --skip-mismatch --shuffle ~/Music[/bold]")(play)
app.command(
    epilog="Examples:\n\n"
    "[bold]paces-live analyze --target 170 *.ogg[/bold]\n\n"
    "[bold]paces-live analyze --target 170 --matching --playlist fits.m3u8 ~/Music[/bold]"
)(analyze)
app.command(epilog="Examples:\n\n[bold]paces-live scan ~/Music[/bold]\n\n[bold]paces-live scan --watch ~/Music[/bold]")(
    scan
)
app.command(
    cls=FindCommand,
    epilog="Examples:\n\n"
    "[bold]paces-live find 'pace:165 sure:0.8.. steady:yes genre:rock -artist:x'[/bold]\n\n"
    "[bold]paces-live find pace:165±3% --first 20[/bold]\n\n"
    "[bold]paces-live find pace:160..170 --null | xargs -0 cp -t /media/stick[/bold]",
)(find)
app.command(
    cls=FindCommand,
    epilog="Examples:\n\n"
    "[bold]paces-live playlist run.m3u8 --target 170 --duration 1h[/bold]\n\n"
    "[bold]paces-live playlist run.m3u8 'genre:rock sure:0.8..' --ramp 150..170[/bold]\n\n"
    "[bold]paces-live playlist run.m3u8 --plan '10m@150 20m@168 5m@140'[/bold]",
)(playlist)
app.command(
    cls=FindCommand,
    epilog="Examples:\n\n"
    "[bold]paces-live tag 'genre:rock sure:0.8..'[/bold]\n\n"
    "[bold]paces-live tag --write ~/Music[/bold]\n\n"
    "[bold]paces-live tag --undo[/bold]",
)(tag)
app.command(
    cls=FindCommand,
    epilog="Examples:\n\n"
    "[bold]paces-live export /media/stick --target 165 --duration 45m[/bold]\n\n"
    "[bold]paces-live export /media/stick 'pace:165 sure:0.8..' --mp3 --max-size 3G[/bold]\n\n"
    "[bold]paces-live export /media/stick --playlist run.m3u8 --dry-run[/bold]",
)(export)
app.command(
    epilog="Examples:\n\n[bold]paces-live library[/bold]\n\n[bold]paces-live library --unreadable --json[/bold]"
)(library)
app.command(epilog="Example: [bold]paces-live report library.html[/bold]")(report)
app.command(
    epilog="Examples:\n\n"
    "[bold]paces-live label song.mp3[/bold]\n\n"
    "[bold]paces-live label song.mp3 --paces 82,164[/bold]\n\n"
    "[bold]paces-live label --export paces.csv[/bold]"
)(label)
app.command(
    epilog="Examples:\n\n"
    "[bold]paces-live explain song.mp3 --at 1:30 --pace 164[/bold]\n\n"
    "[bold]paces-live explain song.mp3 --picture why.svg[/bold]\n\n"
    "[bold]paces-live explain song.mp3 --pace 164 --click click.wav[/bold]"
)(explain)
app.command(epilog="Example: [bold]paces-live demo --target 150[/bold]")(demo)
app.command(
    epilog="Examples:\n\n"
    "[bold]paces-live serve --input demo[/bold]\n\n"
    "[bold]paces-live serve --input mic --host 0.0.0.0 --tls[/bold]"
)(serve)
app.command(
    epilog="Examples:\n\n"
    "[bold]paces-live follow http://pi.local:8765 --target 172[/bold]\n\n"
    "[bold]PACES_LIVE_TOKEN=… paces-live follow https://pi.local:8443 --ca ca.crt --json[/bold]"
)(follow)
app.command(epilog="Example: [bold]paces-live devices[/bold], then [bold]paces-live listen --input mic:NAME[/bold]")(
    devices
)
app.command(epilog="Example: [bold]paces-live doctor --for monitor[/bold]")(doctor)
app.command(epilog="Example: [bold]paces-live schema events > events.json[/bold]")(schema)
app.add_typer(config, name="config")
app.add_typer(history, name="history")
app.add_typer(token, name="token")
