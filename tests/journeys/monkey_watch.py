"""What must hold while anything may happen: no fault, lost edit or leak."""

import gc
import os
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from annotator.document.annotations import ERASE, Stroke
from annotator.document.changes import Changes
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import Edit
from annotator.document.images import ImageId
from annotator.document.label_map import LabelMap, Provenance
from annotator.document.project import Project
from annotator.flows.workspace import Workspace

HARMLESS = (
    # What Qt says of a screen that does not exist.
    "This plugin does not support",
    "QFontDatabase: Cannot find font directory",
    # Return in a cell is taken up in the next turn of the event loop; where the keyboard went
    # elsewhere within the same turn, which no person manages, the name is in place by then.
    "commitData called with an editor that does not belong to this view",
    "closeEditor called with an editor that does not belong to this view",
)
BY_HAND = (Provenance.DRAWN, Provenance.IMPORTED)


class FaultNet:
    """Catches what would only be printed: errors in slots and threads, and Qt's warnings."""

    def __init__(self) -> None:
        self.caught: list[str] = []

    @contextmanager
    def spread(self) -> Iterator["FaultNet"]:
        """Catch within this block."""
        hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self._on_error
        threading.excepthook = lambda a: self._on_error(a.exc_type, a.exc_value, a.exc_traceback)
        sys.unraisablehook = lambda a: self._on_error(a.exc_type, a.exc_value, a.exc_traceback)
        before = qInstallMessageHandler(self._on_message)
        try:
            yield self
        finally:
            qInstallMessageHandler(before)
            sys.excepthook, threading.excepthook, sys.unraisablehook = hooks

    def _on_error(self, kind: type[BaseException], error: Any, trace: TracebackType | None) -> None:
        self.caught.append("".join(traceback.format_exception(kind, error, trace)))

    def _on_message(self, kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        grave = kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg)
        if grave and not any(part in text for part in HARMLESS):
            self.caught.append(f"Qt: {text}")


def snapshot(project: Project) -> dict[str, object]:
    """Everything a document holds, by name; equal for equal documents."""
    found: dict[str, object] = {
        "classes": tuple(project.classes.rows),
        "settings": dict(project.settings),
        "prompts": project.prompts(),
    }
    for image_id, entry in project.images.items():
        label_map = project.label_map(image_id)
        found[f"entry of {image_id}"] = entry
        found[f"cues of {image_id}"] = project.cues(image_id)
        found[f"labels of {image_id}"] = label_map.classes.tobytes()
        found[f"provenance of {image_id}"] = label_map.provenance.tobytes()
    return found


def differing(one: dict[str, object], other: dict[str, object]) -> list[str]:
    """Names of the parts in which two snapshots differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


class Ledger:
    """The undo list as it must be, kept by hand beside a workspace that it listens in on."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.place = 0
        self.broken: list[str] = []
        self._workspace: Workspace | None = None

    def attach(self, workspace: Workspace) -> None:
        """Note every gesture of a workspace from now on; a reopened one goes on where it was."""
        self._workspace = workspace
        do, undo, redo = workspace.do, workspace.undo, workspace.redo

        def noted_do(name: str, edits: Iterable[Edit], initiator: object = None) -> Changes:
            listed, project = list(edits), workspace.project
            before = {image_id: project.label_map(image_id) for image_id in project.images}
            changes = self._then(lambda: do(name, listed, initiator), name, bool(listed))
            self._check_pixels(before, changes, name)
            return changes

        def noted_undo(initiator: object = None) -> Changes:
            self.place -= self.place > 0
            return undo(initiator)

        def noted_redo(initiator: object = None) -> Changes:
            self.place += self.place < len(self.names)
            return redo(initiator)

        workspace.do, workspace.undo, workspace.redo = (  # type: ignore[method-assign]
            noted_do, noted_undo, noted_redo,
        )  # fmt: skip

    def check(self) -> list[str]:
        """What is wrong, in sentences."""
        wrong, self.broken = self.broken, []
        if self._workspace is not None:
            history = self._workspace.history
            done = self.names[self.place - 1] if self.place else None
            undone = self.names[self.place] if self.place < len(self.names) else None
            if (history.undo_name, history.redo_name) != (done, undone):
                wrong.append(
                    f"The undo list says {history.undo_name!r} | {history.redo_name!r}, "
                    f"done was {done!r} | {undone!r}."
                )
        return wrong

    def _then(self, act: Any, name: str, counts: bool) -> Changes:
        """Note the gesture before its listeners hear of it: one of them may undo it at once."""
        kept = list(self.names), self.place
        if counts:
            self.names[self.place :] = [name]
            self.place += 1
        try:
            return act()  # type: ignore[no-any-return]
        except Exception:
            self.names, self.place = kept
            raise

    def _check_pixels(self, before: dict[ImageId, LabelMap], changes: Changes, name: str) -> None:
        project = self._workspace.project if self._workspace else None
        for image_id in changes.images & before.keys():
            if project is None or image_id not in project.images:
                continue
            old, new = before[image_id], project.label_map(image_id)
            if old.size != new.size:
                continue
            accepted = new.provenance == Provenance.ACCEPTED
            taken = accepted & np.isin(old.provenance, BY_HAND)
            if taken.any():
                self.broken.append(f"{name!r} took {int(taken.sum())} pixels drawn by hand.")
            fresh = accepted & (
                (old.provenance != Provenance.ACCEPTED) | (old.classes != new.classes)
            )
            wrong = _against_last_stroke(project, image_id, fresh)
            if wrong:
                self.broken.append(f"{name!r} took {wrong} pixels from under the last stroke.")


def _against_last_stroke(project: Project, image_id: ImageId, fresh: Any) -> int:
    """Pixels accepted just now on the last stroke's own points that are not of its class."""
    cues = [cue for cue in project.cues(image_id) if not hasattr(cue, "corners")]
    if not cues or not isinstance(cues[-1], Stroke) or cues[-1].target == ERASE:
        return 0
    stroke, H, W = cues[-1], *project.label_map(image_id).size
    target = ClassId(int(project.classes.lookup()[stroke.target]))
    if target == BACKGROUND and stroke.target != BACKGROUND:
        return 0  # its class was removed since: it says nothing any more
    seen = project.visible_classes(image_id)
    points = {(int(np.floor(y)), int(np.floor(x))) for x, y in stroke.points}
    inside = [(y, x) for y, x in points if 0 <= y < H and 0 <= x < W]
    return sum(bool(fresh[at]) and seen[at] != target for at in inside)


@dataclass(frozen=True, slots=True)
class Census:
    """What a process holds."""

    widgets: int
    objects: int
    files: int
    threads: int
    blocks: int
    bytes: int

    @classmethod
    def now(cls) -> "Census":
        """Count, after the garbage is gone."""
        gc.collect()
        status = Path("/proc/self/statm")
        pages = int(status.read_text(encoding="ascii").split()[1]) if status.exists() else 0
        shared = Path("/dev/shm").glob(f"annotator_{os.getpid()}_*")
        return cls(
            widgets=len(QApplication.allWidgets()),
            objects=sum(
                issubclass(type(one), QObject) and isValid(one) for one in gc.get_objects()
            ),
            files=_entries(Path("/proc/self/fd")),
            threads=_entries(Path("/proc/self/task")),
            blocks=sum(1 for _ in shared),
            bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        )


def _entries(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
