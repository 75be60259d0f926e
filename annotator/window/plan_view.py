"""The plan of an export in lines: what will be written, what stays behind, how much room."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from annotator.flows.export_plan import ExportPlan, LeftOut, PlannedFile
from annotator.look.measures import BODY, GAP, GRID, PAD, SMALL, figures_font, font
from annotator.look.pieces import Icon, heading, push_button, row, words
from annotator.look.style import set_kind

UNITS = ("bytes", "KB", "MB", "GB", "TB")
NAMES_SHOWN = 3


class PlanView(QFrame):
    """Shows a plan; ``review_wished`` when the person wants to see what is not accepted yet."""

    review_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        set_kind(self, "card")
        self.setAccessibleName("What will be written")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(PAD + GRID, PAD, PAD + GRID, PAD)
        self._column.setSpacing(GAP)
        self._body: QWidget | None = None
        self.show_words("Looking at what there is …")

    def show_words(self, text: str) -> None:
        """A sentence in place of a plan."""
        self._replace(words(text))

    def show_plan(self, plan: ExportPlan) -> None:
        """The plan in lines."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        if plan.files:
            column.addLayout(_tree(plan.files))
        for group in plan.left_out:
            column.addLayout(_behind(group))
        if plan.left_out:
            link = push_button("Review what waits", self.review_wished.emit, kind="link")
            column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(_room(plan))
        self._replace(body)
        self.setAccessibleDescription(spoken(plan))

    def _replace(self, body: QWidget) -> None:
        if self._body is not None:
            self._column.removeWidget(self._body)
            self._body.setParent(None)
            self._body.deleteLater()
        self._body = body
        self._column.addWidget(body)


def spoken(plan: ExportPlan) -> str:
    """A plan in words, for screen readers."""
    parts = [f"{plan.images:,} images"]
    parts += [f"{line.path}: {line.purpose}" for line in plan.files]
    parts += [f"{group.count:,} left out: {group.reason}" for group in plan.left_out]
    return "; ".join([*parts, room_words(plan)])


def room_words(plan: ExportPlan) -> str:
    """How much is needed and how much there is."""
    need = f"About {size_words(plan.size_bytes)}"
    return need if plan.free_bytes is None else f"{need}; {size_words(plan.free_bytes)} are free"


def size_words(size_bytes: int) -> str:
    """A size as people write it: '3.2 MB'."""
    value, unit = float(size_bytes), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return (
        f"{value:,.0f} {UNITS[unit]}" if unit == 0 or value >= 100 else f"{value:.1f} {UNITS[unit]}"
    )


def _tree(files: tuple[PlannedFile, ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * GAP)
    grid.setVerticalSpacing(GRID)
    grid.setColumnStretch(1, 1)
    for line, planned in enumerate(files):
        path = words(planned.path, kind="", wrap=False)
        count = QLabel(f"{planned.count:,} {'file' if planned.count == 1 else 'files'}")
        count.setFont(figures_font(SMALL))
        set_kind(count, "dim")
        count.setAlignment(Qt.AlignmentFlag.AlignRight)
        grid.addWidget(path, line, 0)
        grid.addWidget(words(planned.purpose), line, 1)
        grid.addWidget(count, line, 2)
    return grid


def _behind(group: LeftOut) -> QGridLayout:
    names = ", ".join(group.names[:NAMES_SHOWN])
    if group.count > NAMES_SHOWN:
        names += " …"
    sentence = words(f"{group.count:,} left out: {group.reason.rstrip('.')}", kind="")
    sentence.setFont(font(BODY))
    grid = QGridLayout()
    grid.setHorizontalSpacing(GAP)
    grid.setVerticalSpacing(0)
    grid.setColumnStretch(1, 1)
    grid.addWidget(Icon("eye-off"), 0, 0, Qt.AlignmentFlag.AlignTop)
    grid.addWidget(sentence, 0, 1)
    if group.count > 1 or group.names[0] not in group.reason:
        grid.addWidget(words(names, pixels=SMALL), 1, 1)
    return grid


def _room(plan: ExportPlan) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(GRID)
    told = words(room_words(plan) + ("." if plan.fits else ": too little."), pixels=SMALL)
    if not plan.fits:
        set_kind(told, "bad")
    column.addWidget(told)
    if plan.obstacle:
        kind = "warn" if plan.replaceable else "bad"
        line = row(Icon("problem", colour=kind))
        line.addWidget(words(plan.obstacle, kind=kind), 1)
        column.addLayout(line)
    return column


def plan_heading() -> QLabel:
    """The heading above a plan."""
    return heading("What will be written")
