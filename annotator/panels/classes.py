"""The class list: add, rename, recolour, reorder, merge and remove, each as one undoable edit."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QMenu,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from annotator.document.changes import Changes
from annotator.document.classes import BACKGROUND, ClassId, Colour
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
from annotator.look.focus import lead_focus
from annotator.look.measures import GAP, GRID
from annotator.look.pieces import EmptyState, heading, icon_button, push_button, row
from annotator.panels.balance import BalanceBar
from annotator.panels.class_delegate import ClassDelegate, Spot
from annotator.panels.class_menus import class_menu, fill_colours
from annotator.panels.class_model import ClassLine, ClassModel, lines_of
from annotator.panels.class_prompt import ClassPrompt
from annotator.panels.class_view import ClassView


class ClassPanel(QWidget):
    """``class_chosen`` the one to draw with; ``hidden_changed`` and ``locked_changed`` carry sets
    of ids; ``prompt_wished`` a class and its words; ``refused`` what could not be done."""

    class_chosen = Signal(int)
    hidden_changed = Signal(frozenset)
    locked_changed = Signal(frozenset)
    prompt_wished = Signal(int, str)
    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Classes")
        self._workspace: Workspace | None = None
        self._unsubscribe: Callable[[], None] = _nothing
        self._prompts: Mapping[ClassId, str] = {}
        self._hidden: frozenset[ClassId] = frozenset()
        self._locked: frozenset[ClassId] = frozenset()
        self._pixels: Mapping[ClassId, int] = {}
        self._chosen, self._before = BACKGROUND, BACKGROUND
        self.model = ClassModel(self)
        self.view = ClassView(self.model)
        self._delegate = ClassDelegate(self)
        self.view.setItemDelegate(self._delegate)
        self.balance, self.prompt = BalanceBar(), ClassPrompt()
        lead_focus(self, self.view)
        self._lay_out()
        self.model.rename_wished.connect(self.rename)
        self.model.order_wished.connect(self._reorder)
        self.model.modelAboutToBeReset.connect(self._stop_typing)
        self._delegate.pressed.connect(self._on_spot)
        self.prompt.wished.connect(self.prompt_wished)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self._refresh()

    # -- the project and its numbers -------------------------------------------------------------

    def show_workspace(self, workspace: Workspace | None) -> None:
        """Show the classes of a project, or none."""
        self._unsubscribe()
        self._workspace = workspace
        self._unsubscribe = _nothing if workspace is None else workspace.subscribe(self._on_changes)
        self._hidden = self._locked = frozenset()
        self._pixels, self._prompts = {}, {}
        self._refresh()
        if self.model.lines:
            self.choose(self.model.lines[0].class_id)

    def set_pixels(self, pixels: Mapping[ClassId, int]) -> None:
        """How many labelled pixels each class has, for shares and balance."""
        self._pixels = dict(pixels)
        self._refresh()

    def set_counts_shown(self, *, shown: bool) -> None:
        """Numbers of pixels in the lines instead of shares."""
        self._delegate.counts_shown = shown
        self.view.viewport().update()

    def set_prompts(self, prompts: Mapping[ClassId, str], *, used: bool) -> None:
        """The words of each class, and whether the method reads them."""
        self._prompts = dict(prompts)
        self.prompt.set_used(used=used)
        self._show_prompt()

    def start_prompt(self) -> None:
        """Type words for the chosen class."""
        if self.prompt.field.isEnabled() and self.prompt.isVisibleTo(self):
            self.prompt.start()

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
        self.view.setFocus()  # a name that is being typed is taken first
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
        typing = self.view.state() is QAbstractItemView.State.EditingState
        if self._chosen != BACKGROUND and self.view.currentIndex().isValid() and not typing:
            self.view.edit(self.view.currentIndex())

    def _stop_typing(self) -> None:
        """A list that becomes another one has no line left to type into."""
        editor = self.view.indexWidget(self.view.currentIndex())
        if editor is not None and self.view.state() is QAbstractItemView.State.EditingState:
            self.view.closeEditor(editor, QAbstractItemDelegate.EndEditHint.RevertModelCache)

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

    def toggle_chosen_hidden(self) -> None:
        """Take the chosen class off the pictures, or show it again."""
        if self._chosen != BACKGROUND:
            self.toggle_hidden(self._chosen)

    def toggle_chosen_locked(self) -> None:
        """Keep the chosen class from being painted over, or no longer."""
        if self._chosen != BACKGROUND:
            self.toggle_locked(self._chosen)

    def remove_chosen(self) -> None:
        """Take the chosen class away."""
        self.remove(self._chosen)

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._empty = EmptyState(
            "label", "What do you want to find?", "Add a class for each kind of thing, then draw."
        )
        self._empty.add_button(push_button("Add a class", self.add, icon_name="add"))
        top = row(heading("Classes"), 1, icon_button("add", "Add class", self.add))
        top.setContentsMargins(GRID, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self.view, 1000)  # as far as its lines go; what is left stays below
        layout.addSpacing(GRID)
        layout.addWidget(self.balance)
        layout.addSpacing(GRID)
        layout.addWidget(self.prompt)
        layout.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _refresh(self) -> None:
        lines: tuple[ClassLine, ...] = ()
        if self._workspace is not None:
            classes = self._workspace.project.classes
            lines = lines_of(classes, self._pixels, self._hidden, self._locked)
        self.model.show_lines(lines)
        self.balance.show_lines(lines)
        self._empty.setVisible(not lines)
        self.view.setVisible(bool(lines))
        self.view.fit(len(lines))
        self.balance.setVisible(bool(lines))
        self.prompt.setVisible(bool(lines))
        self._show_prompt()

    def _show_prompt(self) -> None:
        words = self._prompts.get(self._chosen, "")
        self.prompt.show_class(self._chosen, self._name(self._chosen), words)

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        if not changes.classes:
            return
        chosen = self._chosen
        self._refresh()
        if not self.model.lines:  # nothing is left to draw with
            self._chosen = BACKGROUND
            self.class_chosen.emit(BACKGROUND)
            return
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
        self._show_prompt()
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
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            fill_colours(menu, self, self._chosen).popup(self.view.mapToGlobal(place))

    def _show_menu(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        if index.isValid() and not self.model.lines[index.row()].is_background:
            self.menu_for(self.model.lines[index.row()].class_id).popup(
                self.view.viewport().mapToGlobal(place)
            )

    def menu_for(self, class_id: ClassId) -> QMenu:
        """Everything that can be done to one class."""
        menu = class_menu(self, self, class_id)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu


def _nothing() -> None:
    """What ends a subscription that there is none of."""
