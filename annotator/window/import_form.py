"""The import of label images: look first, say what the values mean, then do it in one step."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from annotator.document.errors import DocumentError
from annotator.flows.import_commit import Imported, commit_import
from annotator.flows.import_plan import ImportPlan, plan_import, value_colours
from annotator.flows.reporting import Reporter
from annotator.flows.workspace import Workspace
from annotator.look.measures import GAP, GRID, SMALL, WIDE
from annotator.look.pieces import EmptyState, heading, push_button, row, words
from annotator.window.background import BackgroundWork, Ending
from annotator.window.export_form import scrolled
from annotator.window.fields import Tick
from annotator.window.foot import Foot
from annotator.window.import_table import ImportTable
from annotator.window.sample_view import SampleView

PROBLEMS_SHOWN = 6
TEACHING = (
    "Label images are PNG files whose pixel values are class numbers: 0 is background, 255 is "
    "ignored. Each belongs to the image of the same name. You see the result before anything "
    "is changed."
)


class ImportForm(QWidget):
    """Choose a folder, look at the first images, name the values, import; one undo takes it back.

    ``told`` says what came of it.
    """

    told = Signal(str)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.plan: ImportPlan | None = None
        self._done_name = ""  # of the import that can be taken back with one button
        self.folder = QLineEdit()
        self.table, self.samples = ImportTable(), SampleView()
        self.keep = Tick("Keep what is labelled already")
        self.foot = Foot(work="import", step=self._take_step, stop=self._stop)
        self.start = push_button("Import", self.begin, kind="primary")
        self._found, self._problems = words("", kind=""), words("", pixels=SMALL)
        self._looking, self._importing = BackgroundWork(self), BackgroundWork(self)
        self._pages = QStackedWidget()
        self.setAcceptDrops(True)
        self._lay_out()
        self._connect()
        self._show_state()

    def look_at(self, folder: Path) -> None:
        """See what a folder offers; nothing is changed."""
        self.folder.setText(str(folder))
        self.plan = None
        self.foot.say(f"Looking into '{folder.name}' …")
        self._looking.start(partial(_plan, self._workspace, folder))
        self._show_state()

    def begin(self) -> None:
        """Bring the labels in, as one step that can be undone."""
        if self.plan is None or self._importing.running:
            return
        self._importing.start(
            partial(
                _import, self._workspace, self.plan, self.table.meanings(), self.keep.isChecked()
            )
        )
        self._show_state()

    def choose_folder(self) -> None:
        """Ask for a place on the disk."""
        chosen = QFileDialog.getExistingDirectory(self, "A folder of label images")
        if chosen:
            self.look_at(Path(chosen))

    def close_all(self) -> None:
        """Stop what is under way and wait for it."""
        self._looking.close()
        self._importing.close()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: D102 - Qt's name
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: D102 - Qt's name
        paths = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
        if paths:
            self.look_at(paths[0] if paths[0].is_dir() else paths[0].parent)

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.folder.setAccessibleName("Folder of label images")
        self.folder.setPlaceholderText(
            "A folder of label images; type it, choose it or drop it here"
        )
        self.keep.setChecked(True)
        self._empty = EmptyState("import", "Bring in labels that exist already", TEACHING)
        self._empty.add_button(push_button("Choose a folder…", self.choose_folder, kind="primary"))
        self._pages.addWidget(self._empty)
        self._pages.addWidget(scrolled(self._found_page()))
        top = row(self.folder, spacing=GRID)
        top.setContentsMargins(WIDE + GAP, WIDE, WIDE + GAP, 0)
        top.setStretch(0, 1)
        top.addWidget(push_button("Browse…", self.choose_folder, icon_name="folder"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._pages, 1)
        self.foot.add_button(self.start)
        layout.addWidget(self.foot)

    def _found_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for widget in (self._found, self._problems):
            column.addWidget(widget)
        column.addSpacing(GAP)
        column.addWidget(heading("The first images, as they would be"))
        column.addWidget(self.samples)
        column.addWidget(heading("What the values mean"))
        column.addWidget(self.table)
        column.addWidget(self.keep)
        column.addStretch(1)
        return page

    def _connect(self) -> None:
        self.folder.returnPressed.connect(self._on_typed)
        self.table.changed.connect(self._recolour)
        self._looking.ended.connect(self._on_looked)
        self._importing.ended.connect(self._on_imported)
        for work in (self._looking, self._importing):
            work.progressed.connect(self.foot.show_progress)

    def _on_typed(self) -> None:
        if self.folder.text().strip():
            self.look_at(Path(self.folder.text().strip()).expanduser())

    def _on_looked(self, ending: Ending) -> None:
        self.foot.say(ending.sentence, "Another folder" if ending.error is not None else "")
        if isinstance(ending.value, ImportPlan):
            self._show_plan(ending.value)
        self._show_state()

    def _show_plan(self, plan: ImportPlan) -> None:
        self.plan = plan
        count = len(plan.drafts)
        some = f"; {plan.labelled:,} of them have labels already" if plan.labelled else ""
        self._found.setText(f"{count:,} label images fit an image of this project{some}.")
        shown = [sentence for _, sentence in plan.problems[:PROBLEMS_SHOWN]]
        if len(plan.problems) > PROBLEMS_SHOWN:
            shown.append(f"and {len(plan.problems) - PROBLEMS_SHOWN:,} more.")
        self._problems.setText("\n".join(shown))
        self._problems.setVisible(bool(shown))
        self.keep.setVisible(plan.labelled > 0)
        self.table.show_rows(plan.rows, [line.name for line in self._workspace.project.classes])
        self._recolour()

    def _recolour(self) -> None:
        if self.plan is None:
            return
        try:
            colours = value_colours(self._workspace.project.classes, self.table.meanings())
        except DocumentError as error:
            self.foot.say(str(error))
            return
        self.foot.say("")
        self.table.show_colours(colours)
        self.samples.show_samples(self.plan.samples, colours)

    def _on_imported(self, ending: Ending) -> None:
        if isinstance(ending.value, Imported):
            self._tell(ending.value)
        else:
            self.foot.say(ending.sentence)
        self._show_state()

    def _tell(self, imported: Imported) -> None:
        if not imported.images:
            self.foot.say("Nothing would change: all of this is labelled already.")
            return
        self._done_name = imported.name
        self._workspace.announce(imported.changes, self)
        left = f"; {len(imported.problems):,} could not be read" if imported.problems else ""
        self.foot.say(f"Labels of {imported.images:,} images are in{left}.", "Undo")
        self.told.emit(self.foot.verdict.text())

    def _take_step(self) -> None:
        step = self.foot.step.text()
        self.foot.say("")
        if step == "Undo" and self._workspace.history.undo_name == self._done_name:
            self._workspace.undo(self)
        elif step == "Undo":
            self.foot.say("More was done since; undo step by step with Ctrl+Z.")
        else:
            self.choose_folder()

    def _stop(self) -> None:
        self._looking.stop()
        self._importing.stop()

    def _show_state(self) -> None:
        running = self._looking.running or self._importing.running
        self.foot.show_running(running=running)
        self.start.setEnabled(not running and self.plan is not None and bool(self.plan.drafts))
        for field in (self.table, self.keep, self.folder):
            field.setEnabled(not running)
        self._pages.setCurrentIndex(0 if self.plan is None else 1)


def _plan(workspace: Workspace, folder: Path, reporter: Reporter) -> ImportPlan:
    return plan_import(workspace.project, folder, reporter=reporter)


def _import(
    workspace: Workspace,
    plan: ImportPlan,
    meanings: dict[int, str],
    keep: bool,
    reporter: Reporter,
) -> Imported:
    return commit_import(workspace, plan, meanings, keep_labelled=keep, reporter=reporter)
