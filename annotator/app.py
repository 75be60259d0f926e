"""The application: builds window, engine and settings once, then gets out of the way."""

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import platformdirs
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog

from annotator.crash_watch import CrashNotice, CrashWatch
from annotator.engine_log import keep_engine_log
from annotator.flows.engine_lane import EngineLane
from annotator.log_file import Log, hear_qt, start_logging
from annotator.look.style import Scheme, Style
from annotator.settings import SettingsFile, settings_path
from annotator.window.dropping import accept_drops
from annotator.window.feedback import Tone
from annotator.window.guide import Guide
from annotator.window.log_page import LogPage
from annotator.window.main_window import MainWindow
from annotator.window.opening import Opening
from annotator.window.pages import Place
from annotator.window.places import crash_message
from annotator.window.preferences import Preferences
from annotator.window.settings_page import SettingsPage
from annotator.window.shortcuts_page import ShortcutsPage

TOUR_AFTER_MS = 600


class Application:
    """One window over one engine; what was chosen is remembered."""

    def __init__(self, qt: QApplication, log: Log, watch: CrashWatch) -> None:
        self._log = log
        self._file = SettingsFile(settings_path())
        loaded = self._file.load()
        settings = loaded.settings
        self.style = Style(qt, Scheme(settings.scheme), text_scale=settings.text_scale)
        self.lane = EngineLane()
        self.window = MainWindow(self.lane, self.style)
        self.preferences = Preferences(self.window, self.style, self._file, settings)
        self.opening = Opening(self.window)
        self.guide = Guide(self.window)
        self._wire()
        watch.happened.connect(self._on_crash)
        for note in (loaded.note, log.note):
            if note:
                self.window.tell(note, Tone.WARN)

    def start(self, target: Path | None, earlier: CrashNotice | None = None) -> None:
        """Show the window first, then warm the engine up, then open what was asked for."""
        self.window.show()
        QTimer.singleShot(0, partial(self._go_on, target, earlier))

    def open_demo(self) -> None:
        """Make the demo project in the person's data folder and open it."""
        self.opening.open_demo(platformdirs.user_data_path("annotator", False))

    def _go_on(self, target: Path | None, earlier: CrashNotice | None) -> None:
        """After the first paint."""
        self.lane.start()
        self.preferences.show_recent()
        if earlier is not None:
            self.window.messages.say(crash_message(earlier, earlier=True))
        if target is not None:
            self.opening.open_path(target)

    def _wire(self) -> None:
        window = self.window
        window.wire(
            {
                "project.open": self._ask_for_folder,
                "project.demo": self.open_demo,
                "window.tour": self.guide.start,
            }
        )
        window.offer_pages(
            {Place.SETTINGS: self._settings_page, Place.KEYS: self._keys_page,
             Place.LOG: partial(LogPage, self._log)}
        )  # fmt: skip
        welcome = window.welcome
        welcome.open_wished.connect(self._ask_for_folder)
        welcome.demo_wished.connect(self.open_demo)
        welcome.project_wished.connect(lambda path: self.opening.open_path(Path(path)))
        welcome.forget_wished.connect(self.preferences.forget)
        welcome.tour_wished.connect(self._tour_on_demo)
        accept_drops(window, self.opening.take)
        self.opening.opened.connect(self.preferences.remember)
        self.guide.ended.connect(self.preferences.tour_was_seen)

    def _settings_page(self) -> SettingsPage:
        return self.preferences.make_page(settings_file=self._file.path, log_file=self._log.path)

    def _keys_page(self) -> ShortcutsPage:
        page = ShortcutsPage(self.window.actions_)
        page.changed.connect(self.preferences.keep_keys)
        return page

    def _tour_on_demo(self) -> None:
        """The tour needs something to look at: the demo project, unless one is open."""
        if self.window.page is None:
            self.open_demo()
        QTimer.singleShot(TOUR_AFTER_MS, self.guide.start)

    def _ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self.window, "A folder of images, or a project")
        if chosen:
            self.opening.open_path(Path(chosen))

    def _on_crash(self, notice: CrashNotice) -> None:
        self.window.messages.say(crash_message(notice))


def run_window(target: Path | None, arguments: Sequence[str] = ()) -> int:
    """Open the window and stay until it is closed; the exit code."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # for the engine, which inherits it
    qt = QApplication.instance() or QApplication([sys.argv[0], *arguments])
    if not isinstance(qt, QApplication):
        return 1
    qt.setApplicationName("annotator")
    log = start_logging()
    stop_hearing = hear_qt()
    keep_engine_log(log.folder)
    watch = CrashWatch(log)
    earlier = watch.start()
    application = Application(qt, log, watch)
    application.start(target, earlier)
    code = int(qt.exec())
    watch.close()
    stop_hearing()
    log.close()
    return code
