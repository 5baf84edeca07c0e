"""`serve`: the backend of a jogging app."""

from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paces_live.cli.options import (
    History,
    InputName,
    Interval,
    LibraryFile,
    LogFile,
    Model,
    NowPlaying,
    Target,
    Tolerance,
    Verbose,
    whole_number,
)
from paces_live.cli.target import sensor_of
from paces_live.errors import ServerError, UsageError, pip_install
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE, Listener
from paces_live.sensor import following

if TYPE_CHECKING:
    from collections.abc import Callable

    from paces_live.events import Event
    from paces_live.inputs import Input
    from paces_live.server.broker import Broker

DEFAULT_PORT, DEFAULT_TLS_PORT = 8765, 8443
PACKAGES = (
    *("starlette", "uvicorn>=0.51", "websockets>=16", "httptools", "uvloop", "prometheus-client", "segno"),
    *("cryptography", "httpx", "zeroconf"),
)
"""What the extra `serve` installs."""
DEMO = "demo"
"""Input of the two bundled songs, and its name."""
SHARES = ("readings", "control")


def _share(value: str) -> str:
    """Return `value` if it says what listeners may do."""
    if value not in SHARES:
        raise UsageError(f"share {value!r} is unknown", hint=f"choose {' or '.join(SHARES)}", code="usage.share")
    return value


def _port(value: int) -> int:
    """Return `value` if it is a port."""
    if not 0 <= value <= 65_535:
        raise UsageError(f"port {value} is out of range", hint="choose 1 to 65535, or 0", code="usage.port")
    return value


def _number(value: int) -> int:
    """Return `value` if so many may come."""
    if value < 0:
        raise UsageError(f"{value} clients are out of range", hint="choose 0 for none, or more", code="usage.max")
    return value


def _workers(value: int | None) -> int | None:
    """Return `value` if it is a number of processes."""
    if value is not None and value < 1:
        raise UsageError(f"{value} workers are out of range", hint="choose 1 or more", code="usage.workers")
    return value


def _option(name: str, metavar: str, words: str, **more: Any) -> Any:
    return typer.Option(f"--{name}", metavar=metavar, help=words, **more)


def _whole(name: str, words: str, callback: Any) -> Any:
    return _option(name, "N", words, parser=whole_number(name, "a whole number"), callback=callback)


