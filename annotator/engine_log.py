"""The engine's own log: what the spawned process says, prints and cries when it dies natively."""

import contextlib
import faulthandler
import logging
import os
import sys
from pathlib import Path

from annotator.log_file import LINE_FORM, OLD_FILES, tail

ENGINE_VARIABLE = "ANNOTATOR_ENGINE_LOG"
FILE_NAME = "engine.log"
FILE_BYTES = 1 << 20
LAST_WORDS = 40


def keep_engine_log(folder: Path) -> None:
    """Let engines started from now on by this process write to a file in that folder."""
    os.environ[ENGINE_VARIABLE] = str(folder / FILE_NAME)


def engine_log() -> Path | None:
    """The file, where one was asked for."""
    wish = os.environ.get(ENGINE_VARIABLE)
    return Path(wish) if wish else None


def redirect_engine() -> None:
    """In the engine: send log, stderr and native tracebacks to the file, if one was asked for.

    File descriptor 2 is replaced as well: native libraries write to it past Python.
    """
    path = engine_log()
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _roll(path)
        stream = path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
        os.dup2(stream.fileno(), 2)
    except OSError:
        return  # the engine works without
    sys.stderr = stream
    faulthandler.enable(stream, all_threads=True)
    logging.basicConfig(stream=stream, level=logging.INFO, format=LINE_FORM, force=True)
    logging.getLogger(__name__).info("Engine process %d starts", os.getpid())


def last_words(limit: int = LAST_WORDS) -> str:
    """The end of the engine's file since its last start, for the log; empty where there is none."""
    path = engine_log()
    lines = () if path is None else tail(path, limit)
    starts = [k for k, line in enumerate(lines) if line.endswith(" starts") and __name__ in line]
    fresh = lines[starts[-1] + 1 :] if starts else lines
    return "\n".join(("", *fresh)) if fresh else ""


def _roll(path: Path) -> None:
    """Move a file that has grown large out of the way, the oldest one out of the world."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size < FILE_BYTES:
            return
        for number in range(OLD_FILES - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(f"{path.name}.{number}").replace(
                    path.with_name(f"{path.name}.{number + 1}")
                )
        path.replace(path.with_name(f"{path.name}.1"))
