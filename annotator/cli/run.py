"""From arguments to an exit code: parse, run one command, turn every fault into one sentence."""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from types import FrameType

from annotator.cli.output import Output, Unheard
from annotator.cli.parser import parse

DONE, FAILED = 0, 1
STOP_LIMIT_S = 0.9
STOPPED = "Stopped. Everything that was committed is kept; run the command again to go on."


def run(arguments: Sequence[str]) -> int:
    """Run one command: 0 done, 1 failed or stopped; wrong use leaves with 2 from the parser."""
    _speak_any_name()
    wish = parse(arguments)
    output = Output(as_json=wish.json)
    logging.basicConfig(level=logging.DEBUG if wish.verbose else logging.WARNING)
    # It logs what it makes of damaged files, which are told to the person in one sentence anyway.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with _prompt_interrupt(lambda: _failed(output, STOPPED)):
        return _run_command(wish, output)


def _run_command(wish: argparse.Namespace, output: Output) -> int:
    try:
        code = int(wish.command(wish, output))
        output.finish(code)
    except Unheard:
        return FAILED
    except KeyboardInterrupt:
        return _failed(output, STOPPED)
    except OSError as error:
        return _failed(output, _os_sentence(error))
    except Exception as error:
        if not _is_plain(error):
            raise
        return _failed(output, str(error))
    return code


def _failed(output: Output, sentence: str) -> int:
    with suppress(Unheard):
        output.fail(sentence)
    return FAILED


def _speak_any_name() -> None:
    """A name that the terminal cannot spell is shown escaped; it never stops a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # not where it is closed, or a test listens
            stream.reconfigure(errors="backslashreplace")


def _is_plain(error: Exception) -> bool:
    from annotator.flows.errors import PLAIN_ERRORS

    return isinstance(error, PLAIN_ERRORS)


def _os_sentence(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{reason}: '{error.filename}'." if error.filename else f"{reason}."


@contextmanager
def _prompt_interrupt(tell: Callable[[], object]) -> Iterator[None]:
    """Make Ctrl-C end the program within a second, even inside a long call into native code.

    The first Ctrl-C raises KeyboardInterrupt as always. If that has not unwound in time, the
    process says so and leaves: commits are transactions and exports are staged, so nothing is lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    finished = threading.Event()

    def leave_late() -> None:
        if not finished.wait(STOP_LIMIT_S):
            tell()
            os._exit(FAILED)

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=leave_late, daemon=True).start()
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        finished.set()
        signal.signal(signal.SIGINT, before)
