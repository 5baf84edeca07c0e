"""``--target sensor``: the cadence of a foot pod on a virtual link, in the events of the program."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paces_live.cli import main as cli
from paces_live.demo import excerpt
from tests.support.bluez import RSC_MEASUREMENT, RSC_SERVICE, BlueZ, bluez, rsc
from tests.support.players import bus
from tests.support.schemas import validated

__all__ = ["bluez", "bus"]

PROGRAM = [sys.executable, "-m", "paces_live"]
LONGEST_S = 40.0


@pytest.mark.slow
def test_the_target_follows_a_pod_and_stays_when_it_is_gone(bluez: BlueZ, settings_file: Path) -> None:
    settings_file.write_text("target = 150\n", "utf-8")
    pod = bluez.sensor("Foot Pod", RSC_SERVICE, RSC_MEASUREMENT)
    command = [*PROGRAM, "listen", "--input", str(excerpt()), "--json", "--interval", "0.2", "--target", "sensor:pod"]
    seen: list[tuple[float | None, float]] = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        deadline = time.monotonic() + LONGEST_S
        for line in process.stdout:
            event = validated(line)
            if event["type"] == "start":
                assert event["target"] == 150.0
            if event["type"] == "reading":
                seen.append((event["cadence"], event["target"]))
                if event["target"] != 172.0:
                    bluez.bus.do(pod.notify(rsc(172)))
                elif event["cadence"] is None:
                    break
            assert time.monotonic() < deadline, seen[-3:]
        process.terminate()
        rest = [json.loads(line) for line in process.stdout]
        assert process.wait(10.0) == 0
    assert rest[-1]["type"] == "end"
    # First without a sensor; then with its cadence, and for some seconds with the old target; then it follows.
    assert [one for one, before in zip(seen, [None, *seen], strict=False) if one != before] == [
        (None, 150.0),
        (172.0, 150.0),
        (172.0, 172.0),
        (None, 172.0),
    ]


@pytest.mark.parametrize("command", [("listen", "--fast", "--input"), ("play",)])
def test_a_missing_package_is_one_line(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bleak", None)
    done = CliRunner(env={"TERM": "dumb"}).invoke(cli.app, [*command, str(excerpt()), "--target", "sensor"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("paces-live: the package that speaks Bluetooth is missing: ")
    assert done.stderr.endswith("-m pip install bleak\n")


def test_music_goes_on_without_bluetooth(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("bleak", reason="bleak is not installed")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nowhere")
    done = CliRunner(env={"TERM": "dumb"}).invoke(cli.app, ["demo", "--fast", "--plain", "--target", "sensor"])
    assert done.exit_code == 0
    assert "no Bluetooth  target 165 spm ± 5 %" in done.stdout
    assert "MATCH 168.1 (lock, +1.9 %)" in done.stdout
