"""The export from question to proof: the fields, the plan, the writing, the result."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from annotator.document.changes import Changes
from annotator.document.errors import DocumentError
from annotator.export.errors import ExportError, InvalidOption, TargetRefused, WriteFailed
from annotator.flows import export_flow
from annotator.flows.export_plan import ExportPlan, plan_export
from annotator.flows.reporting import Reporter
from annotator.flows.workspace import Workspace
from annotator.look.measures import GAP, WIDE
from annotator.look.pieces import push_button, row
from annotator.window.background import BackgroundWork, Ending
from annotator.window.export_ask import ExportAsk
from annotator.window.export_result import ExportResultView, summary
from annotator.window.foot import Foot
from annotator.window.plan_view import PlanView, plan_heading

SETTLE_MS = 200  # typing must come to rest before the disk is asked
PAGE_WIDTH = 860


class ExportForm(QWidget):
    """Asks, shows what will be, writes in the background, shows the proof.

    ``review_wished`` and ``images_wished`` lead on to where something has to be done first.
    """

    told = Signal(str)
    exported = Signal(Path)
    review_wished = Signal()
    images_wished = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._plan: ExportPlan | None = None
        self.ask, self.plan_view = ExportAsk(workspace.folder), PlanView()
        self.result = ExportResultView()
        self.foot = Foot(work="export", step=self._take_step, stop=self._stop)
        self.start = push_button("Export", self.begin, kind="primary")
        self._writing, self._planning = BackgroundWork(self), BackgroundWork(self)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._pages = QStackedWidget()
        self._lay_out()
        self._connect()
        self._unsubscribe = workspace.subscribe(self._on_changes)
        self._show_running(running=False)

    @property
    def running(self) -> bool:
        """Whether an export is under way."""
        return self._writing.running

    @property
    def plan(self) -> ExportPlan | None:
        """What would be written, as far as it has been looked at."""
        return self._plan

    def begin(self) -> None:
        """Write the dataset."""
        if self.running or not self.ask.folder.text().strip():
            self.ask.folder.setFocus()
            return
        try:
            wish = self.ask.wish()
        except InvalidOption as error:
            self.foot.say(str(error))
            return
        self._pages.setCurrentIndex(0)
        self.foot.say("")
        self._show_running(running=True)
        self._writing.start(partial(_write, self._workspace, self.ask.out, wish))

    def close_all(self) -> None:
        """Stop what is under way, wait for it, and hear of the project no more."""
        self._unsubscribe()
        self._settle.stop()
        self._writing.close()
        self._planning.close()
        self.result.sheet.close_all()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102 - Qt's name
        super().showEvent(event)
        self._settle.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: D102 - Qt's name
        self._settle.stop()
        super().hideEvent(event)

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.ask)
        column.addSpacing(GAP)
        column.addWidget(plan_heading())
        column.addWidget(self.plan_view)
        column.addStretch(1)
        self._pages.addWidget(scrolled(page))
        self._pages.addWidget(scrolled(self.result))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        self.foot.add_button(self.start)
        layout.addWidget(self.foot)

    def _connect(self) -> None:
        self.ask.changed.connect(self._settle.start)
        self._settle.timeout.connect(self._look)
        self._planning.ended.connect(self._on_planned)
        self._writing.progressed.connect(self.foot.show_progress)
        self._writing.ended.connect(self._on_written)
        self.plan_view.review_wished.connect(self.review_wished)
        self.result.again_wished.connect(self._again)
        self.result.told.connect(self.told)

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        if self.isVisible() and (changes.images or changes.image_list):
            self._settle.start()

    def _look(self) -> None:
        """Find out what would be written, off the window's thread."""
        if self.running or not self.ask.folder.text().strip():
            return
        try:
            wish = self.ask.wish()
        except InvalidOption as error:
            self.plan_view.show_words(str(error))
            return
        self._planning.start(partial(plan_export, self._workspace.project, self.ask.out, wish))

    def _on_planned(self, ending: Ending) -> None:
        if isinstance(ending.value, ExportPlan):
            self._plan = ending.value
            self.plan_view.show_plan(ending.value)
            self._show_running(running=self.running)
            if not ending.value.images:
                self.foot.say(
                    "Nothing is accepted yet, so there is nothing to export.", "Review answers"
                )
        elif ending.error is not None:
            self.plan_view.show_words(ending.sentence)

    def _on_written(self, ending: Ending) -> None:
        self._show_running(running=False)
        result = ending.value
        if isinstance(result, export_flow.ExportResult):
            self.result.show_result(result)
            self._pages.setCurrentIndex(1)
            checks = f"{result.report.passed} checks passed"
            self.foot.say(f"{summary(result)} · {checks} · {result.folder}")
            self.exported.emit(result.folder)
            return
        self.foot.say(ending.sentence, self._step_after(ending.error))
        self._settle.start()

    def _step_after(self, error: Exception | None) -> str:
        """The next step after something went wrong, as the words of its button."""
        if isinstance(error, TargetRefused):
            return "Replace it" if self._plan and self._plan.replaceable else "Another folder"
        if isinstance(error, WriteFailed | OSError):
            return "Another folder"
        if isinstance(error, DocumentError):
            nothing = self._plan is None or not self._plan.images
            return "Review answers" if nothing else "Find images"
        return "Find images" if isinstance(error, ExportError) else ""

    def _take_step(self) -> None:
        step = self.foot.step.text()
        self.foot.say("")
        if step == "Replace it":
            self.ask.overwrite = True
            self.begin()
        elif step == "Another folder":
            self.ask.choose_folder()
        elif step == "Review answers":
            self.review_wished.emit()
        else:
            self.images_wished.emit()

    def _stop(self) -> None:
        self.foot.verdict.setText("Stopping …")
        self._writing.stop()

    def _again(self) -> None:
        self._pages.setCurrentIndex(0)
        self.foot.say("")
        self._show_running(running=False)
        self._settle.start()

    def _show_running(self, *, running: bool) -> None:
        self.ask.set_running(running)
        self.foot.show_running(running=running)
        nothing = self._plan is not None and not self._plan.images
        self.start.setEnabled(not running and not nothing)


def _write(
    workspace: Workspace, out: Path, wish: export_flow.ExportOptions, reporter: Reporter
) -> export_flow.ExportResult:
    return export_flow.export_project(workspace, out, wish, reporter)


def scrolled(page: QWidget, width: int = PAGE_WIDTH) -> QScrollArea:
    """A page of limited width that scrolls when it is taller than the window."""
    holder = QWidget()
    across = row(spacing=0)
    across.setContentsMargins(WIDE + GAP, WIDE, WIDE + GAP, WIDE)
    page.setMaximumWidth(width)
    across.addWidget(page, 1000)
    across.addStretch(1)
    holder.setLayout(across)
    area = QScrollArea()
    area.setWidget(holder)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
