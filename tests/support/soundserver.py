"""A private PulseAudio daemon with a null sink, for tests of the real capture paths.

A test takes the fixture ``sound_server``: while it runs, this process and its children (``SoundServer.env``) play to
the null sink. ``monitor`` captures it, and so does PortAudio's default input, through ALSA's pulse plugin. It needs no
sound card, works as root, and touches no other sound server. PortAudio reads ALSA's configuration once in a process, so
microphones are captured in a child: `SoundServer.capture`, or the command line.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.sources import message_of, open_source

RATE = 44_100
"""Rate of the null sink, Hz: sound played at this rate is captured sample for sample."""
LOUDNESS = 0.1
"""Root mean square of the noise that is played, full scale being 1."""
READY_S = 20.0
END_S = 5.0

NULL_SINK = f"module-null-sink sink_name={{}} rate={RATE} channels=2 format=float32le"
# Read instead of the system's configuration. Two of PortAudio's devices are the private daemon's default source; the
# others are microphones of their own, each of which hears the null sink of that name while there is one.
ALSA = "".join(f"{kind}.{name} {{ type pulse }}\n" for kind in ("pcm", "ctl") for name in ("pulse", "default"))
ALSA += "".join(f"pcm.{name} {{ type pulse device {name}.monitor }}\n" for name in ("music", "other"))


@dataclass(frozen=True)
class Captured:
    """The output of a source: mono samples, the number of dropped ones, and the different conditions on the way."""

    samples: NDArray[np.float32]
    dropped: int
    conditions: list[str]


class Capture:
    """A child process that captures sources; made by `SoundServer.capture`."""

    def __init__(self, command: list[str], env: dict[str, str], paths: list[Path]) -> None:
        self._process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        self._paths = paths

    def wait_started(self) -> None:
        """Wait until samples arrive from each source."""
        deadline = time.monotonic() + READY_S
        while not all(_started(path).exists() for path in self._paths):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                pytest.fail(f"the capture did not start: {self._process.communicate()[1]}")
            time.sleep(0.02)

    def result(self) -> Captured:
        """Wait for the end and return what was captured of the only source."""
        (captured,) = self.results()
        return captured

    def results(self) -> list[Captured]:
        """Wait for the end and return what was captured of each source."""
        _, errors = self._process.communicate(timeout=60)
        assert self._process.returncode == 0, errors
        captured = []
        for path in self._paths:
            with np.load(path) as saved:
                captured.append(Captured(saved["samples"], int(saved["dropped"]), saved["conditions"].tolist()))
        return captured

    def failure(self) -> str:
        """Wait for the end, which must be an error, and return its message."""
        _, errors = self._process.communicate(timeout=60)
        assert self._process.returncode != 0
        return errors

    def end(self) -> None:
        """End the child if it still runs."""
        self._process.kill()
        self._process.communicate()


class SoundServer:
    """A running daemon.

    Attributes
    ----------
    env : dict
        The environment for child processes that should hear it and play to it.
    """

    def __init__(self, folder: Path, env: dict[str, str], daemon: "subprocess.Popen[bytes]") -> None:
        self._folder = folder
        self.env = env
        self._daemon = daemon
        self._captures: list[Capture] = []
        self._players: list[subprocess.Popen[bytes]] = []

    def play(self, path: Path) -> None:
        """Play a file to the null sink; returns when it was played."""
        # A long buffer: a busy machine must not tear a hole into what is played.
        command = ["paplay", "--latency-msec=2000", str(path)]
        subprocess.run(command, env=self.env, check=True, timeout=120)

    def capture(self, *specs: str, sample_rate: int, seconds: float) -> Capture:
        """Start to capture `seconds` of each of the inputs `specs`, all in one child process."""
        first = len(self._captures)
        paths = [self._folder / f"capture{first}-{number}.npz" for number in range(len(specs))]
        command = [sys.executable, "-m", "tests.support.soundserver", str(sample_rate), str(seconds)]
        command += [word for spec, path in zip(specs, paths, strict=True) for word in (spec, str(path))]
        self._captures.append(Capture(command, self.env, paths))
        return self._captures[-1]

    def suspend(self, name: str = "music", *, wake: bool = False) -> None:
        """Let the monitor of a null sink deliver nothing, without an error; or `wake` it."""
        command = ["pactl", "suspend-sink", name, "0" if wake else "1"]
        subprocess.run(command, env=self.env, check=True, timeout=20)

    def start_playing(self, client: str, *, output: str = "music") -> None:
        """Start to play noise of `LOUDNESS` to `output` as a player named `client`, and again if the output returns."""
        path = self._folder / "noise.raw"
        noise = np.random.default_rng(5).uniform(-1.0, 1.0, 60 * RATE) * LOUDNESS * 3**0.5
        path.write_bytes((noise * 32_767).astype("<i2").tobytes())
        play = f"pacat --client-name={client} --device={output} --latency-msec=500 --channels=1 {path}"
        again = ["sh", "-c", f"while :; do {play} || sleep 0.1; done"]
        player = subprocess.Popen(again, env=self.env, stderr=subprocess.DEVNULL, start_new_session=True)
        self._players.append(player)

    def unplug(self, name: str = "music") -> None:
        """Remove a null sink."""
        modules = subprocess.run(
            ["pactl", "list", "short", "modules"], env=self.env, check=True, capture_output=True, text=True, timeout=20
        )
        (module,) = [line.split()[0] for line in modules.stdout.splitlines() if f"sink_name={name} " in line]
        subprocess.run(["pactl", "unload-module", module], env=self.env, check=True, timeout=20)

    def plug(self, *names: str) -> None:
        """Add null sinks, such as `music` again."""
        for name in names:
            command = ["pactl", "load-module", *NULL_SINK.format(name).split()]
            subprocess.run(command, env=self.env, check=True, capture_output=True, timeout=20)

    def stop(self) -> None:
        """End the daemon."""
        self._daemon.terminate()
        try:
            self._daemon.wait(END_S)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()

    def end(self) -> None:
        """End all children that still run, then the daemon."""
        for capture in self._captures:
            capture.end()
        for player in self._players:
            os.killpg(player.pid, signal.SIGTERM)
            player.wait(END_S)
        self.stop()


@pytest.fixture
def sound_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """Run a private PulseAudio daemon whose default output is a null sink, for one test."""
    for tool in ("pulseaudio", "paplay", "parec", "pactl"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: apt install pulseaudio pulseaudio-utils")
    # Not pytest's tmp_path: the path of a socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="paces-") as name:
        folder = Path(name)
        folder.chmod(0o700)
        socket = folder / "native"
        (folder / "asound.conf").write_text(ALSA)
        own = {
            "HOME": name,
            "XDG_RUNTIME_DIR": name,
            "XDG_CONFIG_HOME": name,
            "PULSE_SERVER": f"unix:{socket}",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
            "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        }
        for key, value in own.items():
            monkeypatch.setenv(key, value)
        for key in ("PULSE_SINK", "PULSE_SOURCE", "PULSE_COOKIE", "DISPLAY"):
            monkeypatch.delenv(key, raising=False)
        env = dict(os.environ)
        with (folder / "log").open("wb") as log:
            daemon = subprocess.Popen(
                [
                    *("pulseaudio", "-n", "--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no"),
                    *("-L", f"module-native-protocol-unix socket={socket}"),
                    *("-L", NULL_SINK.format("music")),
                ],
                env=env,
                stderr=log,
            )
        server = SoundServer(folder, env, daemon)
        try:
            _wait_ready(daemon, env, folder / "log")
            yield server
        finally:
            server.end()


@pytest.fixture
def portaudio() -> None:
    """Skip if PortAudio or ALSA's pulse plugin is not installed."""
    if find_library("portaudio") is None:
        pytest.skip("PortAudio is not installed: apt install libportaudio2")
    if not any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        pytest.skip("ALSA's pulse plugin is not installed: apt install libasound2-plugins")


