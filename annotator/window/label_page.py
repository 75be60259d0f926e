"""The label page: what is looked for on the left, the picture, the gallery on the right."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from annotator.canvas.toolbox import all_tools
from annotator.canvas.view import CanvasView
from annotator.document.images import ImageId
from annotator.flows.live_flow import LiveFlow
from annotator.flows.pixel_census import PixelCensus
from annotator.flows.workspace import Workspace
from annotator.look.measures import GAP, GRID
from annotator.look.style import set_kind
from annotator.panels.classes import ClassPanel
from annotator.panels.expectation import ExpectationCard
from annotator.panels.gallery import GalleryPanel
from annotator.panels.method import MethodPanel
from annotator.panels.support import SupportPanel
from annotator.window.accept_bar import AcceptBar
from annotator.window.actions import ActionSet
from annotator.window.answers import Answers
from annotator.window.desk import Desk
from annotator.window.tool_strip import ToolStrip
from annotator.window.view_bar import ViewBar

FIRST_TOOL = "scribble"
LEFT, RIGHT = 264, 300  # logical pixels at first


class LabelPage(QWidget):
    """Places the panels of one workspace; `Desk` and `Answers` do the work between them."""

    told = Signal(str)  # one sentence for the person

    def __init__(
        self, workspace: Workspace, live: LiveFlow, census: PixelCensus, actions: ActionSet
    ) -> None:
        super().__init__()
        self._live, self._census, self._actions = live, census, actions
        self.classes, self.canvas, self.gallery = ClassPanel(), CanvasView(), GalleryPanel()
        self.support = SupportPanel(self.gallery.thumbnails)
        self.method = MethodPanel()
        self.expectation = ExpectationCard()
        self.strip, self.view_bar = ToolStrip(actions), ViewBar(actions)
        self.bar = AcceptBar(actions, self.canvas)
        self.tools = all_tools(self.canvas.sight)
        self._lay_out()
        self.answers = Answers(workspace, live, self.canvas, self.classes, self.bar)
        self.desk = Desk(workspace, live, self)
        self._connect()
        self.classes.show_workspace(workspace)
        self.gallery.show_workspace(workspace)
        self.gallery.set_census(census)
        self.support.show_live(workspace, live)
        self.method.show_live(workspace, live)
        self.expectation.show_live(workspace, live)
        self.take_tool(FIRST_TOOL)
        self.desk.begin()

    @property
    def image_id(self) -> ImageId | None:
        """The image in view."""
        return self.desk.image_id

    def take_tool(self, name: str) -> None:
        """Draw with another tool."""
        self.canvas.set_tool(self.tools[name])

    def set_live(self, live: bool) -> None:
        """Answer while the person draws, or wait."""
        self._live.resume() if live else self._live.pause()
        self.method.set_live(live)

    def go_useful(self) -> None:
        """The image whose labels would teach most."""
        image_id = self._live.next_useful(self.image_id)
        if image_id is None:
            self.told.emit("No image is suggested yet: draw on one, and the others are answered.")
            return
        self.gallery.choose(image_id)

    def expand_gallery(self, expanded: bool) -> None:
        """Let the gallery have the whole page, and give it back."""
        self.left.setVisible(not expanded)
        self.centre.setVisible(not expanded)
        self.gallery.set_expanded(expanded)

    def fold_left(self) -> None:
        """Fold the panels on the left, or show them again."""
        self.left.setVisible(self.left.isHidden())

    def widths(self) -> tuple[int, int]:
        """Of the columns at the left and at the right, in logical pixels."""
        sizes = self._splitter.sizes()
        return sizes[0] or LEFT, sizes[2]

    def set_widths(self, left: int, right: int) -> None:
        """As they were left."""
        middle = max(320, self.width() - left - right)
        self._splitter.setSizes([left, middle, right])

    def close_all(self) -> None:
        """End what runs in the background and follow the project no longer."""
        self.desk.close()
        self.classes.show_workspace(None)
        self.gallery.close_all()
        self.support.show_live(None, None)
        self.method.show_live(None, None)
        self.expectation.show_live(None, None)

    def _leave_gallery(self) -> None:
        """An image was opened from the gallery: back to the picture."""
        if self._actions["gallery.expand"].isChecked():
            self._actions["gallery.expand"].trigger()
        self.canvas.setFocus()

    def _show_muted(self) -> None:
        rows = self._live.report.rows
        self.gallery.set_muted(row.image_id for row in rows if row.muted)

    def _lay_out(self) -> None:
        self.left, self.centre = self._left_column(), self._middle()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        for widget in (self.left, self.centre, self.gallery):
            self._splitter.addWidget(widget)
        self._splitter.setSizes([LEFT, 800, RIGHT])
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._splitter)

    def _left_column(self) -> QWidget:
        column = QWidget()
        rows = QVBoxLayout(column)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for widget in (self.classes, self.support, self.method):
            rows.addWidget(widget)
            rows.addSpacing(GRID)
        card = QVBoxLayout()
        card.setContentsMargins(GAP, GRID, GAP, GAP)
        card.addWidget(self.expectation)
        rows.addLayout(card)
        rows.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setMinimumWidth(220)
        area.setWidget(column)
        set_kind(area, "panel")
        return area

    def _middle(self) -> QWidget:
        middle = QWidget()
        middle.setMinimumWidth(320)
        grid = QGridLayout(middle)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.strip, 0, 0)
        grid.addWidget(self.canvas, 0, 1)
        grid.addWidget(self.view_bar, 1, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(0, 1)
        return middle

    def _connect(self) -> None:
        for teller in (self.classes.refused, self.support.told, self.method.told,
                       self.answers.told, self.desk.told):  # fmt: skip
            teller.connect(self.told)
        self.support.image_chosen.connect(lambda i: self.gallery.choose(ImageId(i)))
        self.gallery.accept_wished.connect(self.answers.accept_all)
        self.gallery.reject_wished.connect(self.answers.reject_all)
        self.gallery.mute_wished.connect(lambda i, on: self._live.set_muted(ImageId(i), on))
        self.gallery.remove_wished.connect(self.desk.remove_images)
        self.gallery.expand_wished.connect(self._actions["gallery.expand"].trigger)
        self.gallery.opened.connect(lambda _image_id: self._leave_gallery())
        self.classes.prompt_wished.connect(self.desk.set_prompt)
        self.method.live_wished.connect(lambda _on: self._actions["answer.live"].trigger())
        self.method.restart_wished.connect(self._live.restart_engine)
        self.gallery.set_answer_source(self._live.proposal)
        self._live.report_changed.connect(self._show_muted)
        self._census.counted.connect(lambda: self.classes.set_pixels(self._census.pixels))
        canvas, bar = self.canvas, self.view_bar
        bar.radius_wished.connect(canvas.set_radius)
        bar.opacity_wished.connect(canvas.set_opacity)
        canvas.radius_changed.connect(bar.show_radius)
        canvas.opacity_changed.connect(bar.show_opacity)
        canvas.zoom_changed.connect(bar.show_zoom)
        bar.show_radius(canvas.pen.radius)
        bar.show_opacity(canvas.opacity)
