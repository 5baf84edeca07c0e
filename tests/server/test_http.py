"""The HTTP part: each answer is valid by its schema, and each error says what to do."""

import io
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import paces_live
from paces_live.errors import SourceError
from paces_live.events import Event, SongPace, Track
from paces_live.history.database import HeardSong, History, default_path
from paces_live.inputs import Input
from paces_live.library.store import Library
from paces_live.schema import load, names
from paces_live.server import upload
from paces_live.server.control import Inputs
from paces_live.server.library import SharedLibrary
from paces_live.session import Session
from paces_live.sources import ArraySource, Block, Source
from tests.support.library import fill
from tests.support.pacing import Paced
from tests.support.schemas import validated
from tests.support.servers import Served, eventually, serving
from tests.support.sessions import Blocks
from tests.support.signals import RATE, rock

SERVER = Path(paces_live.__file__).parent / "server"


def song(seconds: float = 6.0) -> Source:
    return Paced(ArraySource(rock(168.0, seconds), RATE, RATE), hold=True)


def wav(samples: Any, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV")
    return file.getvalue()


def analyze(served: Served, body: bytes, query: str = "") -> httpx.Response:
    return httpx.post(f"{served.address}/v1/analyze{query}", content=body, timeout=20.0, trust_env=False)


def test_health_streams_and_a_stream() -> None:
    with serving(song()) as served:
        health = validated(served.get("/v1/health").text)
        assert health == {
            "type": "health",
            "status": "ok",
            "full": False,
            "version": paces_live.__version__,
            "schema": 2,
            "https_port": None,
        }
        eventually(lambda: served.get("/v1/streams").json()["streams"][0]["input"] == "array")
        streams = validated(served.get("/v1/streams?target=170").text, "streams")
        one = validated(served.get("/v1/streams/main?target=170").text, "stream")
        assert streams == {"streams": [one]}
        assert one == {
            "id": "main",
            "input": "array",
            "state": "open",
            "listeners": 0,
            "target": 170.0,
            "tolerance": 0.05,
        }


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/nothing", 404, "server"),
        ("/v1/streams/nothing", 404, "server.no_stream"),
        ("/v1/streams/nothing/events", 404, "server.no_stream"),
        ("/v1/streams?target=fast", 400, "usage.target"),
        ("/v1/streams?target=nan", 400, "usage.target"),
        ("/v1/streams?target=1e400", 400, "usage.target"),
        ("/v1/streams?tolerance=2", 400, "usage.tolerance"),
        ("/v1/schema/nothing.json", 404, "server"),
        ("/v1/history", 403, "access.share"),
        ("/v1/input", 404, "server.no_input"),
        ("/page/../../cli/main.py", 404, "server"),
        ("/page/%2e%2e/%2e%2e/cli/main.py", 404, "server"),
        ("/v1/analyze", 405, "server"),
    ],
)
def test_errors_have_a_status_and_a_code(path: str, status: int, code: str) -> None:
    with serving() as served:
        with served.raw() as connection:
            # Not httpx: it would tidy the path.
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        head, _, body = answer.partition("\r\n\r\n")
        assert int(head.split()[1]) == status
        error = validated(body)
        assert error["code"] == code
        assert error["message"]


def test_schemas_and_documents_are_served() -> None:
    with serving() as served:
        for name in names():
            assert served.get(f"/v1/schema/{name}.json").json() == load(name)
        for name in ("openapi", "asyncapi"):
            document = served.get(f"/v1/{name}.json").json()
            assert document["info"]["version"] == paces_live.__version__


def test_metrics() -> None:
    with serving(song()) as served:
        eventually(lambda: "paces_live_readings_total 6.0" in served.get("/metrics").text)
        text = served.get("/metrics").text
        assert "paces_live_streams 0.0" in text
        assert text.endswith("# EOF\n")


def test_an_uploaded_file_gets_its_paces() -> None:
    with serving() as served:
        song = io.BytesIO()
        soundfile.write(song, rock(168.0, 40.0), RATE, format="OGG")
        result = analyze(served, song.getvalue(), "?target=84&name=../My%20song.ogg")
        assert result.status_code == 200
        record = validated(result.text)
        assert (record["path"], record["duration"], round(record["match"]["spm"])) == ("My song.ogg", 40.0, 84)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "usage.body"),
        (b"no music at all" * 99, 422, "source.unreadable"),
        (bytes(2000), 413, "server.too_large"),
    ],
)
def test_what_is_no_music_is_refused(body: bytes, status: int, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MOST_BYTES", 1999)
    with serving() as served:
        answer = analyze(served, body)
        assert (answer.status_code, validated(answer.text)["code"]) == (status, code)


def test_a_small_file_that_stands_for_days_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MOST_S", 20.0)
    with serving() as served:
        answer = analyze(served, wav(np.zeros(30 * 8000), 8000))
        assert (answer.status_code, validated(answer.text)["code"]) == (413, "server.too_large")


def test_an_upload_that_never_comes_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "UPLOAD_S", 0.2)
    with serving() as served, served.raw() as connection:
        connection.sendall(b"POST /v1/analyze HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\nRIFF")
        assert connection.recv(4096).startswith(b"HTTP/1.1 408")


def test_many_uploads_wait_and_the_rest_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MOST_WAITING", 1)
    with serving() as served, served.raw() as connection:
        connection.sendall(b"POST /v1/analyze HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\nRIFF")
        time.sleep(0.2)
        answer = analyze(served, wav(rock(168.0, 2.0)))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.fixture
