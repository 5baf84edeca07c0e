"""The input of the server's machine, and others that are inserted: each is heard once, and then the input again."""

from collections.abc import Callable

from paces_live.inputs import Input
from paces_live.server.machine import Machine
from paces_live.session import Session
from tests.support.pacing import Paced
from tests.support.servers import eventually
from tests.support.sessions import Blocks, only


def test_what_is_inserted_is_heard_once_and_then_the_input_again() -> None:
    opened: list[str] = []

    def source(name: str, *, hold: bool = False) -> Callable[[], Input]:
        def open_input() -> Input:
            opened.append(name)
            return Input(Paced(Blocks([], name=name), hold=hold))

        return open_input

    with Machine(lambda live: Session(only(168.0), live=live), source("input"), lambda _: None) as machine:
        eventually(lambda: opened == ["input"])
        machine.insert(source("one", hold=True))
        eventually(lambda: opened == ["input", "one"])
        # One takes the place of another, even if that has just ended.
        machine.insert(source("two"))
        eventually(lambda: opened == ["input", "one", "two", "input"])
        assert not machine.inserted
        machine.resume()
        machine.insert(source("three", hold=True))
        eventually(lambda: opened[-1] == "three")
        assert machine.inserted
        machine.resume()
        assert not machine.inserted
        eventually(lambda: opened[-1] == "input")
    assert opened == ["input", "one", "two", "input", "three", "input"], "an input that ended is not opened for nothing"
