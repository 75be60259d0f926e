"""One engine process as the desk sees it: started, spoken to, listened to, watched, ended."""

import contextlib
import multiprocessing
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import RawArray
from typing import Any

from annotator.flows.engine_process import (
    BEAT,
    CANCEL,
    CONTROL_LENGTH,
    MEMORY_EXIT,
    PULSE,
    OpenDesk,
    run_engine,
)
from annotator.flows.lane_messages import Envelope, Reply

Tell = Callable[["EngineChild", Reply | None], None]

JOIN_S = 0.5
NEVER = 1 << 62  # a sequence no request reaches


class EngineChild:
    """A spawned engine. ``tell(child, reply)`` is called from a thread of its own; None: it died.

    Nothing here waits for the process except `end`.
    """

    def __init__(self, opening: OpenDesk, tell: Tell) -> None:
        context = multiprocessing.get_context("spawn")
        self._control: Any = RawArray("q", CONTROL_LENGTH)
        self._connection, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=run_engine,
            args=(theirs, self._control, opening),
            name="annotator-engine",
            daemon=True,
        )
        self._process.start()
        theirs.close()  # else the pipe would not end when the process does
        self._tell = tell
        self._listener = threading.Thread(
            target=self._listen, name="annotator-engine-listener", daemon=True
        )
        self._listener.start()

    @property
    def process_id(self) -> int:
        """Of the process."""
        return self._process.pid or 0

    @property
    def beats(self) -> int:
        """Grows several times a second while Python runs in the process at all."""
        return int(self._control[BEAT])

    @property
    def pulse(self) -> int:
        """Grows whenever the work in the process gets on."""
        return int(self._control[PULSE])

    def send(self, envelope: Envelope) -> None:
        """Hand a request over. A process that has just died is heard of through ``tell``."""
        with contextlib.suppress(OSError):
            self._connection.send(envelope)

    def cancel(self, sequence: int) -> None:
        """Ask the request of that sequence, and any before it, to stop."""
        self._control[CANCEL] = max(sequence, self._control[CANCEL])

    def kill(self) -> None:
        """End it at once, even if it no longer listens."""
        self._process.kill()

    def end(self, limit_s: float) -> None:
        """Let it leave by itself within ``limit_s``, else end it; then wait until it is gone."""
        self.cancel(NEVER)
        with contextlib.suppress(OSError):
            self._connection.send(None)
        self._gone(limit_s)

    def cause_of_death(self) -> str:
        """Why it is gone, as the first half of a sentence; waits until it is."""
        self._gone(JOIN_S)
        code = self._process.exitcode
        if code == MEMORY_EXIT:
            return "The engine ran out of memory"
        if code == -9:
            return "The engine was ended by the system, perhaps because memory ran out"
        return f"The engine stopped unexpectedly (code {code})"

    def _gone(self, limit_s: float) -> None:
        self._process.join(limit_s)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._listener.join()
        self._connection.close()

    def _listen(self) -> None:
        while self._passed_on():
            pass
        self._tell(self, None)

    def _passed_on(self) -> bool:
        """Wait for one reply and pass it on; False when the process is gone."""
        sources: list[Any] = [self._connection, self._process.sentinel]
        try:
            if self._connection not in wait(sources):
                return False
            self._tell(self, self._connection.recv())
        except (EOFError, OSError):
            return False
        return True


@dataclass(slots=True)
class _Standstill:
    """How long a counter has not moved, counted in looks: a machine asleep does not look."""

    value: int = -1
    looks: int = 0

    def look(self, value: int) -> int:
        self.looks = self.looks + 1 if value == self.value else 0
        self.value = value
        return self.looks


class Watch:
    """Tells a hanging engine from a busy one. `hangs` is asked every ``look_s`` seconds.

    ``beat_s``: the longest time without a heartbeat, ``work_s``: without a step of work. While a
    session is opened only the latter holds, for loading native libraries stops the heart as well.
    """

    def __init__(self, *, look_s: float, beat_s: float, work_s: float) -> None:
        self._look_s = look_s
        self._beat_s = beat_s
        self._work_s = work_s
        self._beat = _Standstill()
        self._work = _Standstill()

    def restart(self) -> None:
        """Watch a new process."""
        self._beat, self._work = _Standstill(), _Standstill()

    def hangs(self, child: EngineChild, *, working: bool, opening: bool) -> bool:
        """Whether the process should be given up."""
        silent_s = self._beat.look(child.beats) * self._look_s
        stuck_s = self._work.look(child.pulse) * self._look_s
        if not working:
            self._work = _Standstill()
            stuck_s = 0.0
        return silent_s > (self._work_s if opening else self._beat_s) or stuck_s > self._work_s