def own_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with History(default_path()) as history:
        when = datetime(2026, 5, 1, tzinfo=UTC)
        for title in ("one", "two"):
            history.add(HeardSong(when, "mic", title, 200.0, (SongPace(165.0, 0.9, 1.0),), 165.0, None))


@pytest.mark.usefixtures("own_history")
def test_the_history_is_for_those_with_whom_it_is_shared() -> None:
    with serving(share="control") as served:
        heard = served.get("/v1/history?limit=1")
        assert [one["title"] for one in validated(heard.text, "heard")["songs"]] == ["two"]
        for wrong in ("0", "1001", "x", "9" * 5000, "0000000001999"):
            assert served.get(f"/v1/history?limit={wrong}").json()["code"] == "usage.limit"
    with serving() as served:
        assert served.get("/v1/history").status_code == 403


def test_the_input_can_be_changed_by_those_who_may() -> None:
    def open_input(spec: str) -> Input:
        return Input(Paced(Blocks([], name=spec), hold=True))

    running: list[Served] = []
    inputs = Inputs("mic", open_input, lambda: running[-1].backend.machine)

    def put(body: str) -> httpx.Response:
        served = running[-1]
        return httpx.put(f"{served.address}/v1/input", content=body, trust_env=False, timeout=20.0)

    with serving(song, share="control", inputs=inputs) as served:
        running.append(served)
        assert validated(served.get("/v1/input").text, "inputs")["input"] == "mic"
        paths = ('{"input": "/etc/passwd"}', '{"input": "http://x"}', '{"input": "player"}', '{"input": "file:x"}')
        for wrong in (*paths, '{"input": 3}', "{}", "x", "[" * 3000):
            assert put(wrong).status_code == 400, wrong
        assert put("x" * 5000).status_code == 413
        assert put('{"input": "monitor:x"}').json()["input"] == "monitor:x"
        eventually(lambda: served.get("/v1/streams/main").json()["input"] == "monitor:x")
    with serving(song, inputs=inputs) as served:
        running.append(served)
        assert put('{"input": "mic"}').status_code == 403


def test_a_machine_whose_input_fails_is_failing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.server.machine.AGAIN_S", 0.05)
    tries: list[int] = []

    def source() -> Source:
        tries.append(1)
        if len(tries) < 4:
            return Blocks([], failure="the card is gone")
        return song()

    with serving(source) as served:
        eventually(lambda: served.get("/v1/health").json()["status"] == "failing" or len(tries) > 3)
        eventually(lambda: served.get("/v1/health").json()["status"] == "ok" and len(tries) == 4)
        eventually(lambda: served.get("/v1/streams/main").json()["input"] == "array")


def test_a_fault_of_ours_in_the_session_does_not_end_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.server.machine.AGAIN_S", 0.05)
    faults = [True]
    push = Session.push

    def broken(self: Session, block: Block) -> list[Event]:
        if faults:
            faults.pop()
            raise ZeroDivisionError
        return push(self, block)

    monkeypatch.setattr(Session, "push", broken)
    with serving(lambda: Paced(ArraySource(rock(168.0, 9.0), RATE, RATE, block=2205), 0.005, hold=True)) as served:
        eventually(lambda: "paces_live_readings_total 9.0" in served.get("/metrics").text)


def test_an_input_that_cannot_be_opened_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.server.machine.AGAIN_S", 0.05)
    tries: list[int] = []

    def source() -> Source:
        tries.append(1)
        if len(tries) == 1:
            raise SourceError("no such card", hint="plug it in")
        return song()

    with serving(source) as served:
        eventually(lambda: served.get("/v1/streams/main").json()["input"] == "array")


def test_the_asyncapi_document_has_every_message_and_only_schemas_that_exist() -> None:
    document = json.loads((SERVER / "asyncapi.json").read_text("utf-8"))
    registry: Registry[Any] = Registry().with_resources(
        (f"schema/{name}.json", Resource.from_contents(load(name))) for name in names()
    )
    for message in document["components"]["messages"].values():
        if "schema" in message["payload"]:
            Draft202012Validator({"$ref": message["payload"]["schema"]["$ref"]}, registry=registry).is_valid({})
    channels = {channel["address"] for channel in document["channels"].values()}
    assert channels == {"/v1/streams/{id}/events", "/v1/streams/{id}", "/v1/audio"}
    for operation in document["operations"].values():
        for reference in operation["messages"]:
            _, _, name = reference["$ref"].rpartition("/")
            channel = document["channels"][operation["channel"]["$ref"].rpartition("/")[2]]
            assert channel["messages"][name]["$ref"] == f"#/components/messages/{name}"


@pytest.mark.slow
def test_whatever_schemathesis_asks_is_answered_as_the_document_says(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    with Library(tmp_path / "library.db") as library:
        fill(library, ("/m/1.ogg", [SongPace(165.0, 0.9, 1.0)], 165.0, Track(title="One")))
    inputs, shared = Inputs("mic", lambda _: Input(song()), lambda: None), SharedLibrary(tmp_path / "library.db")
    with serving(song(), share="control", inputs=inputs, library=shared) as served:
        ran = subprocess.run(
            [
                *(program, "run", f"{served.address}/v1/openapi.json", "--max-examples", "15", "--seed", "1"),
                *("--phases", "examples,coverage,fuzzing", "--no-color", "--warnings", "off"),
                # Any bytes and any names are valid by the document, but few are music or inputs.
                *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
                # The answer of one never ends; the other belongs to the gate, which this server does not have.
                *("--exclude-operation-id", "events", "--exclude-path", "/v1/session"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout
