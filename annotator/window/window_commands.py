"""Who does the actions of the window itself: pages, undo, full screen, colours, closing."""

from functools import partial
from typing import TYPE_CHECKING

from annotator.look.style import Scheme
from annotator.window.commander import Doer
from annotator.window.pages import Place

if TYPE_CHECKING:
    from annotator.window.main_window import MainWindow


def window_doers(window: "MainWindow") -> dict[str, Doer]:
    """Action id -> who does it."""
    return {
        "edit.undo": partial(_undo, window),
        "edit.redo": partial(_redo, window),
        "project.close": window.close_project,
        "project.export": partial(_show_data, window, "export"),
        "project.import": partial(_show_data, window, "import"),
        "project.add_images": partial(_show_data, window, "images"),
        "page.label": partial(window.go, Place.LABEL),
        "page.review": partial(window.go, Place.REVIEW),
        "page.data": partial(window.go, Place.DATA),
        "window.palette": window.palette_.open,
        "window.quit": window.close,
        "window.left": partial(_fold_left, window),
        "window.fullscreen": partial(_toggle_full_screen, window),
        "window.settings": partial(window.toggle_page, Place.SETTINGS),
        "window.shortcuts": partial(window.toggle_page, Place.KEYS),
        "window.log": partial(window.toggle_page, Place.LOG),
        **{f"scheme.{one.value}": partial(window.style_.choose, one) for one in Scheme},
    }


def _undo(window: "MainWindow") -> None:
    if window.workspace is not None:
        window.workspace.undo(window)


def _redo(window: "MainWindow") -> None:
    if window.workspace is not None:
        window.workspace.redo(window)


def _show_data(window: "MainWindow", section: str) -> None:
    if window.project is not None:
        window.go(Place.DATA)
        window.project.data().show_section(section)


def _fold_left(window: "MainWindow") -> None:
    if window.page is not None:
        window.page.fold_left()


def _toggle_full_screen(window: "MainWindow") -> None:
    window.showNormal() if window.isFullScreen() else window.showFullScreen()
