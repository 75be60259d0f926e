"""What the command line says: tables for people, one JSON object for machines, progress bars."""

import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TextIO

from tqdm import tqdm


class Unheard(Exception):
    """Nobody can be told any more: the reader has gone, as with `| head`, or the disk is full."""


class TerminalReporter:
    """A progress bar with the time left on a terminal; silent when piped or asked to be quiet."""

    def __init__(self, title: str, *, quiet: bool, stream: TextIO | None = None) -> None:
        out = stream or sys.stderr
        self._bar = tqdm(
            total=1.0,
            desc=title,
            file=out,
            disable=quiet or not out.isatty(),
            bar_format="{desc} {percentage:3.0f}% |{bar:28}| {elapsed} < {remaining} {postfix}",
            leave=False,
        )

    def progress(self, fraction: float, message: str = "") -> None:
        """Move the bar to ``fraction`` in [0, 1]; it never moves back."""
        self._bar.set_postfix_str(_elided(message), refresh=False)
        self._bar.update(max(0.0, min(fraction, 1.0) - self._bar.n))

    def raise_if_cancelled(self) -> None:
        """Nothing to ask: on the command line Ctrl-C raises KeyboardInterrupt by itself."""

    def __enter__(self) -> "TerminalReporter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()


@dataclass(slots=True)
class Output:
    """Collects what a command found; prints it once, as text or as JSON."""

    as_json: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    def reporter(self, title: str) -> TerminalReporter:
        """A progress bar for one step of the work."""
        return TerminalReporter(title, quiet=self.as_json)

    def say(self, text: str) -> None:
        """A line for people; machines do not see it."""
        if not self.as_json:
            _print(text)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Columns for people: text to the left, numbers to the right."""
        if not self.as_json:
            _print(_table(head, rows))

    def fact(self, **facts: Any) -> None:
        """Something a machine wants to read: it ends in the JSON object."""
        self.facts.update(facts)

    def finish(self, code: int) -> None:
        """Print the JSON object, if that was asked for; ``ok`` says the same as the exit code."""
        if self.as_json:
            _print(json.dumps({"ok": code == 0, **self.facts}))

    def fail(self, sentence: str) -> None:
        """Say what went wrong: to the error stream for people, as JSON for machines."""
        if self.as_json:
            _print(json.dumps({"ok": False, "error": sentence, **self.facts}))
        else:
            _print(f"annotator: {sentence}", sys.stderr)


def count(number: int, noun: str) -> str:
    """A number with its noun: '1 image', '1,024 images'."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number:,} {noun[:-1]}ies"
    return f"{number:,} {noun}{'es' if noun.endswith(('s', 'x')) else 's'}"


def _harmless(text: str) -> str:
    """Names of files and tensors come from outside: nothing in them may steer the terminal."""
    steers = (c != "\n" and unicodedata.category(c) == "Cc" for c in text)
    return "".join("\ufffd" if bad else c for c, bad in zip(text, steers, strict=True))


def _print(text: str, stream: TextIO | None = None) -> None:
    """One piece of text, at once; `Unheard` where it cannot be delivered."""
    target = stream or sys.stdout
    try:
        print(_harmless(text), file=target, flush=True)
    except OSError as error:
        # What is left in the buffer goes nowhere, or Python would fail over it again at its end.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), target.fileno())
        if target is not sys.stderr and not isinstance(error, BrokenPipeError):
            _print(f"annotator: The output cannot be written: {error.strerror}.", sys.stderr)
        raise Unheard from error


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(_width(row[i]) for row in [list(head), *cells]) for i in range(len(head))]
    numeric = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = (
            _padding(text, width) + text if right else text + _padding(text, width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), "  ".join("-" * width for width in widths), *map(line, cells)])


def _width(text: str) -> int:
    """Columns on a terminal: wide letters of East Asian scripts take two, accents none."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) != 0 for letter in text)


def _padding(text: str, width: int) -> str:
    return " " * (width - _width(text))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _elided(text: str, limit: int = 32) -> str:
    return text if len(text) <= limit else f"…{text[1 - limit :]}"
