"""The images of a project: add more, see what cannot be used, find what moved, take some out."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from annotator.document.changes import Changes
from annotator.document.edits import remove_images
from annotator.document.errors import DocumentError
from annotator.document.images import ImageEntry
from annotator.flows.image_survey import (
    FoundAgain,
    Survey,
    look_for_moved,
    survey_paths,
    survey_root,
    take_found,
    take_survey,
)
from annotator.flows.reporting import Reporter
from annotator.flows.workspace import Workspace, gesture
from annotator.look.measures import GAP, WIDE
from annotator.look.pieces import EmptyState, push_button, row, words
from annotator.window.background import BackgroundWork, Ending, Work
from annotator.window.fields import DropList
from annotator.window.foot import Foot
from annotator.window.image_table import ImageTable

ALL, PROBLEMS, UNLABELLED = range(3)
SHOWN = ("All images", "With a problem", "Without labels")
READABLE = "Images (*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.webp *.gif);;All files (*)"


class ImagesForm(QWidget):
    """Everything that concerns image files; all of it can be undone. ``told`` says what came."""

    told = Signal(str)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._stale = True
        self.table, self.shown, self.text = ImageTable(), DropList(), QLineEdit()
        self.count = words("", wrap=False)
        self.add_button = push_button("Add images…", self.choose_files, icon_name="add")
        self.folder_button = push_button("Add folder…", self.choose_folder, icon_name="folder")
        self.scan_button = push_button("Scan again", self.rescan, icon_name="reset")
        self.find_button = push_button("Find moved files…", self.choose_moved, icon_name="search")
        self.remove_button = push_button("Remove", self.remove_chosen, icon_name="remove")
        self._work = BackgroundWork(self)
        self.foot = Foot(work="scan", step=self._show_problems, stop=self._work.stop)
        self._soon = QTimer(self, singleShot=True, interval=150)
        self._pages = QStackedWidget()
        self.setAcceptDrops(True)
        self._lay_out()
        self._connect()
        self._unsubscribe = workspace.subscribe(self._on_changes)
        self._show_running()

    @property
    def running(self) -> bool:
        """Whether something is being looked for."""
        return self._work.running

    # -- what a person does ----------------------------------------------------------------------

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Bring these files and folders in, as one step that can be undone."""
        self._begin(partial(_look, self._workspace, tuple(paths)), "Looking at what was given …")

    def rescan(self) -> None:
        """Look at the image folder again: what is new, what is back, what is gone."""
        self._begin(partial(_scan, self._workspace), "Scanning the folder of images …")

    def find_in(self, folder: Path) -> None:
        """Look for files that have moved below a folder."""
        self._begin(partial(_find, self._workspace, folder), "Looking for files that have moved …")

    def remove_chosen(self) -> None:
        """Take the chosen images out of the project; files stay, and undo brings all back."""
        chosen = self.table.chosen()
        if not chosen:
            self._say("Choose images in the list first; Shift and Ctrl choose several.")
            return
        project = self._workspace.project
        first = project.image(chosen[0]).path
        name = gesture("Remove", first if len(chosen) == 1 else f"{len(chosen)} images")
        self._workspace.do(name, [remove_images(project, chosen)], self)
        images = "1 image" if len(chosen) == 1 else f"{len(chosen):,} images"
        self._say(f"{images} left the project; files and labels are kept, undo brings them back.")

    def choose_files(self) -> None:
        """Ask for files."""
        chosen, _ = QFileDialog.getOpenFileNames(self, "Images to add", filter=READABLE)
        if chosen:
            self.add_paths([Path(one) for one in chosen])

    def choose_folder(self) -> None:
        """Ask for a folder to add."""
        chosen = QFileDialog.getExistingDirectory(self, "A folder of images to add")
        if chosen:
            self.add_paths([Path(chosen)])

    def choose_moved(self) -> None:
        """Ask where the files are now."""
        chosen = QFileDialog.getExistingDirectory(self, "The folder where the images are now")
        if chosen:
            self.find_in(Path(chosen))

    def close_all(self) -> None:
        """Stop what is under way, wait for it, and hear of the project no more."""
        self._unsubscribe()
        self._soon.stop()
        self._work.close()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: D102 - Qt's name
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: D102 - Qt's name
        paths = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
        if paths:
            self.add_paths(paths)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102 - Qt's name
        super().showEvent(event)
        if self._stale:
            self._refill()

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.shown.addItems(list(SHOWN))
        self.shown.setAccessibleName("Which images are listed")
        self.text.setPlaceholderText("Filter by name")
        self.text.setAccessibleName("Filter the list by name")
        self.text.setClearButtonEnabled(True)
        empty = EmptyState(
            "project", "Nothing to list", "Add images, or drop files and folders onto this page."
        )
        self._pages.addWidget(self.table)
        self._pages.addWidget(empty)
        buttons = row(self.add_button, self.folder_button, self.scan_button, self.find_button, 1)
        filters = row(self.shown, spacing=GAP)
        filters.addWidget(self.text, 1)
        filters.addWidget(self.count)
        top = QVBoxLayout()
        top.setContentsMargins(WIDE + GAP, WIDE, WIDE + GAP, GAP)
        top.setSpacing(GAP)
        top.addLayout(buttons)
        top.addLayout(filters)
        top.addWidget(self._pages, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top, 1)
        self.foot.add_button(self.remove_button)
        layout.addWidget(self.foot)

    def _connect(self) -> None:
        self.shown.currentIndexChanged.connect(lambda _place: self._refill())
        self.text.textChanged.connect(lambda _text: self._soon.start())
        self._soon.timeout.connect(self._refill)
        self._work.progressed.connect(self.foot.show_progress)
        self._work.ended.connect(self._on_ended)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_running())
        self.table.entries.modelReset.connect(self._show_running)
        self.table.remove_wished.connect(self.remove_chosen)

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        if changes.image_list or changes.images:
            self._stale = True
            if self.isVisible():
                self._soon.start()

    def _refill(self) -> None:
        self._stale = False
        project, wanted = self._workspace.project, self.text.text().strip().casefold()
        labelled = frozenset(project.image_ids_with_labels())
        marked = frozenset(project.image_ids_with_cues())

        def fits(entry: ImageEntry) -> bool:
            which = self.shown.currentIndex()
            if which == PROBLEMS and entry.problem is None:
                return False
            if which == UNLABELLED and (entry.image_id in labelled or entry.problem is not None):
                return False
            return wanted in entry.path.casefold()

        entries = [entry for entry in project.images.values() if fits(entry)]
        self.table.show_entries(entries, labelled, marked)
        problems = sum(entry.problem is not None for entry in project.images.values())
        self.count.setText(
            f"{len(entries):,} of {len(project.images):,} · {problems:,} with a problem"
        )
        self._pages.setCurrentIndex(0 if entries else 1)

    def _show_problems(self) -> None:
        self.text.clear()
        self.shown.setCurrentIndex(PROBLEMS)

    def _begin(self, work: Work, sentence: str) -> None:
        if self.running:
            return
        self._say(sentence)
        self._work.start(work)
        self._show_running()

    def _on_ended(self, ending: Ending) -> None:
        try:
            sentence = self._outcome(ending)
        except DocumentError as error:
            sentence = str(error)
        self._say(sentence)
        self._show_running()
        if any(entry.problem for entry in self._workspace.project.images.values()):
            self.foot.say(sentence, "See which")

    def _outcome(self, ending: Ending) -> str:
        """Do what was found, and say it in one sentence."""
        if isinstance(ending.value, Survey):
            return take_survey(self._workspace, ending.value)
        if isinstance(ending.value, FoundAgain):
            return take_found(self._workspace, ending.value)
        return ending.sentence

    def _say(self, text: str) -> None:
        self.foot.say(text)
        if not self.running and text:
            self.told.emit(text)

    def _show_running(self) -> None:
        running = self.running
        self.foot.show_running(running=running)
        chosen = len(self.table.selectionModel().selectedRows())
        self.remove_button.setText(f"Remove {chosen:,}" if chosen > 1 else "Remove")
        self.remove_button.setEnabled(bool(chosen) and not running)
        adders = (self.add_button, self.folder_button, self.scan_button, self.find_button)
        for button in adders:
            button.setEnabled(not running)


def _look(workspace: Workspace, paths: tuple[Path, ...], reporter: Reporter) -> Survey:
    return survey_paths(workspace.project, paths, reporter)


def _scan(workspace: Workspace, reporter: Reporter) -> Survey:
    return survey_root(workspace.project, reporter)


def _find(workspace: Workspace, folder: Path, reporter: Reporter) -> FoundAgain:
    return look_for_moved(workspace.project, folder, reporter)
