"""The support panel: the marked images that teach, what each is worth, and muting one."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMetaObject, QModelIndex, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QMenu,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from annotator.document.changes import Changes
from annotator.document.images import ImageId
from annotator.flows.errors import PLAIN_ERRORS
from annotator.flows.live_flow import LiveFlow
from annotator.flows.support_report import SupportReport
from annotator.flows.workspace import Workspace
from annotator.look.focus import lead_focus
from annotator.look.icons import icon
from annotator.look.measures import GAP, GRID, SMALL
from annotator.look.pieces import ElidedLabel, Icon, row, words
from annotator.panels.support_delegate import SupportDelegate, button_box
from annotator.panels.support_model import SupportModel, heading_text
from annotator.panels.thumbnails import Thumbnails

COLUMNS = 3
LEAST_CELL = 64
LINES = 2.3  # rows of pictures in view at most: a cut one says that there are more
LIMIT_BYTES = 48 << 20  # of pictures; some 150 of them


class SupportView(QListView):
    """Pictures in rows. ``wanted``: go to this row's image; ``mute_wished``: mute or teach."""

    wanted = Signal(QModelIndex)
    mute_wished = Signal(QModelIndex)

    def __init__(self, model: SupportModel, delegate: SupportDelegate) -> None:
        super().__init__()
        self.setAccessibleName("Images that teach")
        self.setAccessibleDescription("Enter goes to the image, M mutes it or lets it teach again")
        self._delegate = delegate
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setUniformItemSizes(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._pressed = QModelIndex()
        self._wanted = QSize(COLUMNS * LEAST_CELL, 0)
        self.clicked.connect(self.wanted)
        for changed in (model.rowsInserted, model.modelReset):
            changed.connect(self.fit)

    def fit(self) -> None:
        """As high as its pictures need, up to a little more than two rows."""
        count, bar = self.model().rowCount(), Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        columns = max(1, min(COLUMNS, self.width() // LEAST_CELL))
        lines, width = -(-count // columns), self.width()
        if lines > LINES:  # decided here and not by Qt, which would try one, then the other
            bar = Qt.ScrollBarPolicy.ScrollBarAlwaysOn
            width -= self.verticalScrollBar().sizeHint().width()
        self.setVerticalScrollBarPolicy(bar)
        # One pixel less than there is: a row that is full to the last one would be wrapped.
        self._delegate.set_width((width - 1) // columns)
        cell = self._delegate.cell_size
        self.setGridSize(cell)
        self._wanted.setHeight(round(cell.height() * min(lines, LINES)) + 1)
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return self._wanted

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """One row, where the column is short."""
        return QSize(LEAST_CELL, min(self._delegate.cell_size.height() + 1, self._wanted.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102 - Qt's name
        super().resizeEvent(event)
        self.fit()

    def event(self, event: QEvent) -> bool:
        """Keys of its own come before those of the window's actions."""
        own = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if own and isinstance(event, QKeyEvent) and self._meant_by(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102 - Qt's name
        wish = self._meant_by(event)
        if wish is None:
            super().keyPressEvent(event)
        elif self.currentIndex().isValid():
            wish(self.currentIndex())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102 - Qt's name
        self._pressed = self._button_under(event)
        if not self._pressed.isValid():
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102 - Qt's name
        pressed, self._pressed = self._pressed, QModelIndex()
        if not pressed.isValid():
            super().mouseReleaseEvent(event)
        elif self._button_under(event) == pressed:
            self.mute_wished.emit(pressed)

    def _button_under(self, event: QMouseEvent) -> QModelIndex:
        """The row whose small button is pressed; handled here, for Qt calls any release a click."""
        spot = event.position().toPoint()
        index = self.indexAt(spot)
        left = event.button() == Qt.MouseButton.LeftButton
        if left and index.isValid() and button_box(self.visualRect(index)).contains(spot):
            return index
        return QModelIndex()

    def _meant_by(self, event: QKeyEvent) -> Callable[[QModelIndex], None] | None:
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        if event.key() in (Qt.Key.Key_M, Qt.Key.Key_Space):
            return self.mute_wished.emit
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return self.wanted.emit
        return None


class SupportPanel(QWidget):
    """``image_chosen``: go there; ``told``: one sentence for the status line.

    Give it the ``thumbnails`` of the gallery and nothing is decoded twice.
    """

    image_chosen = Signal(int)
    told = Signal(str)

    def __init__(self, thumbnails: Thumbnails | None = None) -> None:
        super().__init__()
        self.setAccessibleName("Support")
        self._workspace: Workspace | None = None
        self._live: LiveFlow | None = None
        self._link: QMetaObject.Connection | None = None
        self._unsubscribe: Callable[[], None] = _nothing
        self._own = thumbnails is None
        self.thumbnails = thumbnails or Thumbnails(self._locate, self, limit_bytes=LIMIT_BYTES)
        self.model = SupportModel(self._name_of, self)
        delegate = SupportDelegate(self.thumbnails, self)
        self.view = SupportView(self.model, delegate)
        self._heading = ElidedLabel(kind="heading", pixels=SMALL, spaced=True)
        self._said = ""
        self._empty = _empty_state()
        lead_focus(self, self.view)
        self._lay_out()
        self.view.wanted.connect(self._go)
        self.view.mute_wished.connect(lambda index: self.toggle_muted(self._image_at(index)))
        self.view.customContextMenuRequested.connect(self._show_menu)
        for come in (self.thumbnails.ready, self.thumbnails.failed):
            come.connect(self._on_picture)
        self._refresh()

    # -- what is shown ---------------------------------------------------------------------------

    def show_live(self, workspace: Workspace | None, live: LiveFlow | None) -> None:
        """Show what teaches in a project, or nothing."""
        if self._link is not None:
            QObject.disconnect(self._link)
        self._unsubscribe()
        if self._own:
            self.thumbnails.clear()
            self.thumbnails.keep_in(None if workspace is None else workspace.cache_folder)
        self._workspace, self._live = workspace, live
        self._link = None if live is None else live.report_changed.connect(self._refresh)
        self._unsubscribe = workspace.subscribe(self._on_changes) if workspace else _nothing
        self._refresh()

    def toggle_muted(self, image_id: ImageId) -> None:
        """Let an image teach nothing, or teach again: one undoable step."""
        place = self.model.place_of(image_id)
        if self._live is None or place is None:
            return
        try:
            self._live.set_muted(image_id, not self.model.rows[place].muted)
        except PLAIN_ERRORS as error:
            self.told.emit(str(error))

    def menu_for(self, image_id: ImageId) -> QMenu:
        """Everything that can be done to one image here."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("next"), "Go to image", lambda: self.image_chosen.emit(image_id))
        place = self.model.place_of(image_id)
        muted = place is not None and self.model.rows[place].muted
        name, sign = ("Let it teach again", "unmute") if muted else ("Mute: teach nothing", "mute")
        menu.addAction(icon(sign), f"{name}\tM", lambda: self.toggle_muted(image_id))
        return menu

    def close_all(self) -> None:
        """End what runs in the background."""
        self.show_live(None, None)
        if self._own:
            self.thumbnails.close()

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        top = row(self._heading)
        top.setContentsMargins(GRID, 0, 0, 0)
        top.setStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GRID, GAP, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(self._empty)
        layout.addWidget(self.view)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _refresh(self) -> None:
        report = SupportReport() if self._live is None else self._live.report
        here = {} if self._workspace is None else self._workspace.project.images
        rows = tuple(row for row in report.rows if row.image_id in here)  # the report comes later
        current = self.view.currentIndex()
        kept = self.model.rows[current.row()].image_id if current.isValid() else None
        self.model.show_rows(rows)
        self._keep_current(kept)
        self._said = heading_text(report) if rows else "Support"
        self._heading.setAccessibleName(self._said)
        self._fit_heading()
        self.view.setVisible(bool(rows))
        self._empty.setVisible(not rows)

    def _fit_heading(self) -> None:
        """All of it, or as much as has room; the rest is told by the tip."""
        metrics = self._heading.fontMetrics()
        room = self.width() - 2 * GAP - GRID
        whole, part = self._said.upper(), self._said.partition(",")[0].upper()
        self._heading.setText(whole if metrics.horizontalAdvance(whole) <= room else part)
        self.setToolTip("" if self._heading.text() == whole else self._said)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102 - Qt's name
        super().resizeEvent(event)
        self._fit_heading()

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        if changes.image_list:
            self._refresh()

    def _keep_current(self, kept: ImageId | None) -> None:
        """A list that was filled anew still stands where the person left it."""
        place = None if kept is None else self.model.place_of(kept)
        if place is None:
            place = 0
        if not self.view.currentIndex().isValid() and self.model.rows:
            index = self.model.index(place)
            self.view.selectionModel().setCurrentIndex(
                index, self.view.selectionModel().SelectionFlag.NoUpdate
            )

    def _go(self, index: QModelIndex) -> None:
        if index.isValid():
            self.image_chosen.emit(self._image_at(index))

    def _image_at(self, index: QModelIndex) -> ImageId:
        return self.model.rows[index.row()].image_id

    def _show_menu(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        if index.isValid():
            self.menu_for(self._image_at(index)).popup(self.view.viewport().mapToGlobal(place))

    def _on_picture(self, number: int) -> None:
        place = self.model.place_of(ImageId(number))
        if place is not None:
            self.model.tell(place)

    def _name_of(self, image_id: ImageId) -> str:
        entry = self._workspace.project.images.get(image_id) if self._workspace else None
        return "an image that is gone" if entry is None else entry.path

    def _locate(self, image_id: ImageId) -> tuple[Path, int]:
        if self._workspace is None:
            raise LookupError(f"No project is open that could have image {image_id}.")
        project = self._workspace.project
        return project.image_path(image_id), project.image(image_id).page

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102 - Qt's name
        self.close_all()
        super().closeEvent(event)


def _nothing() -> None:
    """What ends a subscription that there is none of."""


def _empty_state() -> QWidget:
    """What stands here before anything was drawn; flat, for the column is narrow."""
    place = QWidget()
    text = words("Draw on an image: it becomes support.", pixels=12)
    layout = row(Icon("scribble", side=20), text)
    layout.setStretch(1, 1)
    layout.setContentsMargins(GRID, GRID, GRID, GRID)
    place.setLayout(layout)
    return place
