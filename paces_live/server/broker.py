"""The MQTT broker of a home: its address, and the password, which neither a list of processes nor a log may show."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from paces_live.errors import UsageError, reason

PASSWORD_VARIABLE = "PACES_LIVE_MQTT_PASSWORD"  # noqa: S105 - the name of a variable
PREFIX = "paces-live"
"""Topics begin with this, unless the address has a path."""
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_TOPIC = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")
"""A prefix of topics, without wildcards, that also makes a name for Home Assistant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is, and who we are to it.

    Attributes
    ----------
    host : str
    port : int
    tls : bool
        Whether the connection is encrypted, and the broker's certificate checked with the authorities of the system.
    prefix : str
        What all topics begin with.
    user, password : str or None
    """

    host: str
    port: int
    tls: bool = False
    prefix: str = PREFIX
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """The address as a log may show it."""
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, url: str, *, password_file: Path | None = None, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the broker at ``mqtt://USER@HOST:PORT/PREFIX``, or ``mqtts://`` with TLS; only the host is needed.

        Parameters
        ----------
        url : str
        password_file : Path or None
            A file that holds the password; without it, the variable `PASSWORD_VARIABLE` may.
        environment : mapping

        Raises
        ------
        UsageError
            The address is wrong, it holds a password, or the file cannot be read. No message repeats the address.

        Examples
        --------
        >>> Broker.parse("mqtt://runner@home.local/gym", environment={PASSWORD_VARIABLE: "secret"})
        Broker(host='home.local', port=1883, tls=False, prefix='gym', user='runner')
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _wrong("is no address") from None
        if parts.password is not None:
            raise UsageError(
                "the address of the broker holds a password, which every list of processes shows",
                hint=f"write it into a file for --mqtt-password-file, or into the variable {PASSWORD_VARIABLE}",
                code="usage.mqtt",
            )
        if parts.scheme not in _PORTS:
            raise _wrong("does not begin with mqtt:// or mqtts://")
        if not parts.hostname:
            raise _wrong("has no host")
        prefix = parts.path.strip("/") or PREFIX
        if {"?", "#"} & set(url) or not _TOPIC.fullmatch(prefix):
            raise _wrong("has a prefix with other characters than letters, digits, _, - and /")
        password = _password(password_file, environment)
        if password and not parts.username:
            raise _wrong("has no user for the password")
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            tls=parts.scheme == "mqtts",
            prefix=prefix,
            user=unquote(parts.username) if parts.username else None,
            password=password,
        )


def _wrong(what: str) -> UsageError:
    return UsageError(
        f"the address of the broker {what}", hint="write it as mqtt://USER@HOST:1883/PREFIX", code="usage.mqtt"
    )


def _password(file: Path | None, environment: Mapping[str, str]) -> str | None:
    """Return the password in `file`, or else that in the environment; None if there is none."""
    if file is None:
        return environment.get(PASSWORD_VARIABLE) or None
    try:
        password = file.read_text("utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{file}: the password cannot be read: {reason(error)}",
            hint="check the name and the permissions",
            code="usage.mqtt_password_file",
        ) from None
    if not password or "\n" in password:
        raise UsageError(
            f"{file}: holds no password", hint="write it into the first line", code="usage.mqtt_password_file"
        )
    return password
