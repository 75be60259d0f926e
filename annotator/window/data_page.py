"""The data page: what leaves the project, what comes in, which images it has, and its figures."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from annotator.flows.pixel_census import PixelCensus
from annotator.flows.workspace import Workspace
from annotator.look.focus import lead_focus
from annotator.look.icons import icon
from annotator.look.measures import GAP, GRID, ICON, PAD, WIDE
from annotator.look.pieces import heading
from annotator.look.style import set_kind
from annotator.window.export_form import ExportForm
from annotator.window.images_form import ImagesForm
from annotator.window.import_form import ImportForm
from annotator.window.statistics_view import StatisticsView

LIST_WIDTH = 168
SECTIONS = (
    ("export", "Export", "export"),
    ("import", "Import", "import"),
    ("images", "Images", "folder"),
    ("statistics", "Statistics", "data"),
)


class DataPage(QWidget):
    """Four sections behind a plain list. ``exported`` names the folder of a finished dataset.

    ``review_wished``: something has to be accepted before there is anything to export.
    """

    told = Signal(str)
    exported = Signal(Path)
    review_wished = Signal()

    def __init__(self, workspace: Workspace, census: PixelCensus) -> None:
        super().__init__()
        self.setAccessibleName("Data")
        self.export_form, self.import_form = ExportForm(workspace), ImportForm(workspace)
        self.images_form = ImagesForm(workspace)
        self.statistics = StatisticsView(workspace, census)
        self.sections, self._pages = QListWidget(), QStackedWidget()
        self._lay_out()
        self._connect()
        self.sections.setCurrentRow(0)
        lead_focus(self, self.sections)

    def show_section(self, name: str) -> None:
        """'export', 'import', 'images' or 'statistics'; ValueError for anything else."""
        self.sections.setCurrentRow([section[0] for section in SECTIONS].index(name))

    def close_all(self) -> None:
        """End what runs in the background, and hear of the project no more."""
        for form in (self.export_form, self.import_form, self.images_form, self.statistics):
            form.close_all()

    def _lay_out(self) -> None:
        for _, title, icon_name in SECTIONS:
            item = QListWidgetItem(icon(icon_name), title)
            item.setSizeHint(QSize(LIST_WIDTH - 2 * GAP, 9 * GRID))
            self.sections.addItem(item)
        set_kind(self.sections, "sections")
        self.sections.setAccessibleName("Sections of the data page")
        self.sections.setIconSize(QSize(ICON, ICON))
        self.sections.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for form in (self.export_form, self.import_form, self.images_form, self.statistics):
            self._pages.addWidget(form)
        side = QFrame()
        side.setFixedWidth(LIST_WIDTH)
        column = QVBoxLayout(side)
        column.setContentsMargins(GAP, WIDE, GAP, GAP)
        column.setSpacing(GAP)
        named = heading("Data")
        named.setContentsMargins(PAD, 0, 0, 0)
        column.addWidget(named)
        column.addWidget(self.sections, 1)
        line = QFrame()
        line.setFixedWidth(1)
        set_kind(line, "line")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(side)
        layout.addWidget(line)
        layout.addWidget(self._pages, 1)

    def _connect(self) -> None:
        self.sections.currentRowChanged.connect(self._pages.setCurrentIndex)
        self.export_form.exported.connect(self.exported)
        self.export_form.review_wished.connect(self.review_wished)
        self.export_form.images_wished.connect(lambda: self.show_section("images"))
        for form in (self.export_form, self.import_form, self.images_form):
            form.told.connect(self.told)
