"""Menus of one class: everything that can be done to it, and the colours it may wear."""

from typing import Protocol

from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QColorDialog, QMenu, QWidget

from annotator.document.classes import BACKGROUND, PALETTE, ClassId, Colour
from annotator.look.icons import icon
from annotator.panels.class_model import ClassModel


class ClassDeeds(Protocol):
    """What the menus ask of the panel they belong to."""

    model: ClassModel

    def start_renaming(self) -> None:
        """Open the chosen line for typing."""

    def recolour(self, class_id: ClassId, colour: Colour) -> None:
        """Give a class another colour."""

    def merge(self, source: ClassId, target: ClassId) -> None:
        """Let one class take over another."""

    def remove(self, class_id: ClassId) -> None:
        """Take a class away."""


def class_menu(home: QWidget, deeds: ClassDeeds, class_id: ClassId) -> QMenu:
    """Rename, colour, merge into, remove."""
    menu = QMenu(home)
    menu.addAction(icon("rename"), "Rename", deeds.start_renaming)
    colours, targets = QMenu("Colour", menu), QMenu("Merge into", menu)
    colours.setIcon(icon("recolour"))
    targets.setIcon(icon("merge"))
    fill_colours(colours, deeds, class_id)
    menu.addMenu(colours)
    menu.addMenu(targets)
    for line in deeds.model.lines:
        if line.class_id not in (class_id, BACKGROUND):
            chip, name = _chip(line.colour), line.name.replace("&", "&&")
            targets.addAction(chip, name, lambda t=line.class_id: deeds.merge(class_id, t))
    targets.setEnabled(not targets.isEmpty())
    menu.addSeparator()
    menu.addAction(icon("remove"), "Remove", lambda: deeds.remove(class_id))
    return menu


def fill_colours(menu: QMenu, deeds: ClassDeeds, class_id: ClassId) -> QMenu:
    """Put the palette into a menu, and the way to any other colour."""
    for number, colour in enumerate(PALETTE, start=1):
        said = f"Colour {number}"
        menu.addAction(_chip(colour), said, lambda c=colour: deeds.recolour(class_id, c))
    menu.addSeparator()
    menu.addAction("Another colour…", lambda: _ask_colour(menu, deeds, class_id))
    return menu


def _ask_colour(menu: QMenu, deeds: ClassDeeds, class_id: ClassId) -> None:
    place = deeds.model.row_of(class_id)
    if place is None:
        return
    now = QColor(*deeds.model.lines[place].colour)
    colour = QColorDialog.getColor(now, menu.parentWidget(), "Colour of the class")
    if colour.isValid():
        deeds.recolour(class_id, (colour.red(), colour.green(), colour.blue()))


def _chip(colour: Colour) -> QIcon:
    pixmap = QPixmap(16, 16)
    pixmap.fill(QColor(*colour))
    return QIcon(pixmap)
