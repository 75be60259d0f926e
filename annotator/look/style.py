"""The style of the application: Fusion, our palette, a small sheet, and the live switch."""

from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from annotator.look.colours import DARK, LIGHT, Colours, palette_of
from annotator.look.measures import BODY, font, font_scale, set_text_scale
from annotator.look.sheet import style_sheet
from annotator.look.text_size import refit, remember


class Scheme(StrEnum):
    """What a person can choose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Style(QObject):
    """Dresses the application and keeps it dressed when the system changes its mind.

    Widgets need not listen to ``changed``: their palette changes, and `colours_of` tells the rest.
    """

    changed = Signal()

    def __init__(
        self, app: QApplication, scheme: Scheme = Scheme.SYSTEM, *, text_scale: int = 100
    ) -> None:
        super().__init__(app)
        set_text_scale(text_scale)
        self._app = app
        self._scheme = scheme
        self._colours: Colours | None = None
        app.setStyle("Fusion")
        app.setFont(font(BODY))
        app.styleHints().colorSchemeChanged.connect(self._on_system_changed)
        self._dress()

    @property
    def scheme(self) -> Scheme:
        """What was chosen, which may be to follow the system."""
        return self._scheme

    @property
    def colours(self) -> Colours:
        """The table in use."""
        return self._colours or LIGHT

    def choose(self, scheme: Scheme) -> None:
        """Wear this scheme from now on; everything on screen follows at once."""
        self._scheme = scheme
        self._dress()

    def choose_text_scale(self, percent: int) -> None:
        """Text in 80 to 200 % of its size from now on; all on screen follows at once."""
        before = font_scale()
        remember(self._app.allWidgets())
        set_text_scale(percent)
        if font_scale() == before:
            return
        self._app.setFont(font(BODY))
        self._wear_sheet(self.colours)
        for widget in self._app.allWidgets():
            widget.update()  # whoever paints text himself asks for the font while painting
        self.changed.emit()

    def _on_system_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self._scheme is Scheme.SYSTEM:
            self._dress()

    def _dress(self) -> None:
        colours = colours_for(self._scheme, self._app.styleHints().colorScheme())
        if colours is self._colours:
            return
        self._colours = colours
        self._app.setPalette(palette_of(colours))
        remember(self._app.allWidgets())
        self._wear_sheet(colours)
        self.changed.emit()

    def _wear_sheet(self, colours: Colours) -> None:
        self._app.setStyleSheet(style_sheet(colours))
        refit(self._app.allWidgets())  # a new sheet puts back the fonts that were there first


def colours_for(scheme: Scheme, system: Qt.ColorScheme) -> Colours:
    """The table for a choice; a system that does not say what it wears is taken for light."""
    if scheme is Scheme.SYSTEM:
        return DARK if system == Qt.ColorScheme.Dark else LIGHT
    return DARK if scheme is Scheme.DARK else LIGHT


def set_kind(widget: QWidget, kind: str) -> None:
    """Mark a widget for the sheet: 'primary', 'quiet', 'card', 'sheet', 'heading', 'dim' ..."""
    if widget.property("kind") == kind:
        return
    widget.setProperty("kind", kind)
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        # Else it is dressed when first shown. Sooner would freeze the font it has at this moment.
        widget.style().unpolish(widget)
        widget.style().polish(widget)
