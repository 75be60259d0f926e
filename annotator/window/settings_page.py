"""The page of settings: everything applied at once, one step back after a reset."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from annotator.log_file import FILE_NAME as LOG_NAME
from annotator.log_file import log_folder
from annotator.look.choosing import Segments, Switch
from annotator.look.measures import GAP, GRID, WIDE
from annotator.look.pieces import PageColumn, push_button, row, scrolled, title, words
from annotator.look.style import set_kind
from annotator.settings import Settings, allowed, models_place, settings_path
from annotator.window.places import folder_of, show_place
from annotator.window.settings_rows import Group, PathRow, SliderRow

SHOWN = (
    "scheme", "text_scale", "hatching", "overlay_opacity", "outline", "pen_radius", "live",
    "gallery_cell", "device", "models_folder", "proposal_memory",
)  # fmt: skip  # what the page shows, and what a reset therefore touches
_GPU = ("mps", "Apple GPU") if sys.platform == "darwin" else ("cuda", "NVIDIA GPU")


class SettingsPage(QWidget):
    """Shows settings and tells of every change; whoever owns them keeps and applies them.

    ``settings_file`` and ``log_file`` are only shown.
    """

    changed = Signal(object)  # Settings

    def __init__(
        self,
        settings: Settings,
        *,
        settings_file: Path | None = None,
        log_file: Path | None = None,
    ) -> None:
        super().__init__()
        self.setAccessibleName("Settings")
        self._settings = settings
        self._before: Settings | None = None  # what a reset took away
        self._files = (settings_file or settings_path(), log_file or log_folder() / LOG_NAME)
        self.segments: dict[str, Segments] = {}
        self.switches: dict[str, Switch] = {}
        self.sliders: dict[str, SliderRow] = {}
        self.models = PathRow("Folder of imported backbones")
        self.usual_models = self.models.add_button("Usual", lambda: self._set(models_folder=""))
        self.models.add_button("Choose…", self._choose_models)
        self.reset_button = push_button("Reset to defaults", self.reset, kind="quiet")
        self.undo_line = QFrame()
        self.undo_button = push_button("Undo", self.undo_reset, kind="link")
        self._lay_out()
        self.show_settings(settings)

    @property
    def settings(self) -> Settings:
        """What is shown."""
        return self._settings

    def show_settings(self, settings: Settings) -> None:
        """Show these and tell nobody: they were changed elsewhere."""
        self._settings = settings
        for name, choice in self.segments.items():
            choice.choose(str(getattr(settings, name)))
        for name, switch in self.switches.items():
            switch.setChecked(bool(getattr(settings, name)))
        for name, slider in self.sliders.items():
            factor = 100 if name == "overlay_opacity" else 1
            slider.set_value(float(getattr(settings, name)) * factor)
        self.models.show_path(models_place(settings))
        self.usual_models.setEnabled(bool(settings.models_folder))
        self.reset_button.setEnabled(_reset(settings) != settings)

    def reset(self) -> None:
        """Everything on this page as it was at first; one press brings it back."""
        before = self._settings
        self._set(**{name: getattr(Settings(), name) for name in SHOWN})
        self._before = before
        self.undo_line.show()
        self.undo_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def undo_reset(self) -> None:
        """Take the reset back."""
        before = self._before
        if before is not None:
            self._set(**{name: getattr(before, name) for name in SHOWN})
            self.reset_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def choose_models(self, folder: Path) -> None:
        """Look for imported backbones there from now on."""
        self._set(models_folder=str(folder))

    # -- inside ----------------------------------------------------------------------------------

    def _set(self, **values: Any) -> None:
        settings = replace(self._settings, **values)
        self._before = None
        self.undo_line.hide()
        self.show_settings(settings)
        self.changed.emit(settings)

    def _choose_models(self) -> None:
        start = str(models_place(self._settings))
        chosen = QFileDialog.getExistingDirectory(self, "Folder of imported backbones", start)
        if chosen:
            self.choose_models(Path(chosen))

    def _segment(
        self, name: str, said: str, choices: tuple[tuple[str, str], ...], read: type = str
    ) -> Segments:
        made = Segments(said, choices)
        made.chosen.connect(lambda value: self._set(**{name: read(value)}))
        self.segments[name] = made
        return made

    def _switch(self, name: str, said: str) -> Switch:
        made = Switch(said)
        made.clicked.connect(lambda checked: self._set(**{name: bool(checked)}))
        self.switches[name] = made
        return made

    def _slider(
        self, name: str, said: str, limits: tuple[int, int], *, step: int = 1,
        shown: Callable[[int], str],
    ) -> SliderRow:  # fmt: skip
        made = SliderRow(said, limits, step=step, shown=shown)
        made.moved.connect(partial(self._on_slider, name))
        self.sliders[name] = made
        return made

    def _on_slider(self, name: str, value: int) -> None:
        kind = type(getattr(Settings(), name))
        self._set(**{name: value / 100 if name == "overlay_opacity" else kind(value)})

    def _look(self) -> Group:
        group = Group("Look")
        schemes = (("system", "System"), ("light", "Light"), ("dark", "Dark"))
        group.add("Colours", "", self._segment("scheme", "Colours", schemes))
        low, high = (int(limit) for limit in allowed("text_scale"))
        scale = self._slider("text_scale", "Size of text", (low, high), step=5,
                             shown=lambda v: f"{v} %")  # fmt: skip
        # What is dragged must not move away under the hand: it applies when the hand lets go.
        scale.slider.setTracking(False)
        group.add("Size of text", "On top of what the system asks for", scale)
        group.add("Density of masks", "How much of the picture an overlay covers",
                  self._slider("overlay_opacity", "Density of masks", (0, 100), step=5,
                               shown=lambda v: f"{v} %"))  # fmt: skip
        group.add("Outlines", "A thin line around every area", self._switch("outline", "Outlines"))
        group.add("Pattern for each class", "Tells classes apart without colour",
                  self._switch("hatching", "Pattern for each class"))  # fmt: skip
        return group

    def _drawing(self) -> Group:
        group = Group("Drawing")
        pen = self._slider("pen_radius", "Pen", (1, 128), shown=lambda v: f"{v} px")
        group.add("Pen", "Radius in pixels of the picture", pen)
        group.add("Live answers", "Answer while you draw", self._switch("live", "Live answers"))
        return group

    def _gallery(self) -> Group:
        group = Group("Gallery")
        group.add("Least width of a picture", "",
                  self._slider("gallery_cell", "Least width of a picture", (64, 512), step=4,
                               shown=lambda v: f"{v} px"))  # fmt: skip
        return group

    def _engine(self) -> Group:
        group = Group("Engine")
        devices = (("auto", "Automatic"), ("cpu", "CPU"), _GPU)
        group.add("Compute on", "The engine starts anew with it, and nothing is lost",
                  self._segment("device", "Compute on", devices))  # fmt: skip
        group.add("Memory for proposals", "Beyond it, answers unseen for longest are made again",
                  self._slider("proposal_memory", "Memory for proposals", (64, 4096), step=64,
                               shown=lambda v: f"{v} MiB"))  # fmt: skip
        group.add("Imported backbones", "", self.models, stretch=True)
        return group

    def _places(self) -> Group:
        group = Group("Files")
        for name, path in zip(("Settings", "Log"), self._files, strict=True):
            line = PathRow(f"File of the {name.lower()}")
            line.show_path(path)
            line.add_button("Show", partial(show_place, folder_of(path)))
            group.add(name, "", line, stretch=True)
        return group

    def _lay_out(self) -> None:
        set_kind(self.undo_line, "message")
        across = QHBoxLayout(self.undo_line)
        across.setContentsMargins(GAP + GRID, GRID, GRID, GRID)
        across.addWidget(words("Everything on this page is as it was at first."), 1)
        across.addWidget(self.undo_button)
        self.undo_line.hide()
        page = PageColumn()
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * WIDE, WIDE, 2 * WIDE, 2 * WIDE)
        column.setSpacing(WIDE + GRID)
        column.addLayout(row(title("Settings"), 1, self.reset_button))
        column.addWidget(self.undo_line)
        parts = (self._look, self._drawing, self._gallery, self._engine, self._places)
        for part in parts:
            column.addWidget(part())
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(page))


def _reset(settings: Settings) -> Settings:
    usual = Settings()
    return replace(settings, **{name: getattr(usual, name) for name in SHOWN})
