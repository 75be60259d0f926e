"""What tools may see of the picture on a canvas."""

from collections.abc import Sequence

from annotator.canvas.scene import Scene
from annotator.document.annotations import Cue
from annotator.document.classes import ClassId
from annotator.document.label_map import Labels


class CanvasSight:
    """Looks through to the scene that is on the canvas at the moment."""

    def __init__(self) -> None:
        self.scene: Scene | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(H, W); (0, 0) without an image."""
        return (0, 0) if self.scene is None else self.scene.pyramid.size

    @property
    def proposal(self) -> Labels | None:
        """(H, W) uint8 class ids."""
        return None if self.scene is None else self.scene.labels.proposal

    @property
    def cues(self) -> Sequence[Cue]:
        """What is drawn on the image, in order."""
        return () if self.scene is None else self.scene.cues

    def class_at(self, x: float, y: float) -> ClassId | None:
        """What was accepted there, else what is proposed; None outside the image."""
        return None if self.scene is None else self.scene.labels.class_at(x, y)