def serve(
    source: InputName = "mic",
    host: Annotated[
        str, _option("host", "ADDRESS", "Address to listen on; 0.0.0.0 is the whole network.")
    ] = "127.0.0.1",
    port: Annotated[int, _whole("port", "Port; 0 is any that is free.", _port)] = DEFAULT_PORT,
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    interval: Interval = 1,
    share: Annotated[
        str,
        _option(
            "share",
            "WHAT",
            "What listeners may do: [bold]readings[/bold], or [bold]control[/bold]: change the input, see the "
            "history and the library, too.",
            callback=_share,
        ),
    ] = "readings",
    allow_play: Annotated[
        bool,
        typer.Option(
            "--allow-play/--no-allow-play",
            metavar="",
            help="Let those who may control it play songs of the library on this machine, too.",
        ),
    ] = False,
    tls: Annotated[
        bool, typer.Option("--tls/--no-tls", metavar="", help="Serve https, too, with certificates of this machine.")
    ] = False,
    tls_port: Annotated[int, _whole("tls-port", "Port for https; 0 is any that is free.", _port)] = DEFAULT_TLS_PORT,
    cert: Annotated[Path | None, _option("cert", "PATH", "Certificate of your own for https, in PEM.")] = None,
    key: Annotated[Path | None, _option("key", "PATH", "Its key, in PEM, if it is in a file of its own.")] = None,
    allowed_host: Annotated[
        str, _option("allowed-host", "NAMES", "Other names of this server, such as that of a proxy, with commas.")
    ] = "",
    allow_origin: Annotated[
        str,
        _option(
            "allow-origin",
            "ORIGINS",
            "Pages from elsewhere that may use this server, [bold]https://…[/bold], with commas.",
        ),
    ] = "",
    max_streams: Annotated[int, _whole("max-streams", "Most streams that clients may send at a time.", _number)] = 100,
    max_listeners: Annotated[int, _whole("max-listeners", "Most connections that follow a stream.", _number)] = 2000,
    workers: Annotated[
        int | None,
        _whole("workers", "Most processes that judge the streams of clients; one for each core by default.", _workers),
    ] = None,
    mdns: Annotated[
        bool, typer.Option("--mdns/--no-mdns", metavar="", help="Announce the server on the local network.")
    ] = False,
    mqtt: Annotated[
        str | None, _option("mqtt", "URL", "MQTT broker, for Home Assistant: [bold]mqtt://USER@HOST[/bold]")
    ] = None,
    mqtt_password_file: Annotated[
        Path | None, _option("mqtt-password-file", "PATH", "File with the password for the broker.")
    ] = None,
    now_playing: NowPlaying = "auto",
    history: History = None,
    library: LibraryFile = None,
    model: Model = None,
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Serve a page for phones, and the paces of what this machine hears, to any number of listeners.

    Each listener has a target of its own, and phones can also send what their own microphones hear.

    Without --host, only this machine gets in. On a network, you need a token, which is printed with a QR code.
    """
    from paces_live.cli.show import start_logging

    start_logging(verbose=verbose, log_file=log_file, screen=False)
    _check_packages()
    listener = Listener(float(target), tolerance)
    from paces_live.analysis.classifier import load_classifier
    from paces_live.cli.signals import ended_by_signals
    from paces_live.server.access.addresses import own_hosts
    from paces_live.server.access.gate import PUBLIC, Gate, Policy
    from paces_live.server.access.origins import allowed_host as right_host
    from paces_live.server.access.origins import allowed_origin as right_origin
    from paces_live.server.access.token import Token
    from paces_live.server.app import create_app
    from paces_live.server.backend import Backend, Limits, Own
    from paces_live.server.beside import Beside
    from paces_live.server.control import Inputs, player_input
    from paces_live.server.library import SharedLibrary
    from paces_live.server.ports import announce_ports, is_local, open_ports
    from paces_live.server.serve import Server
    from paces_live.session import SessionConfig

    if allow_play and (share != "control" or source == "none"):
        hint = "add --share control" if share != "control" else "choose one, such as --input mic"
        raise UsageError("--allow-play needs --share control and an input", hint=hint, code="usage.allow_play")
    local = is_local(host)
    broker = _broker(mqtt, mqtt_password_file, source, local=local, mdns=mdns)
    hosts = own_hosts(map(right_host, _listed(allowed_host)))
    origins = frozenset(map(right_origin, _listed(allow_origin)))
    token = None if local else Token.kept()
    classifier = load_classifier(model)
    open_input = partial(_open, sample_rate=classifier.features.sample_rate, now_playing=now_playing)
    with ExitStack() as stack:
        name, own = sensor_of(target), None
        sensor = None if name is None else stack.enter_context(following(listener, name))
        if source != "none":
            _check(open_input(source))
            stages = _stages(listener, keep=history)
            own = Own(lambda: open_input(source), stages, endless=source == DEMO, sensor=sensor)
        limits, config = Limits(max_streams, max_listeners, workers), SessionConfig(interval=float(interval))
        backend = Backend(classifier, listener, own, config=config, limits=limits, model=model)
        player = partial(player_input, sample_rate=classifier.features.sample_rate) if allow_play else None
        inputs = Inputs(source, open_input, lambda: backend.machine, player) if own else None
        ports, certificate = open_ports(host, port, tls_port if tls or cert else None, cert, key)
        numbers = [one.socket.getsockname()[1] for one in ports]
        app = create_app(
            backend,
            inputs,
            SharedLibrary(library),
            https_port=numbers[1] if numbers[1:] else None,
            certificate=certificate,
        )
        policy = Policy(token, hosts, origins, share, frozenset(numbers), PUBLIC | {"/page/"})  # type: ignore[arg-type]
        server = Server(Gate(app, policy), ports, on_stop=backend.close)
        announce_ports(host, ports, token, certificate)
        stack.enter_context(ended_by_signals(server.stop))
        beside = Beside(backend, certificate, broker, ports[-1] if mdns else None, sensor, open_to_all=token is None)
        server.run(beside=beside.run)


def _listed(names: str) -> list[str]:
    """Return names that commas separate."""
    return [name.strip() for name in names.split(",") if name.strip()]


def _check_packages() -> None:
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401
    except ImportError:
        raise ServerError(
            "serve needs packages that are not installed",
            hint=pip_install(
                "starlette", "uvicorn", "websockets", "httptools", "prometheus-client", "segno", "cryptography"
            ),
            code="server.package_missing",
        ) from None


def _broker(url: str | None, password: Path | None, source: str, *, local: bool, mdns: bool) -> "Broker | None":
    """Return the broker that an option names, after checking that what is announced and published is there."""
    if mdns and local:
        raise UsageError("nobody else reaches this address", hint="add --host 0.0.0.0 to --mdns", code="usage.mdns")
    if url is None:
        if password:
            raise UsageError("--mqtt-password-file needs --mqtt", hint="name the broker, too", code="usage.mqtt")
        return None
    if source == "none":
        raise UsageError("--mqtt needs an input", hint="choose one, such as --input mic", code="usage.mqtt")
    from paces_live.server.broker import Broker

    return Broker.parse(url, password_file=password)


def _stages(listener: Listener, *, keep: bool | None) -> "list[Callable[[Event], Event]]":
    """Return the history, which takes the songs of this machine's input, but not those of the demo."""
    if keep is False:
        return []
    from paces_live.events import Start
    from paces_live.history.database import default_path
    from paces_live.history.recall import HistoryKeeper

    keeper = HistoryKeeper(default_path(), listener)
    kept = True

    def take(event: "Event") -> "Event":
        nonlocal kept
        if isinstance(event, Start):
            # The input may change while the server runs.
            kept = event.input != DEMO
        return keeper.take(event) if kept else event

    return [take]


def _check(opened: "Input") -> None:
    """Raise `SourceError` if a file cannot be read; what may come later, such as a microphone, is waited for."""
    from paces_live.sources import FileSource

    if isinstance(opened.source, FileSource):
        with closing(opened.source.blocks()) as blocks:
            next(blocks, None)


def _open(spec: str, *, sample_rate: int, now_playing: str) -> "Input":
    from paces_live.inputs import demo_input, open_input

    if spec == "-":
        raise UsageError("serve does not read standard input", hint="use a pipe with a name", code="usage.input")
    if spec == DEMO:
        return demo_input(sample_rate, name=DEMO)
    return open_input(spec, sample_rate=sample_rate, now_playing=now_playing)
