"""The result of an export: the checks as a list to read, and the contact sheet as a picture."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from annotator.canvas.pyramid import ImagePyramid
from annotator.canvas.view import CanvasView
from annotator.document.images import ImageId
from annotator.export.exporter import SHEET_NAME
from annotator.export.findings import CheckResult
from annotator.flows.export_flow import ExportResult, ValidationReport
from annotator.look.measures import GAP, GRID, PAD, SMALL, figures_font
from annotator.look.pieces import Icon, heading, icon_button, push_button, row, title, words
from annotator.look.style import set_kind
from annotator.window.picture_loader import PictureLoader

SHEET_HEIGHT = 420
FINDINGS_SHOWN = 8
ZOOM_STEP = 1.25
_SHEET = ImageId(1)  # the loader knows pictures by number; there is only this one


class SheetView(QWidget):
    """A picture from a file that can be zoomed and moved."""

    def __init__(self) -> None:
        super().__init__()
        self.canvas = CanvasView()
        self.canvas.setAccessibleName("Contact sheet")
        self.canvas.setAccessibleDescription("Exported images with their labels laid over them.")
        self.canvas.setMinimumHeight(SHEET_HEIGHT)
        self._loader = PictureLoader(self)
        self._loader.loaded.connect(self._on_loaded)
        buttons = row(
            heading("Contact sheet"),
            1,
            icon_button("zoom-out", "Smaller", lambda: self._zoom(1 / ZOOM_STEP)),
            icon_button("zoom-in", "Larger", lambda: self._zoom(ZOOM_STEP)),
            icon_button("fit", "Whole sheet", self.canvas.fit),
            spacing=GRID,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addLayout(buttons)
        layout.addWidget(self.canvas, 1)

    def show_file(self, path: Path) -> None:
        """Load and show a picture."""
        self.canvas.show_image(None)
        self._loader.ask(_SHEET, path, 0)

    def close_all(self) -> None:
        """Wait for what is being loaded."""
        self._loader.close()

    def _on_loaded(self, _image_id: ImageId, pyramid: ImagePyramid) -> None:
        self.canvas.show_image(pyramid)

    def _zoom(self, factor: float) -> None:
        if self.canvas.viewport is not None:
            self.canvas.set_zoom(self.canvas.viewport.zoom * factor)


class ExportResultView(QWidget):
    """What was put in place; ``again_wished`` goes back to the form."""

    again_wished = Signal()
    told = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Result of the export")
        self._folder = Path()
        self.headline = title("")
        self.where = words("", wrap=True)
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._checks = QFrame()
        set_kind(self._checks, "card")
        self._rows = QVBoxLayout(self._checks)
        self._rows.setContentsMargins(PAD + GRID, PAD, PAD + GRID, PAD)
        self._rows.setSpacing(GAP)
        self.sheet = SheetView()
        self.open_button = push_button("Open folder", self._open)
        self.copy_button = push_button("Copy path", self._copy)
        self.again_button = push_button("Change something", self.again_wished.emit)
        self._lay_out()

    def show_result(self, result: ExportResult) -> None:
        """Tell what an export came to."""
        self._folder = result.folder
        self.headline.setText(summary(result))
        self.where.setText(str(result.folder))
        self._show_report(result.report)
        self.sheet.show_file(result.folder / SHEET_NAME)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        top = row(Icon("accepted", side=24, colour="good"))
        top.addWidget(self.headline, 1)
        layout.addLayout(top)
        layout.addWidget(self.where)
        layout.addLayout(row(self.open_button, self.copy_button, self.again_button, 1))
        layout.addSpacing(GAP)
        layout.addWidget(self.sheet)
        layout.addSpacing(GAP)
        layout.addWidget(heading("Proven by reading everything back"))
        layout.addWidget(self._checks)
        layout.addStretch(1)

    def _show_report(self, report: ValidationReport) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.setParent(None)
                old.deleteLater()
        for check in report.checks:
            self._rows.addWidget(_check_line(check))
        for finding in report.findings[:FINDINGS_SHOWN]:
            self._rows.addWidget(words(str(finding), kind="warn", pixels=SMALL))

    def _open(self) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder))):
            self.told.emit(f"No program here opens folders; the dataset is in '{self._folder}'.")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(str(self._folder))
        self.told.emit("The path is on the clipboard.")


def summary(result: ExportResult) -> str:
    """What was written in a few words: '12 images, 34 annotations'."""
    parts = [_counted(result.images, "image")]
    if result.annotations:
        parts.append(_counted(result.annotations, "annotation"))
    if len(result.splits) > 1:
        parts.append(", ".join(f"{name} {count:,}" for name, count in result.splits))
    return " · ".join(parts)


def _counted(count: int, one: str) -> str:
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def _check_line(check: CheckResult) -> QWidget:
    line = QWidget()
    grid = QGridLayout(line)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(GAP)
    grid.setVerticalSpacing(0)
    grid.setColumnStretch(1, 1)
    promise = check.check.value[0].upper() + check.check.value[1:]
    icon_name, colour = ("accept", "good") if check.passed else ("problem", "bad")
    if check.passed and check.warnings:
        icon_name, colour = "problem", "warn"
    examined = QLabel(f"{check.examined:,} looked at")
    examined.setFont(figures_font(SMALL))
    set_kind(examined, "dim")
    grid.addWidget(Icon(icon_name, colour=colour), 0, 0, Qt.AlignmentFlag.AlignTop)
    grid.addWidget(words(promise, kind=""), 0, 1)
    grid.addWidget(examined, 0, 2)
    if check.note:
        grid.addWidget(words(check.note, pixels=SMALL), 1, 1, 1, 2)
    line.setAccessibleName(f"{'Passed' if check.passed else 'Failed'}: {promise}")
    return line
