"""A connection between two programs of this machine that a test can cut."""

import socket
import threading
from contextlib import suppress

WAIT_S = 10.0


class Cable:
    """The way to a port of this machine; every connection to `address` leads there."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._away = False
        self._ends: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run)
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "Cable":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT_S)
        for one in (self._socket, *self._ends):
            one.close()

    def cut(self) -> None:
        """Break all connections; later ones work."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def away(self) -> None:
        """Break all connections, and those that come until `back` is called."""
        self._away = True
        self.cut()

    def back(self) -> None:
        """Let connections work again."""
        self._away = False

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._socket.accept()
                if self._away:
                    here.close()
                    continue
                there = socket.create_connection(("127.0.0.1", self._port))
                self._ends += [here, there]
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=self._forward, args=ends, daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
