"""The gallery: every image as a live thumbnail, sorted and filtered, walked with the keyboard."""

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QCloseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from annotator.document.changes import Changes
from annotator.document.classes import ClassId
from annotator.document.images import ImageId
from annotator.flows.workspace import Workspace
from annotator.look.measures import GAP, GRID, SMALL
from annotator.look.pieces import EmptyState, heading, icon_button, push_button, row, words
from annotator.panels.gallery_cells import (
    STATE_WORDS,
    CellState,
    Order,
    Wish,
    cells_of,
    state_of,
)
from annotator.panels.gallery_delegate import GalleryDelegate
from annotator.panels.gallery_model import GalleryModel
from annotator.panels.thumbnails import Thumbnails

T = TypeVar("T")

SETTLE_MS = 40  # scrolling must come to rest before the engine is told where


class GalleryView(QListView):
    """A grid of equal cells that always fills the width."""

    settled = Signal()

    def __init__(self, model: GalleryModel, least_cell: int) -> None:
        super().__init__()
        self.setAccessibleName("Images")
        self._least_cell = least_cell
        self._delegate = GalleryDelegate(model, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        # Wrapped list, not icon mode: that one keeps a search tree of all items, slow at 100,000.
        self.setViewMode(QListView.ViewMode.ListMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setUniformItemSizes(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(SETTLE_MS)
        self._rest.timeout.connect(self.settled)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._rest.start())
        model.modelReset.connect(self._rest.start)

    def set_least_cell(self, width: int) -> None:
        """How narrow a cell may become before there is a column less."""
        self._least_cell = width
        self._fit()

    def columns(self) -> int:
        """Cells side by side."""
        return max(1, self.viewport().width() // self._least_cell)

    def visible_rows(self) -> range:
        """Rows of the model that are at least partly on screen."""
        count = self.model().rowCount()
        cell = self._delegate.cell_size
        if not count or cell.height() <= 0:
            return range(0)
        first_line = self.verticalScrollBar().value() // cell.height()
        lines = self.viewport().height() // cell.height() + 2
        start = min(count, first_line * self.columns())
        return range(start, min(count, start + lines * self.columns()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102 - Qt's name
        self._fit()
        super().resizeEvent(event)
        self._rest.start()

    def _fit(self) -> None:
        # One pixel less than there is: a line that is full to the last one would be wrapped.
        width = (self.viewport().width() - 1) // self.columns()
        if width != self._delegate.cell_size.width():
            self._delegate.set_width(width)
        self.setGridSize(self._delegate.cell_size)


class GalleryPanel(QWidget):
    """``image_chosen`` says where the person is; ``in_view`` which images the engine does first."""

    image_chosen = Signal(int)
    in_view = Signal(tuple)
    expand_wished = Signal()

    def __init__(self, *, least_cell: int = 132) -> None:
        super().__init__()
        self.setAccessibleName("Gallery")
        self._workspace: Workspace | None = None
        self.thumbnails = Thumbnails(self._locate, self)
        self.model = GalleryModel(self.thumbnails, self)
        self.view = GalleryView(self.model, least_cell)
        self._empty = EmptyState("project", "No images yet", "Images of this project appear here.")
        self.setFocusProxy(self.view)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        self._text = QLineEdit()
        self._text.setPlaceholderText("Filter by name")
        self._text.setAccessibleName("Filter images by name")
        self._text.setClearButtonEnabled(True)
        self._count = words("", pixels=SMALL, wrap=False)
        self._sort = push_button("", lambda: None, kind="quiet")
        self._filter = icon_button("filter", "Show only some states or classes", lambda: None)
        self._lay_out()
        self._text.textChanged.connect(lambda text: self.set_wish(replace(self.wish, text=text)))
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.settled.connect(self._tell_view)
        self._show_wish()

    # -- the project -----------------------------------------------------------------------------

    def show_workspace(self, workspace: Workspace | None) -> None:
        """Show the images of a project, or none."""
        self.thumbnails.clear()
        fresh, self._workspace = workspace is not self._workspace, workspace
        if workspace is not None and fresh:
            workspace.subscribe(self._on_changes)
            self.model.set_classes(workspace.project.classes)
        self.model.set_cells([] if workspace is None else cells_of(workspace.project))
        self._show_wish()

    def choose(self, image_id: ImageId) -> None:
        """Go to an image, scrolling as little as needed; one that is filtered out is left alone."""
        place = self.model.row_of(image_id)
        if place is not None:
            self.view.selectionModel().setCurrentIndex(
                self.model.index(place), QItemSelectionModel.SelectionFlag.ClearAndSelect
            )

    def current(self) -> ImageId | None:
        """The image the person is at."""
        index = self.view.currentIndex()
        return self.model.cell_at(index.row()).image_id if index.isValid() else None

    def step(self, by: int) -> None:
        """Walk on by some images, stopping at the ends."""
        count = self.model.rowCount()
        if count:
            at = self.view.currentIndex()
            goal = max(0, min(count - 1, at.row() + by)) if at.isValid() else 0
            self.choose(self.model.cell_at(goal).image_id)

    def visible_images(self) -> tuple[ImageId, ...]:
        """What is on screen, in reading order."""
        return tuple(self.model.cell_at(k).image_id for k in self.view.visible_rows())

    # -- order and filter ------------------------------------------------------------------------

    @property
    def wish(self) -> Wish:
        """The order and filter of now."""
        return self.model.wish

    def set_wish(self, wish: Wish) -> None:
        """Another order or filter; the current image stays current where it is still shown."""
        before = self.current()
        self.model.set_wish(wish)
        if before is not None:
            self.choose(before)
        self._show_wish()

    def focus_filter(self) -> None:
        """Put the cursor where one types a name."""
        self._text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._text.selectAll()

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._sort.setMenu(QMenu(self._sort))
        self._sort.menu().aboutToShow.connect(self._fill_sort_menu)
        menu = QMenu(self._filter)
        menu.aboutToShow.connect(self._fill_filter_menu)
        self._filter.setMenu(menu)
        self._filter.setPopupMode(self._filter.ToolButtonPopupMode.InstantPopup)
        expand = icon_button("gallery", "Let the gallery fill the window", self.expand_wished.emit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, 0, GAP)
        layout.setSpacing(GAP)
        top = row(heading("Gallery"), self._count, 1, self._sort, expand, spacing=GRID)
        top.setContentsMargins(GRID, 0, GAP, 0)
        line = row(self._text, self._filter, spacing=GRID)
        line.setContentsMargins(GRID, 0, GAP, 0)
        layout.addLayout(top)
        layout.addLayout(line)
        layout.addWidget(self._stack, 1)

    def _locate(self, image_id: ImageId) -> tuple[Path, int]:
        if self._workspace is None:
            raise LookupError(f"No project is open that could have image {image_id}.")
        project = self._workspace.project
        return project.image_path(image_id), project.image(image_id).page

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        workspace = self._workspace
        if workspace is None:
            return
        project = workspace.project
        if changes.classes:
            self.model.set_classes(project.classes)
        if changes.image_list:
            self.model.set_cells(cells_of(project))
            self._show_wish()
            return
        for image_id in changes.images & project.images.keys():
            cell = self.model.cell(image_id)
            if cell is not None:
                state = state_of(project, project.image(image_id), proposed=cell.doubt is not None)
                self.model.update_cell(replace(cell, state=state))

    def _on_current(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid():
            self.image_chosen.emit(self.model.cell_at(index.row()).image_id)

    def _tell_view(self) -> None:
        if self._stack.currentWidget() is self.view:
            self.in_view.emit(self.visible_images())

    def _show_wish(self) -> None:
        shown, total = self.model.rowCount(), self.model.total
        self._sort.setText(f"{self.wish.order.value}  ▾")
        self._sort.setAccessibleName(f"Sorted by {self.wish.order.value}")
        self._count.setText(f"{shown:,} of {total:,}" if shown < total else f"{total:,}")
        self._count.setVisible(total > 0)
        if total and not shown:
            self._empty.say("Nothing fits", "No image fits the filter; clear it to see all.")
        else:
            self._empty.say("No images yet", "Open a folder or drop images onto the window.")
        self._stack.setCurrentWidget(self.view if shown else self._empty)

    def _fill_sort_menu(self) -> None:
        menu = self._sort.menu()
        menu.clear()
        group = QActionGroup(menu)
        for order in Order:
            action = menu.addAction(order.value.capitalize())
            action.setCheckable(True)
            action.setChecked(order is self.wish.order)
            group.addAction(action)
            action.triggered.connect(
                lambda _on=False, o=order: self.set_wish(replace(self.wish, order=o))
            )

    def _fill_filter_menu(self) -> None:
        menu = self._filter.menu()
        menu.clear()
        for state, name in STATE_WORDS.items():
            action = menu.addAction(name.capitalize())
            action.setCheckable(True)
            action.setChecked(state in self.wish.states)
            action.triggered.connect(lambda _on=False, s=state: self._toggle_state(s))
        menu.addSeparator()
        for line in self._workspace.project.classes if self._workspace else ():
            action = menu.addAction(line.name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(line.class_id in self.wish.classes)
            action.triggered.connect(lambda _on=False, c=line.class_id: self._toggle_class(c))
        menu.addSeparator()
        menu.addAction("Show all", self.clear_filter)

    def clear_filter(self) -> None:
        """Show every image again."""
        self._text.clear()
        self.set_wish(Wish(order=self.wish.order))

    def _toggle_state(self, state: CellState) -> None:
        self.set_wish(replace(self.wish, states=_toggled(self.wish.states, state)))

    def _toggle_class(self, class_id: ClassId) -> None:
        self.set_wish(replace(self.wish, classes=_toggled(self.wish.classes, class_id)))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102 - Qt's name
        self.thumbnails.close()
        super().closeEvent(event)


def _toggled(members: frozenset[T], member: T) -> frozenset[T]:
    return members - {member} if member in members else members | {member}
