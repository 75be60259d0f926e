"""The guide: joins the tour's steps with the real widgets and the person's real actions."""

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from annotator.window.label_page import LabelPage
from annotator.window.main_window import MainWindow
from annotator.window.pages import Place
from annotator.window.tour import Tour
from annotator.window.tour_steps import Target, tour_steps


class Guide(QObject):
    """Starts the tour over the label page of the open project."""

    ended = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._tour = Tour(window)
        self._tour.ended.connect(lambda _whole: self.ended.emit())

    def start(self) -> None:
        """Begin, or begin again; without a project there is nothing to show."""
        page = self._window.page
        if page is None:
            return
        self._window.go(Place.LABEL)
        done = {
            "canvas": page.desk.drawn,
            "answer": page.answers.shown,
            "accept": page.answers.accepted,
        }
        self._tour.start(tour_steps(self._targets(page), done, keys=self._window.actions_.keys))

    def _targets(self, page: LabelPage) -> dict[str, Target]:
        places: dict[str, QWidget] = {
            "classes": page.classes,
            "tools": page.strip,
            "canvas": page.canvas,
            "answer": page.canvas,
            "gallery": page.gallery,
            "accept": page.canvas,
            "undo": self._window.top.undo_button,
            "export": self._window.top.export_button,
            "palette": self._window.top.search_button,
        }
        return {name: partial(_same, widget) for name, widget in places.items()}


def _same(widget: QWidget) -> QWidget:
    return widget
