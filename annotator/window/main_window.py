"""The main window: places bars, rail and pages, and shows one project at a time."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QStackedWidget,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from annotator.flows.engine_lane import EngineLane
from annotator.flows.lane_messages import EngineKind, EngineState
from annotator.flows.live_flow import LiveFlow
from annotator.flows.workspace import Workspace
from annotator.look.style import Style
from annotator.window.action_table import Scope
from annotator.window.actions import ActionSet
from annotator.window.command_palette import CommandPalette
from annotator.window.commander import Commander, Doer
from annotator.window.feedback import Message, MessageLine, StatusLine, Tone
from annotator.window.label_commands import LabelCommands
from annotator.window.label_page import LabelPage
from annotator.window.page_rail import PageRail
from annotator.window.pages import Place
from annotator.window.project_view import EngineWish, ProjectView
from annotator.window.status_line import StatusTeller
from annotator.window.top_bar import TopBar
from annotator.window.welcome import WelcomePage
from annotator.window.window_commands import window_doers

SIZE = (1440, 900)
MESSAGE_ABOVE = 84  # over the status line and the view bar
TYPED_INTO = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit)
COMMANDING = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


class MainWindow(QMainWindow):
    """One window, one project at a time; what it cannot do itself is wired by the application."""

    project_shown = Signal()
    project_closing = Signal()  # it is still there
    closed = Signal()

    def __init__(self, lane: EngineLane, style: Style) -> None:
        super().__init__()
        self.lane, self.style_ = lane, style
        self.project: ProjectView | None = None
        self.place = Place.WELCOME
        self.wish = EngineWish()  # of projects opened from now on
        self.actions_ = ActionSet(self)
        self.commander = Commander(self.actions_)
        self.welcome = WelcomePage()
        self.messages, self.status = MessageLine(), StatusLine()
        self.top, self.rail = TopBar(self.actions_), PageRail(self.actions_)
        self.stack = QStackedWidget()
        self.palette_ = CommandPalette(self, self.actions_)
        self._teller = StatusTeller(self.status, lane)
        self._makers: dict[Place, Callable[[], QWidget]] = {}
        self._pages: dict[Place, QWidget] = {Place.WELCOME: self.welcome}
        self._lay_out()
        self._label = LabelCommands(lambda: self.page, self.actions_)
        self.commander.wire(self._label.doers() | window_doers(self))
        lane.state_changed.connect(self._on_engine)
        self.go(Place.WELCOME)

    # -- what is open ----------------------------------------------------------------------------

    @property
    def page(self) -> LabelPage | None:
        """The open project's label page."""
        return None if self.project is None else self.project.label

    @property
    def live(self) -> LiveFlow | None:
        """The live loop of the open project."""
        return None if self.project is None else self.project.live

    @property
    def workspace(self) -> Workspace | None:
        """The open project's workspace."""
        return None if self.project is None else self.project.workspace

    def show_workspace(self, workspace: Workspace) -> None:
        """Show a project in place of the present one, which is closed."""
        self.close_project()
        project = ProjectView(workspace, self.lane, self.actions_, self.wish)
        self.project = project
        project.told.connect(self.tell)
        project.label.desk.settled.connect(self.messages.withdraw)
        project.place_wished.connect(self.go)
        project.changed.connect(self._show_steps)
        project.page_made.connect(self.stack.addWidget)
        self.stack.addWidget(project.label)
        self._teller.follow(project)
        self._give_class_keys(project.label)
        self.setWindowTitle(f"{workspace.folder.name} - annotator")
        self.top.show_project(workspace.folder.name)
        self._show_steps()
        self.go(Place.LABEL)
        self._label.begin()
        project.label.canvas.setFocus()
        self.project_shown.emit()

    def close_project(self) -> None:
        """Go back to the welcome page; everything is saved already."""
        if self.project is None:
            return
        self.project_closing.emit()
        project, self.project = self.project, None
        self._teller.follow(None)
        project.close()
        self.setWindowTitle("annotator")
        self.top.show_project(None)
        self.go(Place.WELCOME)

    # -- pages -----------------------------------------------------------------------------------

    def offer_pages(self, makers: Mapping[Place, Callable[[], QWidget]]) -> None:
        """Pages of the application, each made when it is first wanted."""
        self._makers |= makers

    def wire(self, doers: Mapping[str, Doer]) -> None:
        """Let the application do actions that are not the window's own."""
        self.commander.wire(doers)

    def go(self, place: Place) -> None:
        """Show a page. Without a project the pages of one lead to the welcome page."""
        page = self._page(place)
        if page is None:
            place = Place.LABEL if self.project else Place.WELCOME
            page = self._page(place) or self.welcome
        self.place = place
        self.stack.setCurrentWidget(page)
        self.rail.setVisible(self.project is not None or place is not Place.WELCOME)
        self.rail.show_place(place)
        self.commander.go(place, has_project=self.project is not None)
        if place is Place.LABEL and self.page is not None:
            self.page.canvas.setFocus()
        else:
            page.setFocus()

    def toggle_page(self, place: Place) -> None:
        """Show a page, or go back to the work if it is shown."""
        self.go(Place.LABEL if self.place is place else place)

    def _page(self, place: Place) -> QWidget | None:
        if self.project is not None and (page := self.project.page(place)) is not None:
            return page
        if place not in self._pages and place in self._makers:
            self._pages[place] = self._makers[place]()
            self.stack.addWidget(self._pages[place])
        return self._pages.get(place)

    # -- what is told ----------------------------------------------------------------------------

    def tell(
        self, text: str, tone: Tone = Tone.QUIET, step: str = "", act: Doer | None = None
    ) -> None:
        """One sentence for the person, and perhaps the next step as a button."""
        self.messages.say(Message(text, tone, step, act))

    def _on_engine(self, state: EngineState) -> None:
        if state.kind is EngineKind.FAILED:
            self.tell(state.text, Tone.BAD, "Start again", self.lane.restart)
        elif state.kind is EngineKind.RESTARTING:
            self.tell(state.text, Tone.WARN)

    def _show_steps(self) -> None:
        """What undo and redo would do, and how far the project has come."""
        if self.project is None:
            return
        history = self.project.workspace.history
        for action_id, word, name in (
            ("edit.undo", "Undo", history.undo_name),
            ("edit.redo", "Redo", history.redo_name),
        ):
            self.actions_.rename(action_id, f"{word} {name}" if name else word)
        images, marked, accepted = self.project.counts()
        self.top.show_figures(images=images, marked=marked, accepted=accepted)
        self.status.show_saved(saved=True)

    def event(self, event: QEvent) -> bool:
        """Plain keys belong to the field a person types in; only then are they shortcuts."""
        typing = isinstance(self.focusWidget(), TYPED_INTO)
        if (
            typing
            and event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not event.modifiers() & COMMANDING
        ):
            event.accept()
            return True
        return super().event(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102 - Qt's name
        self.close_project()
        self.lane.close()
        self.closed.emit()
        super().closeEvent(event)

    # -- places ----------------------------------------------------------------------------------

    def _give_class_keys(self, page: LabelPage) -> None:
        """Delete and the like mean a class only while the list of classes has the keyboard."""
        for row in self.actions_.rows:
            if row.scope is Scope.CLASSES:
                action = self.actions_[row.action_id]
                self.removeAction(action)
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                page.classes.addAction(action)

    def _lay_out(self) -> None:
        self.stack.addWidget(self.welcome)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.stack, 1)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addLayout(middle, 1)
        column.addWidget(self.status)
        centre = QWidget()
        centre.setLayout(column)
        self.setCentralWidget(centre)
        self.messages.float_over(centre, above=MESSAGE_ABOVE)
        self.resize(*SIZE)
        self.top.show_project(None)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
