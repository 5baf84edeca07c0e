"""Where settings and history are kept, by the XDG Base Directory specification."""

from collections.abc import Callable
from pathlib import Path

from paces_live.errors import UsageError

APP = "paces-live"


def config_folder() -> Path:
    """Return the folder of the settings, there or not.

    Raises
    ------
    UsageError
        There is no home folder to look in.
    """
    # Deferred: 6 ms, which --help and --version need not pay.
    import platformdirs

    return _found(platformdirs.user_config_path, "XDG_CONFIG_HOME")


def state_folder() -> Path:
    """Return the folder of the history, there or not; raises as `config_folder` does."""
    import platformdirs

    return _found(platformdirs.user_state_path, "XDG_STATE_HOME")


def _found(look: Callable[[str], Path], variable: str) -> Path:
    try:
        return look(APP)
    except RuntimeError as error:
        raise UsageError(f"this user has no home folder: set HOME or {variable} to a folder") from error
