"""The application: builds window, engine and settings once, then gets out of the way."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import platformdirs
from PySide6.QtWidgets import QApplication, QFileDialog

from annotator.document.errors import DocumentError, ProjectMissing
from annotator.flows.demo import demo_folders, make_demo_project
from annotator.flows.engine_lane import EngineLane
from annotator.flows.image_folder import add_folder
from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.settings import FILE_NAME, RECENT_LIMIT, Settings, SettingsFile
from annotator.window.feedback import Tone
from annotator.window.main_window import MainWindow

PROJECT_SUFFIX = "-labels"


class Application:
    """One window over one engine; what was chosen is remembered."""

    def __init__(self, qt: QApplication) -> None:
        self._file = SettingsFile(platformdirs.user_config_path("annotator", False) / FILE_NAME)
        loaded = self._file.load()
        self.settings = loaded.settings
        self.style = Style(qt, Scheme(self.settings.scheme))
        self.lane = EngineLane()
        self.window = MainWindow(self.lane, self.style)
        self._wire()
        if loaded.note:
            self.window.tell(loaded.note, Tone.WARN)

    def start(self, target: Path | None) -> None:
        """Show the window first, then warm the engine up, then open what was asked for."""
        self.window.show()
        self.lane.start()
        if target is not None:
            self.open_path(target)

    def open_path(self, path: Path) -> None:
        """Open a project, or a folder of images: its project lies beside it and is made if new."""
        try:
            self.window.show_workspace(_workspace_of(path))
        except DocumentError as error:
            self.window.tell(str(error), Tone.BAD)
            return
        self._remember(path)

    def open_demo(self) -> None:
        """Make the demo project in the person's data folder and open it."""
        root = platformdirs.user_data_path("annotator", False)
        root.mkdir(parents=True, exist_ok=True)
        number = 1
        while (folder := root / f"demo-{number}").exists():
            number += 1
        self.window.show_workspace(make_demo_project(demo_folders(folder)))

    def _wire(self) -> None:
        window = self.window
        window.wire("project.open", self._ask_for_folder)
        window.wire("project.demo", self.open_demo)
        window.welcome.open_wished.connect(self._ask_for_folder)
        window.welcome.demo_wished.connect(self.open_demo)
        window.welcome.project_wished.connect(lambda path: self.open_path(Path(path)))
        window.welcome.dropped.connect(lambda paths: self.open_path(Path(paths[0])))
        window.welcome.show_recent([Path(path) for path in self.settings.recent_projects])

    def _ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self.window, "A folder of images, or a project")
        if chosen:
            self.open_path(Path(chosen))

    def _remember(self, path: Path) -> None:
        kept = [str(path.resolve()), *self.settings.recent_projects]
        recent = tuple(dict.fromkeys(kept))[:RECENT_LIMIT]
        self._save(replace(self.settings, recent_projects=recent))
        self.window.welcome.show_recent([Path(one) for one in recent])

    def _save(self, settings: Settings) -> None:
        self.settings = settings
        try:
            self._file.save(settings)
        except OSError as error:
            self.window.tell(f"The settings cannot be saved: {error.strerror}.", Tone.WARN)


def run_window(target: Path | None, arguments: Sequence[str] = ()) -> int:
    """Open the window and stay until it is closed; the exit code."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # for the engine, which inherits it
    qt = QApplication.instance() or QApplication([sys.argv[0], *arguments])
    if not isinstance(qt, QApplication):
        return 1
    qt.setApplicationName("annotator")
    application = Application(qt)
    application.start(target)
    return int(qt.exec())


def _workspace_of(path: Path) -> Workspace:
    try:
        return Workspace.open(path)
    except ProjectMissing:
        if not path.is_dir():
            raise
    beside = path.resolve().with_name(f"{path.resolve().name}{PROJECT_SUFFIX}")
    try:
        return Workspace.open(beside)
    except ProjectMissing:
        workspace = Workspace.create(beside, path)
    add_folder(workspace)
    return workspace
