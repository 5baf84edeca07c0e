"""Limits for each address: guesses of the token, requests, and what is open at once."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from paces_live.server.access.limits import Limiter, Limits, client
from paces_live.server.access.refusal import RefusedError
from tests.server.access.app import guarded

FAR = {"X-Forwarded-For": "192.0.2.7"}
"""The server trusts a proxy on its own machine, so a test can come from anywhere."""
WRONG = {"Authorization": "Bearer wrong"}


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def wait_s(limiter: Limiter, address: str) -> int:
    """Return for how many seconds an address may not try a token."""
    try:
        limiter.check_guesses(address)
    except RefusedError as error:
        return int(error.fields["retry_after"])
    return 0


def guess(limiter: Limiter, address: str, times: int) -> None:
    for _ in range(times):
        limiter.wrong_token(address)


def test_who_guesses_has_to_wait_even_on_this_machine(tmp_path: Path) -> None:
    with guarded(tmp_path, limits=Limits(guesses=10)) as server:
        assert server.token
        token = {"token": server.token.value}
        mine = {"Cookie": server.ask("/v1/session", "POST", json=token).headers["set-cookie"].partition(";")[0]}
        for number in range(10):
            if number % 2:
                assert server.ask("/v1/streams", headers=WRONG).status_code == 401
            else:
                assert server.ask("/v1/session", "POST", json={"token": "wrong"}).status_code == 401
        for headers in (WRONG, server.bearer):
            answer = server.ask("/v1/streams", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (429, "access.too_many")
            assert 50 <= int(answer.headers["retry-after"]) <= 60
        assert server.ask("/v1/session", "POST", json=token).status_code == 429
        # Whoever is in stays in, also behind the same address; and other addresses do not suffer.
        assert server.ask("/v1/streams", headers=mine).status_code == 200
        assert server.ask("/v1/streams", headers=server.bearer | FAR).status_code == 200
        assert server.ask("/").status_code == 200


def test_the_wait_grows_up_to_an_hour_and_is_forgotten() -> None:
    clock = Clock()
    limiter = Limiter(Limits(guesses=3), clock)
    waits = []
    for _ in range(9):
        guess(limiter, "192.0.2.7", 2)
        assert wait_s(limiter, "192.0.2.7") == 0
        guess(limiter, "192.0.2.7", 1)
        waits.append(wait_s(limiter, "192.0.2.7"))
        clock.now += waits[-1]
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    clock.now += 3601.0
    guess(limiter, "192.0.2.7", 3)
    assert wait_s(limiter, "192.0.2.7") == 60


def test_typing_errors_now_and_then_are_no_guesses() -> None:
    clock = Clock()
    limiter = Limiter(Limits(guesses=3), clock)
    for _ in range(20):
        guess(limiter, "192.0.2.7", 2)
        clock.now += 61.0
    assert wait_s(limiter, "192.0.2.7") == 0


def test_requests_come_back_steadily() -> None:
    clock = Clock()
    limiter = Limiter(Limits(requests=60), clock)
    for _ in range(60):
        limiter.request("192.0.2.7")
    with pytest.raises(RefusedError) as caught:
        limiter.request("192.0.2.7")
    assert (caught.value.status, caught.value.fields["retry_after"]) == (429, "1")
    limiter.request("192.0.2.8")
    clock.now += 1.0
    limiter.request("192.0.2.7")
    with pytest.raises(RefusedError):
        limiter.request("192.0.2.7")


def test_the_memory_is_bounded_however_many_addresses_come() -> None:
    clock = Clock()
    limiter = Limiter(Limits(addresses=100), clock)
    for number in range(10_000):
        limiter.request(f"192.0.{number // 256}.{number % 256}")
        limiter.wrong_token(f"192.0.{number // 256}.{number % 256}")
        with limiter.connection(f"192.0.{number // 256}.{number % 256}"):
            pass
    assert (len(limiter._requests), len(limiter._guesses), len(limiter._connections)) == (100, 100, 0)


@pytest.mark.parametrize(
    ("host", "counts"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("testclient", ""),
    ],
)
def test_an_address_counts_for_all_that_one_person_can_have(host: str, counts: str) -> None:
    assert client({"client": (host, 5)}) == counts


def test_connections_at_once_are_limited_for_other_machines_only(tmp_path: Path) -> None:
    with guarded(tmp_path, limits=Limits(connections=3)) as server, ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(server.follow(headers=server.bearer | FAR)).recv(5)
        answer = server.ask("/", headers=FAR)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
        assert server.ask("/", headers={"X-Forwarded-For": "192.0.2.8"}).status_code == 200
        for _ in range(5):
            stack.enter_context(server.follow(headers=server.bearer)).recv(5)
        stack.pop_all().close()
        asyncio.run(asyncio.sleep(0.1))
        assert server.ask("/", headers=FAR).status_code == 200


def test_a_handshake_counts_as_a_request(tmp_path: Path) -> None:
    from websockets.exceptions import InvalidStatus

    with guarded(tmp_path, limits=Limits(requests=2)) as server:
        for _ in range(2):
            with server.follow(headers=server.bearer | FAR) as connection:
                connection.recv(5)
        with pytest.raises(InvalidStatus), server.follow(headers=server.bearer | FAR):
            pass
