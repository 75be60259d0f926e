"""How long work tells where it stands and learns that it should stop."""

import threading
from typing import Protocol

from engines.errors import Cancelled


class Reporter(Protocol):
    """What long work is given: it reports progress and asks whether to go on."""

    def progress(self, fraction: float, message: str = "") -> None:
        """Say that ``fraction`` in [0, 1] of the work is done."""

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if the person has asked to stop."""


class CancelToken:
    """A flag that one thread raises and another one reads."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work that holds this token to stop at its next convenient point."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()


class SilentReporter:
    """Swallows progress; still honours a cancel token."""

    def __init__(self, token: CancelToken | None = None) -> None:
        self._token = token or CancelToken()

    def progress(self, fraction: float, message: str = "") -> None:
        """Ignore it."""

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` once the token is cancelled."""
        if self._token.cancelled:
            raise Cancelled("The work was stopped.")
