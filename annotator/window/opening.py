"""Opening: a path becomes a project in the window; folders are scanned in the background."""

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from annotator import log_lines
from annotator.document.errors import DocumentError, ProjectMissing
from annotator.flows.demo import demo_folders, make_demo_project
from annotator.flows.image_folder import look_at_paths, scan_drafts, take_drafts
from annotator.flows.workspace import Workspace
from annotator.window.background import STOPPED, BackgroundWork, Ending, Work
from annotator.window.covers import write_cover
from annotator.window.feedback import Tone
from annotator.window.main_window import MainWindow

PROJECT_SUFFIX = "-labels"
JOB_AFTER_S = 0.3  # shorter work shows no bar


class Opening(QObject):
    """Opens projects, folders and dropped files in one window."""

    opened = Signal(Path)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._work = BackgroundWork(self)
        self._work.progressed.connect(self._on_progress)
        self._work.ended.connect(self._on_end)
        self._begun = 0.0
        window.status.cancel_wished.connect(self._work.stop)
        window.project_closing.connect(self._on_closing)
        window.closed.connect(self._work.close)

    @property
    def running(self) -> bool:
        """Whether a folder is being looked through."""
        return self._work.running

    def open_path(self, path: Path) -> None:
        """Open a project, or a folder of images: its project lies beside it and is made if new."""
        self._work.stop()
        try:
            workspace = _workspace_of(path)
        except DocumentError as error:
            self._window.tell(str(error), Tone.BAD)
            return
        self._show(workspace)
        self.opened.emit(path)
        if not workspace.project.images:  # new, or its first scan was broken off
            self._look(lambda reporter: scan_drafts(workspace.project, reporter))

    def open_demo(self, root: Path) -> None:
        """Make a new demo project under ``root`` and open it."""
        try:
            root.mkdir(parents=True, exist_ok=True)
            number = 1
            while (folder := root / f"demo-{number}").exists():
                number += 1
            workspace = make_demo_project(demo_folders(folder))
        except (OSError, DocumentError) as error:
            self._window.tell(f"The demo cannot be made: {error}", Tone.BAD)
            return
        self._show(workspace)
        self.opened.emit(workspace.folder)

    def take(self, paths: Sequence[Path]) -> None:
        """Files or folders were dropped: a project is opened, images join the open project."""
        if not paths:
            return
        workspace = self._window.workspace
        single_folder = len(paths) == 1 and paths[0].is_dir()
        if workspace is None or (single_folder and (paths[0] / "project.annotator").exists()):
            first = paths[0]
            self.open_path(first if first.is_dir() else first.parent)
            return
        self._look(lambda reporter: look_at_paths(workspace.project, paths, reporter))

    def _on_closing(self) -> None:
        """Keep a cover for the first page, and a line in the log."""
        self._work.stop()
        project = self._window.project
        if project is None:
            return
        workspace, gallery = project.workspace, project.label.gallery
        log_lines.project_closed(workspace.folder)
        image_id = project.label.image_id
        picture = None if image_id is None else gallery.thumbnails.get(image_id)
        images, _, accepted = project.counts()
        try:
            write_cover(workspace.cache_folder, picture, images=images, accepted=accepted)
        except OSError as error:
            log_lines.gave_up("cover", str(error))

    def _show(self, workspace: Workspace) -> None:
        self._window.show_workspace(workspace)
        project = workspace.project
        log_lines.project_opened(
            workspace.folder, images=len(project.images), classes=len(project.classes)
        )

    def _look(self, work: Work) -> None:
        self._begun = time.monotonic()
        self._work.start(work)

    def _on_progress(self, fraction: float, words: str) -> None:
        if time.monotonic() - self._begun > JOB_AFTER_S:
            self._window.status.show_job(words or "Looking for images", fraction)

    def _on_end(self, ending: Ending) -> None:
        self._window.status.show_job(None)
        workspace = self._window.workspace
        if workspace is None or (not ending.good and ending.sentence == STOPPED):
            return
        if not ending.good:
            self._window.tell(ending.sentence, Tone.BAD)
            return
        try:
            report = take_drafts(workspace, ending.value)  # type: ignore[arg-type]  # drafts
        except DocumentError as error:
            self._window.tell(str(error), Tone.BAD)
            return
        log_lines.images_added(workspace.folder, added=report.added, problems=len(report.problems))
        self._tell(report.added, report.problems)

    def _show_images(self) -> None:
        self._window.actions_["project.add_images"].trigger()

    def _tell(self, added: int, problems: tuple[tuple[str, str], ...]) -> None:
        unread = f"; {len(problems)} cannot be read" if problems else ""
        if added or problems:
            said = f"Added {added} image{'s' * (added != 1)}{unread}."
            step = "Show why" if problems else ""
            tone = Tone.WARN if problems else Tone.GOOD
            self._window.tell(said, tone, step, self._show_images if problems else None)
        else:
            self._window.tell("No new images were found there.", Tone.WARN)


def _workspace_of(path: Path) -> Workspace:
    """The project at or beside a folder, made now where there is none."""
    try:
        return Workspace.open(path)
    except ProjectMissing:
        if not path.is_dir():
            raise
    beside = path.resolve().with_name(f"{path.resolve().name}{PROJECT_SUFFIX}")
    try:
        return Workspace.open(beside)
    except ProjectMissing:
        return Workspace.create(beside, path)
