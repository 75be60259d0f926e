"""Statistics as pictures: how far the project is, how classes are spread, how large images are."""

from collections import Counter
from collections.abc import Mapping

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from annotator.document.changes import Changes
from annotator.document.classes import ClassId, ClassTable
from annotator.document.project import Project
from annotator.flows.pixel_census import PixelCensus
from annotator.flows.workspace import Workspace
from annotator.look.measures import GAP, GRID, PAD, SMALL
from annotator.look.pieces import EmptyState, heading, words
from annotator.look.style import set_kind
from annotator.window.bars import Bar, BarChart
from annotator.window.export_form import scrolled

SETTLE_MS = 300
SIDES = (256, 512, 1024, 2048, 4096)  # pixels of the longer side: borders of the histogram


class StatisticsView(QWidget):
    """Four charts that follow the project while they are on screen."""

    def __init__(self, workspace: Workspace, census: PixelCensus) -> None:
        super().__init__()
        self._workspace, self._census = workspace, census
        self._closed = False
        self.states = BarChart("States of images")
        self.sizes = BarChart("Sizes of images")
        self.pixels = BarChart("Labelled pixels per class")
        self.images = BarChart("Images per class")
        self._note = words("", pixels=SMALL)
        self._soon = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._soon.timeout.connect(self.refresh)
        self._pages = QStackedWidget()
        self._lay_out()
        self._unsubscribe = workspace.subscribe(self._on_changes)
        census.counted.connect(self._refresh_soon)

    def refresh(self) -> None:
        """Show the figures of now."""
        project = self._workspace.project
        self.states.show_bars(state_bars(project))
        self.sizes.show_bars(size_bars(project))
        self.pixels.show_bars(pixel_bars(project.classes, self._census.pixels))
        self.images.show_bars(image_bars(project.classes, self._census.images))
        labelled = self._census.labelled_images
        self._note.setText(
            f"Counted on {labelled:,} labelled images; background is not shown."
            if labelled
            else "Nothing is labelled yet: accept an answer or paint, and classes show up here."
        )
        self._pages.setCurrentIndex(1 if project.images else 0)

    def close_all(self) -> None:
        """Hear of the project no more."""
        if self._closed:
            return
        self._closed = True
        self._unsubscribe()
        self._soon.stop()
        self._census.counted.disconnect(self._refresh_soon)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102 - Qt's name
        super().showEvent(event)
        self.refresh()

    def _lay_out(self) -> None:
        self._pages.addWidget(
            EmptyState("data", "No figures yet", "Add images; what is known of them shows up here.")
        )
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2 * GAP)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        grid.addWidget(_card(self.states), 0, 0)
        grid.addWidget(_card(self.sizes), 0, 1)
        grid.addWidget(_card(self.pixels), 1, 0)
        grid.addWidget(_card(self.images), 1, 1)
        grid.addWidget(self._note, 2, 0, 1, 2)
        grid.setRowStretch(3, 1)
        self._pages.addWidget(scrolled(page, 1100))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)

    def _on_changes(self, _changes: Changes, _initiator: object) -> None:
        self._refresh_soon()

    def _refresh_soon(self) -> None:
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()


def state_bars(project: Project) -> list[Bar]:
    """How many images are how far; the parts add up to all."""
    problems = {i for i, entry in project.images.items() if entry.problem is not None}
    labelled = set(project.image_ids_with_labels()) - problems
    marked = set(project.image_ids_with_cues()) - labelled - problems
    total = len(project.images)
    untouched = total - len(problems) - len(labelled) - len(marked)
    rows: tuple[tuple[str, int, str], ...] = (
        ("Labelled", len(labelled), "good"),
        ("Has marks only", len(marked), "accent"),
        ("Untouched", untouched, "strong_line"),
        ("Problem", len(problems), "bad"),
    )
    return [Bar(label, count, _share(count, total), ink) for label, count, ink in rows]


def size_bars(project: Project) -> list[Bar]:
    """How many images have a longer side of how many pixels."""
    counts: Counter[int] = Counter()
    for entry in project.images.values():
        if entry.width:
            counts[sum(max(entry.size) > side for side in SIDES)] += 1
    names = [f"to {SIDES[0]:,} px", *(f"to {side:,} px" for side in SIDES[1:])]
    names.append(f"over {SIDES[-1]:,} px")
    return [Bar(name, counts[k], f"{counts[k]:,}") for k, name in enumerate(names)]


def pixel_bars(classes: ClassTable, pixels: Mapping[ClassId, int]) -> list[Bar]:
    """Labelled pixels per class, with the share each has in all that are some class."""
    total = sum(pixels.get(row.class_id, 0) for row in classes)
    return [
        Bar(row.name, count, f"{_short(count)} · {_percent(count, total)}", row.colour)
        for row in classes
        for count in (pixels.get(row.class_id, 0),)
    ]


def image_bars(classes: ClassTable, images: Mapping[ClassId, int]) -> list[Bar]:
    """In how many images each class occurs."""
    return [
        Bar(row.name, images.get(row.class_id, 0), f"{images.get(row.class_id, 0):,}", row.colour)
        for row in classes
    ]


def _card(chart: BarChart) -> QFrame:
    card = QFrame()
    set_kind(card, "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(PAD + GRID, PAD, PAD + GRID, PAD)
    column.setSpacing(GAP)
    column.addWidget(heading(chart.accessibleName()))
    column.addWidget(chart)
    column.addStretch(1)
    return card


def _share(count: int, total: int) -> str:
    return f"{count:,} · {_percent(count, total)}"


def _percent(count: int, total: int) -> str:
    if not count or not total:
        return "0 %"
    share = 100 * count / total
    return "< 1 %" if share < 1 else f"{share:.0f} %"


def _short(count: int) -> str:
    for limit, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return str(count)
