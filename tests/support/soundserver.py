"""A private PulseAudio daemon with a null sink, for tests of the real capture paths.

A test takes the fixture ``sound_server``: while it runs, this process and its children (``SoundServer.env``)
play to the null sink, ``playback`` hears its monitor, and so does PortAudio's default input, through ALSA's
pulse plugin. It needs no sound card, works as root, and touches no other sound server. PortAudio is
initialised once in a process, so a microphone is captured in a child: `SoundServer.capture`, or the command
line.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paces_live.sources import open_source
from paces_live.sources.block import note_of

RATE = 44_100
"""Rate of the null sink, Hz: what is played at it is captured sample by sample."""
LOUDNESS = 0.1
"""Root mean square of the noise that is played, full scale being 1."""
READY_S = 20.0
END_S = 5.0

NULL_SINK = f"module-null-sink sink_name={{}} rate={RATE} channels=2 format=float32le"
# Read instead of the system's configuration: both of PortAudio's devices are the private daemon's default
# source.
ALSA = "".join(f"{kind}.{name} {{ type pulse }}\n" for kind in ("pcm", "ctl") for name in ("pulse", "default"))


@dataclass(frozen=True)
class Captured:
    """What a source gave: mono samples, how many were dropped, and the different notes that it had meanwhile."""

    samples: NDArray[np.float32]
    dropped: int
    notes: list[str]


class Capture:
    """A child process that captures a source; made by `SoundServer.capture`."""

    def __init__(self, command: list[str], env: dict[str, str], path: Path, started: Path) -> None:
        self._process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        self._path = path
        self._started = started

    def wait_started(self) -> None:
        """Wait until samples arrive."""
        deadline = time.monotonic() + READY_S
        while not self._started.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                pytest.fail(f"the capture did not start: {self._process.communicate()[1]}")
            time.sleep(0.02)

    def result(self) -> Captured:
        """Wait for the end and return what was captured."""
        _, told = self._process.communicate(timeout=60)
        assert self._process.returncode == 0, told
        with np.load(self._path) as saved:
            return Captured(saved["samples"], int(saved["dropped"]), saved["notes"].tolist())

    def failure(self) -> str:
        """Wait for the end, which must be an error, and return what was told."""
        _, told = self._process.communicate(timeout=60)
        assert self._process.returncode != 0
        return told

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
        self._player: subprocess.Popen[bytes] | None = None

    def play(self, path: Path) -> None:
        """Play a file to the null sink; returns when it was played."""
        # A long buffer: a busy machine must not tear a hole into what is played.
        command = ["paplay", "--latency-msec=2000", str(path)]
        subprocess.run(command, env=self.env, check=True, timeout=120)

    def capture(self, spec: str, *, sample_rate: int, seconds: float) -> Capture:
        """Start to capture `seconds` of the input `spec` in a child process."""
        path = self._folder / f"capture{len(self._captures)}.npz"
        started = path.with_suffix(".started")
        command = [sys.executable, __file__, spec, str(sample_rate), str(seconds), str(path), str(started)]
        self._captures.append(Capture(command, self.env, path, started))
        return self._captures[-1]

    def suspend(self, *, wake: bool = False) -> None:
        """Let the default input deliver nothing any more, without telling those who listen to it; or let it again."""
        command = ["pactl", "suspend-sink", "music", "0" if wake else "1"]
        subprocess.run(command, env=self.env, check=True, timeout=20)

    def start_playing(self, client: str, *, output: str = "music") -> None:
        """Start to play noise of `LOUDNESS` to `output`, as a player of that name, again where that comes back."""
        path = self._folder / "noise.raw"
        noise = np.random.default_rng(5).uniform(-1.0, 1.0, 60 * RATE) * LOUDNESS * 3**0.5
        path.write_bytes((noise * 32_767).astype("<i2").tobytes())
        play = f"pacat --client-name={client} --device={output} --latency-msec=500 --channels=1 {path}"
        again = ["sh", "-c", f"while :; do {play} || sleep 0.1; done"]
        self._player = subprocess.Popen(again, env=self.env, stderr=subprocess.DEVNULL, start_new_session=True)

    def unplug(self, name: str = "music") -> None:
        """Take a null sink away."""
        told = subprocess.run(
            ["pactl", "list", "short", "modules"], env=self.env, check=True, capture_output=True, text=True, timeout=20
        )
        (module,) = [line.split()[0] for line in told.stdout.splitlines() if f"sink_name={name} " in line]
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
        if self._player:
            os.killpg(self._player.pid, signal.SIGTERM)
            self._player.wait(END_S)
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
    """Skip where PortAudio or ALSA's way to PulseAudio is not installed."""
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


def _capture(spec: str, sample_rate: int, seconds: float, path: Path, started: Path) -> None:
    """Capture `seconds` of `spec` and save them; touch `started` when the first samples have come."""
    taken: list[NDArray[np.float32]] = []
    count = dropped = 0
    notes: list[str] = []
    source = open_source(spec, sample_rate=sample_rate)
    for block in source.blocks():
        if (note := note_of(source)) and note not in notes:
            notes.append(note)
        taken.append(block.samples)
        count += len(block.samples)
        dropped += block.dropped
        if count:
            started.touch()
        if count >= seconds * sample_rate:
            break
    np.savez(path, samples=np.concatenate(taken), dropped=dropped, notes=np.array(notes, dtype=str))


if __name__ == "__main__":
    _capture(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))
