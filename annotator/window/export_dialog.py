"""The export dialog: the export form in a window of its own, closed when done."""

from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from annotator.flows.workspace import Workspace
from annotator.window.export_form import ExportForm

USUAL_SIZE = (760, 720)


class ExportDialog(QDialog):
    """Shows the form; closing stops an export under way first, and nothing half written stays."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export dataset")
        self.form = ExportForm(workspace)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        self.resize(*USUAL_SIZE)
        self.form.review_wished.connect(self.accept)
        self.form.images_wished.connect(self.accept)

    @property
    def folder(self) -> QLineEdit:
        """Where to."""
        return self.form.ask.folder

    @property
    def start(self) -> QPushButton:
        """Begins."""
        return self.form.start

    @property
    def verdict(self) -> QLabel:
        """What became of it, in words."""
        return self.form.foot.verdict

    @property
    def running(self) -> bool:
        """Whether an export is under way."""
        return self.form.running

    def done(self, code: int) -> None:
        """The dialog is over; so is everything it had begun."""
        self.form.close_all()
        super().done(code)
