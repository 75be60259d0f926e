"""The main window: places the pages and the status line, and sends each action to who does it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from annotator.canvas.overlay import Layer
from annotator.document.images import ImageId
from annotator.flows.engine_lane import EngineLane
from annotator.flows.lane_messages import EngineKind, EngineState
from annotator.flows.live_flow import LiveFlow
from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.window.action_table import Scope
from annotator.window.actions import ActionSet
from annotator.window.command_palette import CommandPalette
from annotator.window.export_dialog import ExportDialog
from annotator.window.feedback import Message, MessageLine, StatusLine, Tone
from annotator.window.label_page import LabelPage
from annotator.window.tool_strip import TOOL_PREFIX, TOOLS, ToolStrip
from annotator.window.welcome import WelcomePage

ANYTIME = ("Project", "Window", "Scheme")  # groups that need no open project, except:
WITH_PROJECT = ("project.close", "project.export")
SIZE_STEP = 1.25
ZOOM_STEP = 1.25
ENGINE_TONES = {
    EngineKind.READY: Tone.GOOD,
    EngineKind.BUSY: Tone.GOOD,
    EngineKind.FAILED: Tone.BAD,
    EngineKind.RESTARTING: Tone.WARN,
}
ENGINE_WORDS = {
    EngineKind.STARTING: "Engine is warming up",
    EngineKind.READY: "Engine ready",
    EngineKind.BUSY: "Engine at work",
    EngineKind.CLOSED: "Engine is off",
}


class MainWindow(QMainWindow):
    """One window, one project at a time. ``open_wished`` etc. are wired by the application."""

    def __init__(self, lane: EngineLane, style: Style) -> None:
        super().__init__()
        self._lane, self._style = lane, style
        self._workspace: Workspace | None = None
        self._page: LabelPage | None = None
        self._live: LiveFlow | None = None
        self.actions_ = ActionSet(self)
        self.welcome = WelcomePage()
        self.messages, self.status = MessageLine(), StatusLine()
        self._stack = QStackedWidget()
        self._strip = ToolStrip(self.actions_)
        self._palette = CommandPalette(self, self.actions_)
        self._lay_out()
        self._doers = self._all_doers()
        self._offer_what_works()
        self.actions_.triggered.connect(self._do)
        lane.state_changed.connect(self._on_engine)
        self._on_engine(lane.state)

    @property
    def page(self) -> LabelPage | None:
        """The open project's page."""
        return self._page

    @property
    def live(self) -> LiveFlow | None:
        """The live loop of the open project."""
        return self._live

    @property
    def workspace(self) -> Workspace | None:
        """The open project."""
        return self._workspace

    def show_workspace(self, workspace: Workspace) -> None:
        """Show a project in place of the present one, which is closed."""
        self.close_project()
        self._workspace = workspace
        self._live = LiveFlow(workspace, self._lane, parent=self)
        self._page = LabelPage(workspace, self._live)
        self._page.told.connect(lambda text: self.tell(text))
        self._page.pointed.connect(self._on_pointed)
        self._live.progressed.connect(lambda _, part, text: self.status.show_job(text, part))
        self._live.all_answered.connect(lambda _: self.status.show_job(None))
        workspace.subscribe(lambda _changes, _who: self._name_steps())
        self._stack.addWidget(self._page)
        self._stack.setCurrentWidget(self._page)
        self._strip.setVisible(True)
        self.setWindowTitle(f"{workspace.folder.name} - annotator")
        self._name_steps()
        self._offer_what_works()
        self._check_at_first()
        self._give_class_keys(self._page)
        self._page.canvas.setFocus()

    def _give_class_keys(self, page: LabelPage) -> None:
        """Delete and the like mean a class only while the list of classes has the keyboard."""
        for row in self.actions_.rows:
            if row.scope is Scope.CLASSES:
                action = self.actions_[row.action_id]
                self.removeAction(action)
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                page.classes.addAction(action)

    def _check_at_first(self) -> None:
        """What is on when a project opens: the first tool, live answers, masks without doubt."""
        self.actions_[TOOL_PREFIX + TOOLS[0]].setChecked(True)
        self.actions_["answer.live"].setChecked(True)
        self.actions_["view.overlay"].setChecked(True)
        self.actions_["view.uncertainty"].setChecked(False)
        self._toggle("view.uncertainty", Layer.DOUBT)

    def close_project(self) -> None:
        """Go back to the welcome page; everything is saved already."""
        if self._page is not None and self._live is not None and self._workspace is not None:
            self._live.pause()
            self._page.close_all()
            self._stack.removeWidget(self._page)
            self._page.deleteLater()
            self._live.deleteLater()
            self._workspace.close()
        self._page = self._live = self._workspace = None
        self._stack.setCurrentWidget(self.welcome)
        self._strip.setVisible(False)
        self.setWindowTitle("annotator")
        self._offer_what_works()

    def tell(self, text: str, tone: Tone = Tone.QUIET) -> None:
        """One sentence for the person."""
        self.messages.say(Message(text, tone))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102 - Qt's name
        self.close_project()
        self._lane.close()
        super().closeEvent(event)

    # -- actions ---------------------------------------------------------------------------------

    def wire(self, action_id: str, doer: Callable[[], object]) -> None:
        """Let the application do an action that is not the window's own."""
        self._doers[action_id] = doer
        self._offer_what_works()

    def _all_doers(self) -> dict[str, Callable[[], object]]:
        doers: dict[str, Callable[[], object]] = {
            f"{TOOL_PREFIX}{name}": partial(self._take_tool, name) for name in TOOLS
        }
        doers |= {
            "edit.undo": self._undo,
            "edit.redo": self._redo,
            "answer.accept": lambda: self._on_page(lambda p: p.accept()),
            "answer.accept_class": lambda: self._on_page(lambda p: p.accept(only_chosen=True)),
            "answer.reject": lambda: self._on_page(lambda p: p.reject()),
            "answer.live": self._toggle_live,
            "tool.smaller": lambda: self._size(1 / SIZE_STEP),
            "tool.larger": lambda: self._size(SIZE_STEP),
            "view.zoom_in": lambda: self._zoom(ZOOM_STEP),
            "view.zoom_out": lambda: self._zoom(1 / ZOOM_STEP),
            "view.fit": lambda: self._on_page(lambda p: p.canvas.fit()),
            "view.actual": lambda: self._on_page(lambda p: p.canvas.set_zoom(1.0)),
            "view.overlay": lambda: self._toggle("view.overlay", Layer.PROPOSED, Layer.ACCEPTED),
            "view.uncertainty": lambda: self._toggle("view.uncertainty", Layer.DOUBT),
            "view.outline": self._toggle_outline,
            "image.previous": lambda: self._on_page(lambda p: p.gallery.step(-1)),
            "image.next": lambda: self._on_page(lambda p: p.gallery.step(1)),
            "gallery.filter": lambda: self._on_page(lambda p: p.gallery.focus_filter()),
            "class.add": lambda: self._on_page(lambda p: p.classes.add()),
            "class.swap": lambda: self._on_page(lambda p: p.classes.swap()),
            "class.rename": lambda: self._on_page(lambda p: p.classes.start_renaming()),
            "class.up": lambda: self._on_page(lambda p: p.classes.move_chosen(-1)),
            "class.down": lambda: self._on_page(lambda p: p.classes.move_chosen(1)),
            "project.export": self._export,
            "window.palette": self._palette.open,
            "window.quit": self.close,
            "project.close": self.close_project,
            **{f"scheme.{one.value}": partial(self._style.choose, one) for one in Scheme},
        }
        numbered = {
            row.action_id: int(row.action_id.removeprefix("class."))
            for row in self.actions_.rows
            if row.action_id.removeprefix("class.").isdecimal()
        }
        for action_id, place in numbered.items():
            doers[action_id] = partial(self._choose_class, place)
        return doers

    def _offer_what_works(self) -> None:
        """An action that nobody does yet, or that needs a project, is not offered."""
        for row in self.actions_.rows:
            needs_page = row.group not in ANYTIME or row.action_id in WITH_PROJECT
            possible = row.action_id in self._doers and (self._page is not None or not needs_page)
            self.actions_[row.action_id].setEnabled(possible)
            self.actions_[row.action_id].setVisible(row.action_id in self._doers)

    def _do(self, action_id: str) -> None:
        doer = self._doers.get(action_id)
        if doer is not None:
            doer()

    def _on_page(self, act: Callable[[LabelPage], object]) -> None:
        if self._page is not None:
            act(self._page)

    def _take_tool(self, name: str) -> None:
        self._on_page(lambda page: page.take_tool(name))

    def _choose_class(self, place: int) -> None:
        self._on_page(lambda page: page.classes.choose_place(place))

    def _export(self) -> None:
        if self._workspace is not None:
            ExportDialog(self._workspace, self).open()

    def _undo(self) -> None:
        if self._workspace is not None:
            self._workspace.undo(self)

    def _redo(self) -> None:
        if self._workspace is not None:
            self._workspace.redo(self)

    def _name_steps(self) -> None:
        if self._workspace is None:
            return
        undo, redo = self._workspace.history.undo_name, self._workspace.history.redo_name
        self.actions_.rename("edit.undo", f"Undo {undo}" if undo else "Undo")
        self.actions_.rename("edit.redo", f"Redo {redo}" if redo else "Redo")
        self.status.show_saved(saved=True)

    def _toggle_live(self) -> None:
        if self._live is not None:
            live = self.actions_["answer.live"].isChecked()
            self._live.resume() if live else self._live.pause()

    def _toggle(self, action_id: str, *layers: Layer) -> None:
        checked = self.actions_[action_id].isChecked()
        self._on_page(lambda page: page.toggle(layers, checked))

    def _toggle_outline(self) -> None:
        filled = not self.actions_["view.outline"].isChecked()
        self._on_page(lambda page: page.canvas.set_filled(filled))

    def _size(self, factor: float) -> None:
        self._on_page(lambda page: page.canvas.set_radius(page.canvas.pen.radius * factor))

    def _zoom(self, factor: float) -> None:
        def zoom(page: LabelPage) -> None:
            viewport = page.canvas.viewport
            if viewport is not None:
                page.canvas.set_zoom(viewport.zoom * factor)

        self._on_page(zoom)

    # -- what is told ----------------------------------------------------------------------------

    def _on_engine(self, state: EngineState) -> None:
        words = ENGINE_WORDS.get(state.kind, state.text)
        device = f" · {state.text}" if state.kind in (EngineKind.READY, EngineKind.BUSY) else ""
        tone = ENGINE_TONES.get(state.kind, Tone.QUIET)
        self.status.show_engine(f"{words}{device}", tone)
        if state.kind in (EngineKind.FAILED, EngineKind.RESTARTING):
            self.tell(state.text, tone)

    def _on_pointed(self, x: float, y: float) -> None:
        if self._page is None or self._workspace is None or self._page.image_id is None:
            return
        entry = self._workspace.project.images[ImageId(self._page.image_id)]
        size = f"{entry.width} x {entry.height}"
        self.status.show_readout(f"{Path(entry.path).name} · {size} · x {x:.0f} y {y:.0f}")

    # -- places ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._stack.addWidget(self.welcome)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._strip)
        middle.addWidget(self._stack, 1)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(middle, 1)
        column.addWidget(self.messages)
        column.addWidget(self.status)
        centre = QWidget()
        centre.setLayout(column)
        self.setCentralWidget(centre)
        self._strip.setVisible(False)
        self.resize(1440, 900)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