def _wait_ready(daemon: "subprocess.Popen[bytes]", env: dict[str, str], log: Path) -> None:
    """Wait until the daemon answers."""
    deadline = time.monotonic() + READY_S
    while subprocess.run(["pactl", "info"], env=env, capture_output=True, check=False).returncode:
        if daemon.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"pulseaudio did not start: {log.read_text()}")
        time.sleep(0.05)


def _started(path: Path) -> Path:
    """Return the file that exists once the capture to `path` has its first samples."""
    return path.with_suffix(".started")


def _capture(spec: str, sample_rate: int, seconds: float, path: Path) -> None:
    """Capture `seconds` of `spec` and save them."""
    taken: list[NDArray[np.float32]] = []
    count = dropped = 0
    conditions: list[str] = []
    source = open_source(spec, sample_rate=sample_rate)
    with closing(source.blocks()) as blocks:
        for block in blocks:
            if (message := message_of(block)) and message not in conditions:
                conditions.append(message)
            taken.append(block.samples)
            count += len(block.samples)
            dropped += block.dropped
            if count:
                _started(path).touch()
            if count >= seconds * sample_rate:
                break
    np.savez(path, samples=np.concatenate(taken), dropped=dropped, conditions=np.array(conditions, dtype=str))


def _main(rate: str, seconds: str, *inputs: str) -> None:
    """Capture each pair of an input and a path in its own thread; raise the first error."""
    with ThreadPoolExecutor() as threads:
        pairs = zip(inputs[::2], inputs[1::2], strict=True)
        captures = [threads.submit(_capture, spec, int(rate), float(seconds), Path(path)) for spec, path in pairs]
    for capture in captures:
        capture.result()


if __name__ == "__main__":
    _main(*sys.argv[1:])
