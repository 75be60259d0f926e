"""The export dialog: what to write, where, how far it is, and the proof at the end."""

from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from annotator.flows import export_flow
from annotator.flows.errors import PLAIN_ERRORS, Cancelled
from annotator.flows.reporting import CancelToken, SilentReporter
from annotator.flows.workspace import Workspace
from annotator.look.measures import GAP, WIDE
from annotator.look.pieces import push_button, row, words

PRESETS = (
    ("COCO, lossless masks: pycocotools, torchvision, detectron2", "coco"),
    ("COCO, polygons: Ultralytics and tools that refuse RLE", "coco-polygons"),
    ("Label images: one PNG of class ids per image", "masks"),
)
SPLITS = (
    ("No split", None),
    ("80 / 10 / 10: train, val, test", (80, 10, 10)),
    ("80 / 20: train, val", (80, 20)),
)
SHEET_WIDTH = 560


class _Said(QObject):
    progressed = Signal(float, str)
    done = Signal(object, str)  # ExportResult | None, sentence


class _Telling(SilentReporter):
    """Sends progress to the window's thread."""

    def __init__(self, token: CancelToken, said: _Said) -> None:
        super().__init__(token)
        self._said = said

    def progress(self, fraction: float, message: str = "") -> None:
        """Say how far it is."""
        self._said.progressed.emit(fraction, message)


class _Exporting(QRunnable):
    def __init__(
        self, workspace: Workspace, out: Path, wish: export_flow.ExportOptions, said: _Said
    ) -> None:
        super().__init__()
        self.token = CancelToken()
        self._workspace, self._out, self._wish, self._said = workspace, out, wish, said

    def run(self) -> None:
        """Write, prove, and say which of the two ends it came to."""
        reporter = _Telling(self.token, self._said)
        try:
            result = export_flow.export_project(self._workspace, self._out, self._wish, reporter)
        except Cancelled:
            self._said.done.emit(None, "Stopped; nothing was put in place.")
        except PLAIN_ERRORS as error:
            self._said.done.emit(None, str(error))
        except OSError as error:
            self._said.done.emit(None, f"The dataset cannot be written: {error.strerror}.")
        else:
            self._said.done.emit(result, "")


class ExportDialog(QDialog):
    """Asks, runs in the background, and shows the contact sheet with the verdict."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export dataset")
        self._workspace = workspace
        self._said = _Said(self)
        self._job: _Exporting | None = None
        self.preset, self.split = QComboBox(), QComboBox()
        for name, _ in PRESETS:
            self.preset.addItem(name)
        for name, _ in SPLITS:
            self.split.addItem(name)
        self.instances = QCheckBox("One annotation per connected object")
        self.overwrite = QCheckBox("Replace a former export in that folder")
        self.folder = QLineEdit(str(workspace.folder.with_name(f"{workspace.folder.name}-coco")))
        self.bar, self.verdict, self.sheet = QProgressBar(), words(""), QLabel()
        self.start = push_button("Export", self._start, kind="primary")
        self.stop = push_button("Close", self._stop_or_close)
        self._lay_out()
        self._said.progressed.connect(self._on_progress)
        self._said.done.connect(self._on_done)

    @property
    def running(self) -> bool:
        """Whether an export is under way."""
        return self._job is not None

    def done(self, code: int) -> None:
        """Closing stops an export under way first; nothing half written stays."""
        if self._job is not None:
            self._job.token.cancel()
            QThreadPool.globalInstance().waitForDone()
        super().done(code)

    def _lay_out(self) -> None:
        form = QFormLayout()
        browse = push_button("Browse…", self._browse)
        for label, field in (("For", self.preset), ("Split", self.split)):
            form.addRow(label, field)
        form.addRow("Folder", row(self.folder, browse))
        form.addRow("", self.instances)
        form.addRow("", self.overwrite)
        self.preset.setAccessibleName("Format")
        self.split.setAccessibleName("Split")
        self.folder.setAccessibleName("Folder")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(WIDE, WIDE, WIDE, WIDE)
        layout.setSpacing(GAP)
        layout.addLayout(form)
        layout.addWidget(self.bar)
        layout.addWidget(self.verdict)
        layout.addWidget(self.sheet)
        layout.addLayout(row(self.stop, self.start))
        self.bar.setRange(0, 1000)
        self.sheet.setVisible(False)
        self.setMinimumWidth(SHEET_WIDTH + 2 * WIDE)

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "An empty folder for the dataset")
        if chosen:
            self.folder.setText(chosen)

    def _start(self) -> None:
        wish = export_flow.options(
            PRESETS[self.preset.currentIndex()][1],
            split=SPLITS[self.split.currentIndex()][1],
            instances=self.instances.isChecked() and self.preset.currentIndex() < 2,
            overwrite=self.overwrite.isChecked(),
        )
        self._job = _Exporting(self._workspace, Path(self.folder.text()), wish, self._said)
        self._show_running(running=True)
        QThreadPool.globalInstance().start(self._job)

    def _stop_or_close(self) -> None:
        if self._job is None:
            self.accept()
        else:
            self._job.token.cancel()

    def _on_progress(self, fraction: float, message: str) -> None:
        self.bar.setValue(round(fraction * 1000))
        self.verdict.setText(message)

    def _on_done(self, result: export_flow.ExportResult | None, sentence: str) -> None:
        self._job = None
        self._show_running(running=False)
        if result is None:
            self.verdict.setText(sentence)
            return
        self.verdict.setText(
            f"{result.images} images, {result.annotations} annotations; "
            f"{result.report.passed} checks passed: {result.folder}"
        )
        picture = QPixmap(str(result.folder / "contact_sheet.png"))
        smooth = Qt.TransformationMode.SmoothTransformation
        self.sheet.setPixmap(picture.scaledToWidth(SHEET_WIDTH, smooth))
        self.sheet.setVisible(True)

    def _show_running(self, *, running: bool) -> None:
        for field in (self.preset, self.split, self.folder, self.instances, self.overwrite):
            field.setEnabled(not running)
        self.start.setEnabled(not running)
        self.stop.setText("Stop" if running else "Close")
