"""What is worth a line in the log, each as one function: projects, transfers, problems, delays.

Names of a person's pictures go only to the logger of `PICTURES`: reports of crashes leave it out.
"""

import logging
from pathlib import Path

PICTURES = "annotator.pictures"
SLOW_MS = 1000.0

_project = logging.getLogger("annotator.project")
_pictures = logging.getLogger(PICTURES)
_answers = logging.getLogger("annotator.answers")
_engine = logging.getLogger("annotator.engine")


class _Engine:
    """The state that was told last."""

    told = ("", "")


def project_opened(folder: Path, *, images: int, classes: int) -> None:
    """A project is open."""
    _project.info("Opened '%s': %d images, %d classes", folder.name, images, classes)


def project_closed(folder: Path) -> None:
    """A project was closed."""
    _project.info("Closed '%s'", folder.name)


def images_added(folder: Path, *, added: int, problems: int) -> None:
    """A folder was looked through for images."""
    _project.info("Added %d images to '%s', %d with problems", added, folder.name, problems)


def exported(folder: Path, *, images: int, seconds: float) -> None:
    """A dataset was written and proven."""
    _project.info("Exported %d images to '%s' in %.1f s", images, folder.name, seconds)


def imported(folder: Path, *, images: int) -> None:
    """Labels were read in."""
    _project.info("Imported labels of %d images from '%s'", images, folder.name)


def gave_up(what: str, sentence: str) -> None:
    """A piece of work ended with a sentence for the person: 'export', 'import' ..."""
    _project.warning("%s gave up: %s", what.capitalize(), sentence)


def picture_problem(name: str, sentence: str) -> None:
    """A picture could not be used."""
    _pictures.warning("'%s': %s", name, sentence)


def answer_took(milliseconds: float) -> bool:
    """Note an answer to the picture in view that was slow; whether it was."""
    slow = milliseconds > SLOW_MS
    if slow:
        _answers.warning("The answer for the picture in view took %.0f ms", milliseconds)
    return slow


def engine_is(kind: str, text: str) -> None:
    """The engine's state changed: 'ready', 'restarting' ... with the device or the reason.

    Between ready and busy it goes to and fro with every answer, which is no news.
    """
    if kind == "busy" or (kind, text) == _Engine.told:
        return
    _Engine.told = (kind, text)
    level = logging.WARNING if kind in ("restarting", "failed") else logging.INFO
    _engine.log(level, "Engine %s%s", kind, f": {text}" if text else "")
