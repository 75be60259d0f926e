"""The canvas: what the window tells it to show, and what it can be asked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QWidget

from annotator.canvas.notice import Notice
from annotator.canvas.overlay import Layer
from annotator.canvas.pan_zoom import Viewport
from annotator.canvas.pyramid import ImagePyramid, Pixels
from annotator.canvas.scene import Remade, Scene
from annotator.canvas.stage import Stage
from annotator.canvas.tool import Tool
from annotator.document.annotations import Cue, PixelBox
from annotator.document.classes import ClassId, Colour
from annotator.document.label_map import Labels

PATIENCE_MS = 200  # a picture that comes sooner is not announced


class CanvasView(Stage):
    """One picture to draw on. Colours, pen and tool outlive the picture; layers go with it.

    Methods that set a layer raise ValueError without a picture, or for arrays that do not fit it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept: Viewport | None = None  # where the last picture was looked at
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._waited_for = Notice("")
        self._patience.timeout.connect(self._announce)
        self.show_image(None)

    def show_image(self, pixels: Pixels | ImagePyramid | None, *, keep_view: bool = False) -> None:
        """Another picture, bare, fitted; ``keep_view``: at the same place if it has the same size.

        pixels (H, W, 3) uint8 is read in place, so nobody may write to it. None clears, and a line
        says what to do.
        """
        self._take_away()
        if pixels is None:
            self._say(Notice(self.tr("Choose an image in the gallery to draw on it."), "gallery"))
            return
        pyramid = ImagePyramid(pixels) if isinstance(pixels, np.ndarray) else pixels
        self.sight.scene = Scene(
            pyramid, self._look, self._layers, comparing=self._comparing, hatching=self._hatching
        )
        kept, self._notice = self._kept, None
        if keep_view and kept is not None and kept.image == pyramid.size:
            size = self._device_size()
            self._go(kept if kept.view == size else kept.resized(size))
        else:
            self.fit()

    def show_loading(self, name: str) -> None:
        """Another picture is on its way: the old one goes at once, its name stands here instead.

        The name waits a moment, so that a picture that comes quickly is not announced.
        """
        self._take_away()
        self._waited_for = Notice(self.tr("Reading {name}").format(name=name))
        self._patience.start()

    def show_notice(self, sentence: str, icon: str = "") -> None:
        """No picture but a sentence: why there is none, or what to do next."""
        self._take_away()
        self._say(Notice(sentence, icon))

    def set_class_colours(self, colours: Mapping[int, Colour]) -> None:
        """Class id -> (red, green, blue); no tile of labels is made again."""
        self._set_look(replace(self._look, colours=dict(colours)))

    def set_hidden_classes(self, class_ids: Sequence[int]) -> None:
        """Classes whose eye is shut."""
        self._set_look(replace(self._look, hidden=frozenset(class_ids)))

    def set_filled(self, filled: bool) -> None:
        """Filled areas, or outlines alone."""
        self._set_look(replace(self._look, filled=filled))

    def set_visible(self, layer: Layer, visible: bool) -> None:
        """Show or hide a layer."""
        self._layers = self._layers | {layer} if visible else self._layers - {layer}
        if self.sight.scene is not None:
            self.sight.scene.set_layers(self._layers)
        self.update()

    def set_accepted(self, classes: Labels, provenance: Labels) -> None:
        """Both (H, W) uint8 like `LabelMap`'s, read in place. ValueError for another shape."""
        scene = self._shown()
        scene.labels.set_accepted(classes, provenance)
        scene.relabel(None)
        self.update()

    def patch_accepted(self, box: PixelBox, classes: Labels, provenance: Labels) -> None:
        """A box x0, y0, x1, y1 of the same has changed; arrays of the box's shape."""
        scene = self._shown()
        scene.labels.patch_accepted(box, classes, provenance)
        scene.relabel(box)
        self._update_box(box)

    def set_proposal(self, classes: Labels | None) -> None:
        """(H, W) uint8 class ids, read in place; shown where nothing was accepted yet."""
        scene = self._shown()
        scene.labels.set_proposal(classes)
        scene.relabel(None)
        self.update()

    def set_uncertainty(self, doubt: npt.NDArray[np.floating] | None) -> None:
        """(h, w) in [0, 1] of any size, stretched over the image."""
        scene = self._shown()
        scene.labels.set_doubt(doubt)
        scene.relabel(None)
        self.update()

    def set_difference(self, kinds: Labels | None) -> None:
        """What an accept would do, (H, W) uint8 of `Change`, read in place; over all else."""
        self._shown().set_difference(kinds)
        self.update()

    def set_comparing(self, on: bool) -> None:
        """Left of a divider what is accepted, right of it what is proposed."""
        self._comparing = on
        if self.sight.scene is not None:
            self.sight.scene.set_comparing(on)
        self.update()

    def set_hatching(self, on: bool) -> None:
        """A fine pattern for each class, for eyes that do not part its colour."""
        self._hatching = on
        if self.sight.scene is not None:
            self.sight.scene.set_hatching(on)
        self.update()

    def set_cues(self, cues: Sequence[Cue]) -> None:
        """What is drawn on the image, in order; only what changed is painted again."""
        for box in self._shown().set_cues(cues):
            self._update_box(box)
        self._gestures.refresh()

    @property
    def tool(self) -> Tool:
        """The tool in the hand."""
        return self._gestures.tool

    @property
    def remade(self) -> Remade:
        """How many tiles and pixels were made for this image so far."""
        return self._shown().remade

    def set_tool(self, tool: Tool) -> None:
        """Take another tool; what is half drawn is forgotten."""
        self._gestures.set_tool(tool)

    def set_target(self, class_id: ClassId) -> None:
        """The class that is drawn from now on."""
        self._pen = replace(self._pen, target=class_id)

    def set_peek_key(self, key: Qt.Key | None) -> None:
        """The key that bares the image while it is held."""
        self._gestures.peek_key = key

    def _take_away(self) -> None:
        """The picture goes, with all that lies on it and all that is half drawn."""
        self._gestures.cancel()
        self._patience.stop()
        self._kept = self._viewport or self._kept
        self.sight.scene = self._viewport = self._notice = None
        self.setAccessibleDescription(self.tr("The image with its labels; draw on it with a tool."))
        self.update()

    def _announce(self) -> None:
        self._say(self._waited_for)

    def _say(self, notice: Notice) -> None:
        self._notice = notice
        self.setAccessibleDescription(notice.sentence)
        self.update()

    def _shown(self) -> Scene:
        if self.sight.scene is None:
            raise ValueError("There is no picture on the canvas; show one first.")
        return self.sight.scene
