"""What can go wrong, and the exit status that each error gives the command line.

::

    PacesError              exit status 1
    ├── UsageError          exit status 2: the command line or an argument is wrong
    ├── SourceError         audio cannot be read: file, device, capture tool, broken samples
    ├── TitleError          titles cannot be had: an extra is missing, or a player does not answer
    ├── HistoryError        the songs heard cannot be kept or read
    ├── ModelError          the model, its manifest and the features do not fit together
    └── RuntimeMissingError no TFLite runtime works on this system

Every message is one line and says what to do.
"""


class PacesError(Exception):
    """Base of all errors of this package; its text is one line for the user."""

    exit_status = 1


class UsageError(PacesError):
    """The user asked for something that does not exist or is out of range."""

    exit_status = 2


class SourceError(PacesError):
    """Audio could not be opened or read, or its samples are broken."""


class TitleError(PacesError):
    """Titles of what plays cannot be had from where they were asked for."""


class HistoryError(PacesError):
    """The database of songs heard cannot be opened, read or written."""


class ModelError(PacesError):
    """The model file, its manifest and the feature path do not fit together."""


class RuntimeMissingError(PacesError):
    """No TFLite runtime could be imported and made to work."""
