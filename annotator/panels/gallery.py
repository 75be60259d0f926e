"""The gallery: every image as a live thumbnail, sorted and filtered, walked with the keyboard."""

from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from annotator.document.changes import Changes
from annotator.document.images import ImageId
from annotator.document.proposal import Proposal
from annotator.flows.pixel_census import PixelCensus
from annotator.flows.workspace import Workspace
from annotator.look.focus import lead_focus
from annotator.look.measures import GAP
from annotator.look.pieces import EmptyState
from annotator.panels.gallery_cells import Order, Wish
from annotator.panels.gallery_head import GalleryHead
from annotator.panels.gallery_menu import CellDeeds, Choice, copy_text, menu_of, show_in_folder
from annotator.panels.gallery_model import GalleryModel
from annotator.panels.gallery_truth import GalleryTruth
from annotator.panels.gallery_view import GalleryView
from annotator.panels.thumbnails import Thumbnails

AnswerSource = Callable[[ImageId], Proposal | None]

EXPANDED_CELL = 208  # least width of a cell when the gallery has the window for itself
FOLLOW_MS = 300  # news of many images become one new order
COUNT_MS = 100  # and one new line of numbers
TRAIL = 100  # images one can walk back to


class GalleryPanel(QWidget):
    """``image_chosen`` says where the person is; ``in_view`` which images the engine does first.

    ``opened`` is an image that was pressed twice or with Enter. The wishes of the menu name images;
    nothing is done here but asking.
    """

    image_chosen = Signal(int)
    opened = Signal(int)
    in_view = Signal(tuple)
    expand_wished = Signal()
    accept_wished = Signal(tuple)
    reject_wished = Signal(tuple)
    mute_wished = Signal(int, bool)
    remove_wished = Signal(tuple)

    def __init__(self, *, least_cell: int = 132) -> None:
        super().__init__()
        self.setAccessibleName("Gallery")
        self._workspace: Workspace | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._census: PixelCensus | None = None
        self._source: AnswerSource | None = None
        self._muted: frozenset[int] = frozenset()
        self._least_cell, self._expanded = least_cell, False
        self._told: ImageId | None = None  # the image that was told last
        self._trail: deque[ImageId] = deque(maxlen=TRAIL)
        self.thumbnails = Thumbnails(self._locate, self)
        self.model = GalleryModel(self.thumbnails, self)
        self.truth = GalleryTruth(self.model, self)
        self.view = GalleryView(self.model, least_cell)
        self.head = GalleryHead()
        self._empty = EmptyState("project", "No images yet", "Images of this project appear here.")
        self._stack = QStackedWidget()
        self._follow = QTimer(self, singleShot=True, interval=FOLLOW_MS)
        self._count = QTimer(self, singleShot=True, interval=COUNT_MS)
        self._lay_out()
        self._connect()
        self._show_wish()

    # -- the project -----------------------------------------------------------------------------

    def show_workspace(self, workspace: Workspace | None) -> None:
        """Show the images of a project, or none."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._told = None
        self._trail.clear()
        self.thumbnails.clear()
        self.thumbnails.keep_in(None if workspace is None else workspace.cache_folder)
        self._workspace = workspace
        if workspace is not None:
            self._unsubscribe = workspace.subscribe(self._on_changes)
        self.truth.show(workspace)
        self._show_classes()
        self._show_wish()

    def set_answer_source(self, source: AnswerSource | None) -> None:
        """Where masks come from that had to be forgotten, when their cells are seen again."""
        self._source = source

    def set_census(self, census: PixelCensus | None) -> None:
        """Let filtering by class know labels of images that were never on screen."""
        if self._census is not None:
            self._census.images_counted.disconnect(self._on_counted)
        self._census = census
        if census is not None:
            census.images_counted.connect(self._on_counted)
            self._on_counted(tuple(census.counted_images()))

    def set_muted(self, image_ids: Iterable[int]) -> None:
        """Images that teach nothing, for the menu."""
        self._muted = frozenset(image_ids)

    def close_all(self) -> None:
        """End what runs in the background; the panel shows no project any more."""
        self.set_census(None)
        self.thumbnails.close()
        self.truth.close()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    # -- where one is ----------------------------------------------------------------------------

    def choose(self, image_id: ImageId) -> None:
        """Go to an image, scrolling as little as needed; one that is filtered out is left alone."""
        row = self.model.row_of(image_id)
        if row is not None:
            self.view.note_hand()
            self._set_current(row)

    def current(self) -> ImageId | None:
        """The image the person is at."""
        index = self.view.currentIndex()
        return self.model.image_at(index.row()) if index.isValid() else None

    def step(self, by: int) -> None:
        """Walk on by some images, stopping at the ends.

        In the order of use the image a person is at comes first, so walking back from there leads
        along the images that were visited before.
        """
        count = self.model.rowCount()
        if not count:
            return
        at = self.view.currentIndex()
        if by < 0 and at.isValid() and at.row() == 0 and self.wish.order is Order.USEFUL:
            self._walk_back()
            return
        goal = max(0, min(count - 1, at.row() + by)) if at.isValid() else 0
        self.choose(self.model.image_at(goal))

    def visible_images(self) -> tuple[ImageId, ...]:
        """What is on screen, in reading order."""
        return tuple(self.model.image_at(k) for k in self.view.visible_rows())

    def selected(self) -> tuple[ImageId, ...]:
        """Every chosen image, in the order they are shown."""
        return tuple(self.model.image_at(row) for row in self.view.selected_rows())

    # -- order, filter and size ------------------------------------------------------------------

    @property
    def wish(self) -> Wish:
        """The order and filter of now."""
        return self.model.wish

    def set_wish(self, wish: Wish) -> None:
        """Another order or filter; the current image stays current where it is still shown."""
        self._reorder(lambda first: self.model.set_wish(wish, first=first))
        self._show_wish()

    def clear_filter(self) -> None:
        """Show every image again."""
        self.set_wish(Wish(order=self.wish.order))

    def focus_filter(self) -> None:
        """Put the cursor where one types a name."""
        self.head.focus_text()

    def set_expanded(self, expanded: bool) -> None:
        """With the window for itself: larger cells, more of them in a row, counts per state."""
        self._expanded = expanded
        self.head.set_expanded(expanded)
        self.view.set_least_cell(max(EXPANDED_CELL, self._least_cell) if expanded
                                 else self._least_cell)  # fmt: skip
        index = self.view.currentIndex()
        if index.isValid():
            QTimer.singleShot(0, self.view, lambda: self.view.scrollTo(self.view.currentIndex()))

    def set_least_cell(self, width: int) -> None:
        """How narrow a cell may become beside the picture, in logical pixels."""
        self._least_cell = width
        self.set_expanded(self._expanded)

    # -- inside: order ---------------------------------------------------------------------------

    def _follow_order(self) -> None:
        """Bring the cells into the order of now, or offer to, where a hand is on them."""
        first = self.current()
        if not self.model.is_due(first=first):
            self.view.new_order.hide()
        elif self.view.hand_is_on():
            self.view.new_order.show()
            self.view.new_order.raise_()
            self._follow.start()  # until the hand has gone
        else:
            self._take_new_order()

    def _take_new_order(self) -> None:
        self._reorder(lambda first: self.model.rearrange(first=first))
        self._show_counts()

    def _reorder(self, change: Callable[[ImageId | None], None]) -> None:
        """Change the rows; current and chosen images stay so, and what was in view stays in it."""
        view, current = self.view, self.current()
        row = None if current is None else self.model.row_of(current)
        offset = None if row is None else view.offset_of(row)
        scrolled, chosen = view.verticalScrollBar().value(), self.selected()
        view.new_order.hide()
        change(current)
        after = None if current is None else self.model.row_of(current)
        if after is None:
            return
        self._set_current(after)
        rows = [self.model.row_of(image_id) for image_id in chosen]
        view.select_rows(sorted(row for row in rows if row is not None))
        if offset is not None:
            view.scroll_row_to(after, offset)
        else:
            view.doItemsLayout()
            view.verticalScrollBar().setValue(scrolled)

    def _set_current(self, row: int) -> None:
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.view.selectionModel().setCurrentIndex(self.model.index(row), flags)

    def _walk_back(self) -> None:
        current = self.current()
        while self._trail:
            image_id = self._trail.pop()
            if image_id != current and self.model.row_of(image_id) is not None:
                self.choose(image_id)
                if self._trail and self._trail[-1] == current:
                    self._trail.pop()  # walking back leaves no trail
                return

    # -- inside: showing -------------------------------------------------------------------------

    def _lay_out(self) -> None:
        lead_focus(self, self.view)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, 0, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self.head)
        layout.addWidget(self._stack, 1)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def _connect(self) -> None:
        self.head.wish_changed.connect(self.set_wish)
        self.head.expand_wished.connect(self.expand_wished)
        self.model.order_aged.connect(lambda: self._follow.isActive() or self._follow.start())
        self.model.counts_changed.connect(lambda: self._count.isActive() or self._count.start())
        self._follow.timeout.connect(self._follow_order)
        self._count.timeout.connect(self._show_counts)
        self.view.new_order.clicked.connect(self._take_new_order)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.settled.connect(self._on_settled)
        self.view.opened.connect(lambda index: self.opened.emit(self.model.image_at(index.row())))
        self.view.customContextMenuRequested.connect(self._on_menu_wished)

    def _show_wish(self) -> None:
        self.head.show_wish(self.wish)
        self._show_counts()

    def _show_counts(self) -> None:
        shown, total = self.model.rowCount(), self.model.total
        self.head.show_counts(shown, self.model.counts())
        if total and not shown:
            self._empty.say("Nothing fits", "No image fits the filter; clear it to see all.")
        else:
            self._empty.say("No images yet", "Open a folder or drop images onto the window.")
        self._stack.setCurrentWidget(self.view if shown else self._empty)

    def _show_classes(self) -> None:
        workspace = self._workspace
        self.head.show_classes(() if workspace is None else workspace.project.classes)

    # -- inside: what happens --------------------------------------------------------------------

    def _locate(self, image_id: ImageId) -> tuple[Path, int]:
        if self._workspace is None:
            raise LookupError(f"No project is open that could have image {image_id}.")
        project = self._workspace.project
        return project.image_path(image_id), project.image(image_id).page

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        if changes.classes:
            self._show_classes()
        if changes.image_list:
            for image_id in changes.images:
                self.thumbnails.forget(image_id)
            self._reorder(lambda _first: self.truth.follow(changes))
            self._show_wish()
        else:
            self.truth.follow(changes)
        self.view.settle_soon()

    def _on_current(self, index: QModelIndex, _before: QModelIndex) -> None:
        if not index.isValid():
            return
        image_id = self.model.image_at(index.row())
        if image_id == self._told:
            return  # the rows moved, the person did not
        if self._told is not None:
            self._trail.append(self._told)
        self._told = image_id
        self.image_chosen.emit(image_id)

    def _on_settled(self) -> None:
        """Scrolling came to rest: everything on screen is to be complete soon."""
        if self._stack.currentWidget() is not self.view:
            return
        visible = self.visible_images()
        self.in_view.emit(visible)
        self.thumbnails.hurry(visible)
        self.truth.complete(visible)
        for image_id in visible if self._source is not None else ():
            self._complete_answer(image_id)

    def _complete_answer(self, image_id: ImageId) -> None:
        cell = self.model.cell(image_id)
        if cell is None or cell.version is None or self.model.has_mask(image_id):
            return
        proposal = self._source(image_id) if self._source is not None else None
        if proposal is not None:
            self.model.set_answer(
                image_id, proposal.classes, doubt=proposal.doubt, version=proposal.support_version
            )

    def _on_counted(self, image_ids: tuple[ImageId, ...]) -> None:
        if self._census is not None:
            for image_id in image_ids:
                self.model.set_label_classes(image_id, self._census.stored_classes(image_id))

    # -- inside: the menu ------------------------------------------------------------------------

    def menu_for(self, image_ids: tuple[ImageId, ...]) -> QMenu:
        """What can be done with these images, the one a person is at first."""
        first, count = image_ids[0], len(image_ids)
        cell = self.model.cell(first) if count == 1 else None
        choice = Choice(cell, count, self.model.answered(image_ids), first in self._muted)
        path = self._locate(first)[0]
        deeds = CellDeeds(
            open=lambda: self.opened.emit(first),
            accept=lambda: self.accept_wished.emit(image_ids),
            reject=lambda: self.reject_wished.emit(image_ids),
            mute=lambda muted: self.mute_wished.emit(first, muted),
            show_file=lambda: show_in_folder(path),
            copy_path=lambda: copy_text(str(path)),
            remove=lambda: self.remove_wished.emit(image_ids),
        )
        return menu_of(self, choice, deeds)

    def _on_menu_wished(self, where: QPoint) -> None:
        index = self.view.indexAt(where)
        chosen = self.selected()
        if index.isValid() and self.model.image_at(index.row()) not in chosen:
            chosen = (self.model.image_at(index.row()),)
        if chosen:
            self.menu_for(chosen).popup(self.view.viewport().mapToGlobal(where))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102 - Qt's name
        self.close_all()
        super().closeEvent(event)
