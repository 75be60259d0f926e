"""Engines that fail on purpose, for a lane that must not: imported by the child by name."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from annotator.flows.engine_desk import EngineDesk, LiveAnswer
from annotator.flows.lane_messages import EngineSettings, ImageRef, PackedMarks
from engines.exchange import CrossScores
from engines.reporting import Reporter

Fault = Callable[[Reporter], None]


class FaultyDesk(EngineDesk):
    """The real desk, but a fault befalls it before it answers on one image.

    The image's file is called ``victim``; with a ``once`` file it happens only the first time.
    """

    def __init__(self, settings: EngineSettings, fault: str, victim: str, once: Path | None):
        super().__init__(settings)
        self._fault, self._victim, self._once = FAULTS[fault], victim, once

    def answer(self, image: ImageRef, fixed: PackedMarks, reporter: Reporter) -> LiveAnswer:
        if image.path.name == self._victim and not (self._once and self._once.exists()):
            if self._once is not None:
                self._once.touch()
            self._fault(reporter)
        return super().answer(image, fixed, reporter)


class PonderousDesk(EngineDesk):
    """Never comes to an end with judging the marked images."""

    def cross_check(self, reporter: Reporter) -> CrossScores:
        work_long(reporter)
        raise TimeoutError("nobody stopped it")


class PolishingDesk(EngineDesk):
    """Says that polishing changed its answers, without looking."""

    def polish(self, reporter: Reporter) -> bool:
        return True


class LongPolishingDesk(EngineDesk):
    """Never comes to an end with polishing."""

    def polish(self, reporter: Reporter) -> bool:
        work_long(reporter)
        raise TimeoutError("nobody stopped it")


def die(_reporter: Reporter) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hold_everything(_reporter: Reporter) -> None:
    ctypes.PyDLL(None).sleep(60)  # native code that keeps Python's lock: no heartbeat either


def get_stuck(_reporter: Reporter) -> None:
    time.sleep(60)  # the heart beats, the work does not get on


def work_long(reporter: Reporter) -> None:
    for _ in range(3000):
        reporter.raise_if_cancelled()
        time.sleep(0.02)


def stumble(_reporter: Reporter) -> None:
    raise ZeroDivisionError("a bug of ours")


def eat_all_memory(_reporter: Reporter) -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + (64 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    held = []
    while True:
        held.append(np.ones(8 << 20, np.uint8))


FAULTS: dict[str, Fault] = {
    f.__name__: f for f in (die, hold_everything, get_stuck, work_long, stumble, eat_all_memory)
}


def faulty(fault: str, victim: str, once: Path | None = None) -> Callable[..., EngineDesk]:
    """An opening for `EngineLane`."""
    return partial(FaultyDesk, fault=fault, victim=victim, once=once)
