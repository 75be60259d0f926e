"""The menu of the gallery's cells: what can be done with one image, or with all chosen ones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from annotator.panels.gallery_cells import Cell, CellState

Told = Callable[[], None]


@dataclass(frozen=True, slots=True)
class CellDeeds:
    """What the entries of the menu do."""

    open: Told
    accept: Told
    reject: Told
    mute: Callable[[bool], None]
    show_file: Told
    copy_path: Told
    remove: Told


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen: the ``cell`` where it is one only, else how many, and how many answered."""

    cell: Cell | None
    count: int
    answered: int
    muted: bool = False


def menu_of(parent: QWidget, choice: Choice, deeds: CellDeeds) -> QMenu:
    """The menu for what is chosen. It deletes itself when closed."""
    menu = QMenu(parent)
    menu.aboutToHide.connect(menu.deleteLater)
    count, alone = f"{choice.count:,}", choice.cell is not None
    if alone:
        menu.addAction("Open", deeds.open)
        menu.addSeparator()
    thing = "proposal" if alone else f"{choice.answered:,} of {count} proposals"
    accept = menu.addAction(f"Accept {thing}", deeds.accept)
    reject = menu.addAction(f"Reject {thing}", deeds.reject)
    for action in (accept, reject):
        action.setEnabled(choice.answered > 0)
    if choice.cell is not None:
        _add_single(menu, choice.cell, choice.muted, deeds)
    menu.addSeparator()
    menu.addAction(f"Remove {'' if alone else f'{count} images '}from project", deeds.remove)
    return menu


def show_in_folder(path: Path) -> None:
    """Open the folder of a file in the system's file browser, where it has one."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def copy_text(text: str) -> None:
    """Put a text where other programs can paste it from."""
    QGuiApplication.clipboard().setText(text)


def _add_single(menu: QMenu, cell: Cell, is_muted: bool, deeds: CellDeeds) -> None:
    if is_muted or cell.state in (CellState.CUE, CellState.ACCEPTED):
        menu.addSeparator()
        title = "Let it teach again" if is_muted else "Mute: let it teach nothing"
        menu.addAction(title, lambda: deeds.mute(not is_muted))
    menu.addSeparator()
    menu.addAction("Show file in its folder", deeds.show_file)
    menu.addAction("Copy path", deeds.copy_path)
