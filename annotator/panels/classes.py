"""The class list: add, rename, recolour, reorder, merge and remove, each as one undoable edit."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QListView,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from annotator.document.changes import Changes
from annotator.document.classes import BACKGROUND, PALETTE, ClassId, Colour
from annotator.document.edits import (
    Edit,
    add_class,
    merge_classes,
    recolour_class,
    remove_class,
    rename_class,
    reorder_classes,
)
from annotator.document.errors import DocumentError
from annotator.document.project import Project
from annotator.flows.workspace import Workspace, gesture
from annotator.look.icons import icon
from annotator.look.measures import GAP, GRID
from annotator.look.pieces import EmptyState, heading, icon_button, push_button, row
from annotator.panels.balance import BalanceBar
from annotator.panels.class_delegate import ClassDelegate, Spot
from annotator.panels.class_model import ClassLine, ClassModel, lines_of


class ClassPanel(QWidget):
    """``class_chosen`` the one to draw with; ``hidden_changed`` and ``locked_changed`` carry sets
    of ids; ``refused`` one sentence about what could not be done."""

    class_chosen = Signal(int)
    hidden_changed = Signal(frozenset)
    locked_changed = Signal(frozenset)
    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Classes")
        self._workspace: Workspace | None = None
        self._hidden: frozenset[ClassId] = frozenset()
        self._locked: frozenset[ClassId] = frozenset()
        self._pixels: Mapping[ClassId, int] = {}
        self._chosen, self._before = BACKGROUND, BACKGROUND
        self.model = ClassModel(self)
        self.view = _class_view(self.model)
        self._delegate = ClassDelegate(self)
        self.view.setItemDelegate(self._delegate)
        self.balance = BalanceBar()
        self.setFocusProxy(self.view)
        self._stack = QStackedWidget()
        self._lay_out()
        self.model.rename_wished.connect(self.rename)
        self.model.order_wished.connect(self._reorder)
        self._delegate.pressed.connect(self._on_spot)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self._refresh()

    # -- the project and its numbers -------------------------------------------------------------

    def show_workspace(self, workspace: Workspace | None) -> None:
        """Show the classes of a project, or none."""
        fresh, self._workspace = workspace is not self._workspace, workspace
        self._hidden = self._locked = frozenset()
        self._pixels = {}
        if workspace is not None and fresh:
            workspace.subscribe(self._on_changes)
        self._refresh()
        if self.model.lines:
            self.choose(self.model.lines[0].class_id)

    def set_pixels(self, pixels: Mapping[ClassId, int]) -> None:
        """How many labelled pixels each class has, for shares and balance."""
        self._pixels = pixels
        self._refresh()

    @property
    def chosen(self) -> ClassId:
        """The class to draw with."""
        return self._chosen

    @property
    def hidden(self) -> frozenset[ClassId]:
        """Classes that are not shown on pictures for now."""
        return self._hidden

    @property
    def locked(self) -> frozenset[ClassId]:
        """Classes that must not be painted over for now."""
        return self._locked

    # -- choosing --------------------------------------------------------------------------------

    def choose(self, class_id: ClassId) -> None:
        """Draw with this class from now on."""
        place = self.model.row_of(class_id)
        if place is not None:
            self.view.setCurrentIndex(self.model.index(place))

    def choose_place(self, place: int) -> None:
        """The class of hotkey ``place``, 1 to 9, or 0 for background; else nothing happens."""
        if 0 <= place < len(self.model.lines):
            self.choose(self.model.lines[place - 1].class_id)

    def swap(self) -> None:
        """Back to the class used before."""
        self.choose(self._before)

    # -- gestures --------------------------------------------------------------------------------

    def add(self) -> None:
        """A new class with a free name, which can be typed over at once."""
        workspace = self._workspace
        if workspace is None:
            return
        names = {line.name for line in workspace.project.classes}
        number = len(names) + 1
        while (name := f"class {number}") in names:
            number += 1
        if self._do("Add class", name, lambda project: add_class(project, name)):
            self.choose(workspace.project.classes.ids()[-1])
            self.start_renaming()

    def start_renaming(self) -> None:
        """Open the chosen line for typing."""
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if self._chosen != BACKGROUND and self.view.currentIndex().isValid():
            self.view.edit(self.view.currentIndex())

    def rename(self, class_id: int, name: str) -> None:
        """Give a class another name."""
        self._do("Rename class", name, lambda p: rename_class(p, ClassId(class_id), name))

    def recolour(self, class_id: ClassId, colour: Colour) -> None:
        """Give a class another colour."""
        name = self._name(class_id)
        self._do("Recolour class", name, lambda p: recolour_class(p, class_id, colour))

    def merge(self, source: ClassId, target: ClassId) -> None:
        """Let one class take over another."""
        name = f"{self._name(source)} into {self._name(target)}"
        if self._do("Merge", name, lambda p: merge_classes(p, source=source, target=target)):
            self.choose(target)

    def remove(self, class_id: ClassId) -> None:
        """Take a class away; its pixels show as background until this is undone."""
        if class_id != BACKGROUND:
            self._do("Remove class", self._name(class_id), lambda p: remove_class(p, class_id))

    def move_chosen(self, by: int) -> None:
        """Move the chosen class up (-1) or down (1)."""
        place = self.model.row_of(self._chosen)
        if place is not None:
            self.model.wish_move(place, place + by + (by > 0))

    def toggle_hidden(self, class_id: ClassId) -> None:
        """Take a class off the pictures, or show it again."""
        self._hidden = self._hidden ^ {class_id}
        self._refresh()
        self.hidden_changed.emit(self._hidden)

    def toggle_locked(self, class_id: ClassId) -> None:
        """Keep a class from being painted over, or no longer."""
        self._locked = self._locked ^ {class_id}
        self._refresh()
        self.locked_changed.emit(self._locked)

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._empty = EmptyState(
            "label", "What do you want to find?", "Add a class for each kind of thing, then draw."
        )
        self._empty.add_button(push_button("Add a class", self.add, icon_name="add"))
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        top = row(heading("Classes"), 1, icon_button("add", "Add class", self.add))
        top.setContentsMargins(GRID, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        layout.addSpacing(GRID)
        layout.addWidget(self.balance)

    def _refresh(self) -> None:
        lines: tuple[ClassLine, ...] = ()
        if self._workspace is not None:
            classes = self._workspace.project.classes
            lines = lines_of(classes, self._pixels, self._hidden, self._locked)
        self.model.show_lines(lines)
        self.balance.show_lines(lines)
        self._stack.setCurrentWidget(self.view if lines else self._empty)
        self.balance.setVisible(bool(lines))

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        if not changes.classes:
            return
        chosen = self._chosen
        self._refresh()
        if self.model.row_of(chosen) is None and self.model.lines:
            chosen = self.model.lines[0].class_id
        self.choose(chosen)

    def _do(self, verb: str, thing: str, make: Callable[[Project], Edit]) -> bool:
        """One edit as one gesture; what the document refuses is told in its own words."""
        if self._workspace is None:
            return False
        try:
            edit = make(self._workspace.project)
            self._workspace.do(gesture(verb, thing), [edit], initiator=self)
        except DocumentError as error:
            self.refused.emit(str(error))
            return False
        return True

    def _name(self, class_id: ClassId) -> str:
        place = self.model.row_of(class_id)
        return "" if place is None else self.model.lines[place].name

    def _reorder(self, ids: tuple[ClassId, ...]) -> None:
        name = self._name(self._chosen)
        self._do("Move class", name, lambda project: reorder_classes(project, ids))

    def _on_current(self, index: QModelIndex, _before: QModelIndex) -> None:
        if not index.isValid():
            return
        chosen = self.model.lines[index.row()].class_id
        if chosen != self._chosen:
            self._before, self._chosen = self._chosen, chosen
        self.class_chosen.emit(chosen)

    def _on_spot(self, number: int, spot: Spot) -> None:
        class_id = ClassId(number)
        if spot is Spot.EYE:
            self.toggle_hidden(class_id)
        elif spot is Spot.LOCK:
            self.toggle_locked(class_id)
        else:
            self.choose(class_id)
            self.open_colours()

    def open_colours(self) -> None:
        """Offer colours for the chosen class beside its line."""
        if self._chosen != BACKGROUND:
            place = self.view.visualRect(self.view.currentIndex()).bottomLeft()
            self._colour_menu(self._chosen, QMenu(self)).popup(self.view.mapToGlobal(place))

    def _show_menu(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        if index.isValid() and not self.model.lines[index.row()].is_background:
            self.menu_for(self.model.lines[index.row()].class_id).popup(
                self.view.viewport().mapToGlobal(place)
            )

    def menu_for(self, class_id: ClassId) -> QMenu:
        """Everything that can be done to one class."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("rename"), "Rename", self.start_renaming)
        colours, targets = QMenu("Colour", menu), QMenu("Merge into", menu)
        colours.setIcon(icon("recolour"))
        targets.setIcon(icon("merge"))
        self._colour_menu(class_id, colours)
        menu.addMenu(colours)
        menu.addMenu(targets)
        for line in self.model.lines:
            if line.class_id not in (class_id, BACKGROUND):
                chip, name = _chip(line.colour), line.name.replace("&", "&&")
                targets.addAction(chip, name, lambda t=line.class_id: self.merge(class_id, t))
        targets.setEnabled(not targets.isEmpty())
        menu.addSeparator()
        menu.addAction(icon("remove"), "Remove", lambda: self.remove(class_id))
        return menu

    def _colour_menu(self, class_id: ClassId, menu: QMenu) -> QMenu:
        for number, colour in enumerate(PALETTE, start=1):
            said = f"Colour {number}"
            menu.addAction(_chip(colour), said, lambda c=colour: self.recolour(class_id, c))
        menu.addSeparator()
        menu.addAction("Another colour…", lambda: self._ask_colour(class_id))
        return menu

    def _ask_colour(self, class_id: ClassId) -> None:
        place = self.model.row_of(class_id)
        if place is None:
            return
        now = QColor(*self.model.lines[place].colour)
        colour = QColorDialog.getColor(now, self, "Colour of the class")
        if colour.isValid():
            self.recolour(class_id, (colour.red(), colour.green(), colour.blue()))


def _class_view(model: ClassModel) -> QListView:
    view = QListView()
    view.setAccessibleName("Classes")
    view.setModel(model)
    view.setMouseTracking(True)
    view.setUniformItemSizes(True)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
    view.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
    view.setDefaultDropAction(Qt.DropAction.MoveAction)
    view.setDropIndicatorShown(True)
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    return view


def _chip(colour: Colour) -> QIcon:
    pixmap = QPixmap(16, 16)
    pixmap.fill(QColor(*colour))
    return QIcon(pixmap)
