"""Tools: what every tool understands, what it shows while it draws, and what it ends in.

A tool knows neither Qt nor the screen: it is fed pointers in image coordinates, keeps one frozen
draft of the half-drawn thing, and answers the last step of a gesture with one frozen outcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar, Protocol, TypeAlias

from annotator.document.annotations import BitMask, Cue, CueId, PixelBox, Point
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.label_map import Labels

Ring = tuple[Point, ...]


class Button(Enum):
    """The button that a step is about; NONE while the pointer only hovers."""

    NONE = auto()
    LEFT = auto()
    RIGHT = auto()


class ToolKey(Enum):
    """What a key means to a tool; which key it is, the window decides."""

    FINISH = auto()
    BACK = auto()
    DELETE = auto()
    CANCEL = auto()


class ToolCursor(Enum):
    """A cross, a ring of the pen's size, or a hand that moves the picture."""

    CROSS = auto()
    RING = auto()
    HAND = auto()


@dataclass(frozen=True, slots=True)
class Pen:
    """What is drawn with: the chosen class, and the radius in image pixels."""

    target: ClassId = BACKGROUND
    radius: float = 8.0


@dataclass(frozen=True, slots=True)
class Pointer:
    """One step of a pointer at (x, y) of the image; ``reach``: image pixels per screen pixel."""

    x: float
    y: float
    button: Button = Button.NONE
    shift: bool = False
    alt: bool = False
    ctrl: bool = False
    reach: float = 1.0
    pen: Pen = Pen()

    @property
    def point(self) -> Point:
        """(x, y)."""
        return self.x, self.y


@dataclass(frozen=True, slots=True)
class StrokeDrawn:
    """A scribble of a round pen; BACKGROUND as ``target`` says: not an object."""

    target: ClassId
    points: Ring
    radius: float


@dataclass(frozen=True, slots=True)
class PatchPainted:
    """Pixels painted with the brush, erased (``target`` ERASE), or filled."""

    target: ClassId
    mask: BitMask


@dataclass(frozen=True, slots=True)
class BoxDrawn:
    """A rectangle x0, y0, x1, y1 around one object."""

    target: ClassId
    corners: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PolygonDrawn:
    """A closed outline."""

    target: ClassId
    ring: Ring
    holes: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True)
class PolygonEdited:
    """A polygon that was there has another shape now."""

    cue_id: CueId
    ring: Ring
    holes: tuple[Ring, ...]


@dataclass(frozen=True, slots=True)
class ClassPicked:
    """The class under the pointer."""

    class_id: ClassId


@dataclass(frozen=True, slots=True)
class RegionChosen:
    """The region of the proposal around the pixel (x, y) is right."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class AreaChosen:
    """The proposal is right within the pixels x0, y0, x1, y1, half open and inside the image."""

    box: PixelBox


Outcome: TypeAlias = (
    StrokeDrawn
    | PatchPainted
    | BoxDrawn
    | PolygonDrawn
    | PolygonEdited
    | ClassPicked
    | RegionChosen
    | AreaChosen
)


@dataclass(frozen=True, slots=True)
class StrokeDraft:
    """A stroke that grows: of a scribble, of the brush, or of the eraser (``target`` ERASE)."""

    target: ClassId
    points: Ring
    radius: float


@dataclass(frozen=True, slots=True)
class BoxDraft:
    """A rectangle being drawn."""

    target: ClassId
    corners: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class AreaDraft:
    """A rectangle that stands for no class."""

    corners: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class RingDraft:
    """An outline not yet closed; ``following`` is where the pointer would put the next point."""

    target: ClassId
    ring: Ring
    following: Point


@dataclass(frozen=True, slots=True)
class HandlesDraft:
    """A chosen polygon with its handles, as it would be now; ``opening`` is a hole in the making.

    ``active`` is the vertex under the pointer, as (ring number, place); ring 0 is the outer one.
    """

    cue_id: CueId
    target: ClassId
    rings: tuple[Ring, ...]
    active: tuple[int, int] | None = None
    opening: Ring = ()
    following: Point | None = None


Draft: TypeAlias = StrokeDraft | BoxDraft | AreaDraft | RingDraft | HandlesDraft


class Sight(Protocol):
    """What a tool may see of the picture it draws on."""

    @property
    def size(self) -> tuple[int, int]:
        """(H, W); (0, 0) without an image."""

    @property
    def proposal(self) -> Labels | None:
        """(H, W) uint8 class ids."""

    @property
    def cues(self) -> Sequence[Cue]:
        """What is drawn on the image, in order."""

    def class_at(self, x: float, y: float) -> ClassId | None:
        """The class shown there, BACKGROUND where none is; None outside the image."""


class Tool(Protocol):
    """One way to draw. ``draft`` is what is half drawn, None at rest."""

    name: ClassVar[str]
    cursor: ClassVar[ToolCursor]
    live: ClassVar[bool]  # whether an answer is wanted while it draws

    @property
    def draft(self) -> Draft | None:
        """What is half drawn."""

    def press(self, pointer: Pointer) -> Outcome | None:
        """A button goes down."""

    def move(self, pointer: Pointer) -> Outcome | None:
        """The pointer moves, with a button held or without."""

    def release(self, pointer: Pointer) -> Outcome | None:
        """The button goes up."""

    def double(self, pointer: Pointer) -> Outcome | None:
        """The button went down twice."""

    def wants(self, key: ToolKey) -> bool:
        """Whether the key would do something now."""

    def key(self, key: ToolKey) -> Outcome | None:
        """A key that the tool wants."""

    def cancel(self) -> None:
        """Forget what is half drawn; nothing was drawn."""

    def refresh(self) -> None:
        """The cues of the image have changed."""


class RestingTool:
    """A tool that does nothing; each real one replaces the steps it needs."""

    live: ClassVar[bool] = False

    def __init__(self) -> None:
        self._draft: Draft | None = None

    @property
    def draft(self) -> Draft | None:
        """What is half drawn."""
        return self._draft

    def press(self, pointer: Pointer) -> Outcome | None:
        """Nothing happens."""
        return None

    def move(self, pointer: Pointer) -> Outcome | None:
        """Nothing happens."""
        return None

    def release(self, pointer: Pointer) -> Outcome | None:
        """Nothing happens."""
        return None

    def double(self, pointer: Pointer) -> Outcome | None:
        """The second press of a double click is a press like any other."""
        return self.press(pointer)

    def wants(self, key: ToolKey) -> bool:
        """Only what is half drawn can be cancelled."""
        return key is ToolKey.CANCEL and self._draft is not None

    def key(self, key: ToolKey) -> Outcome | None:
        """Cancel on Esc."""
        if key is ToolKey.CANCEL:
            self.cancel()
        return None

    def cancel(self) -> None:
        """Forget the draft."""
        self._draft = None

    def refresh(self) -> None:
        """Nothing to look up again."""


def bounds(points: Sequence[Point], margin: float = 0.0) -> PixelBox:
    """The smallest box of whole pixels around points, widened; x0, y0, x1, y1."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (
        int(min(xs) - margin // 1) - 1,
        int(min(ys) - margin // 1) - 1,
        int(max(xs) + margin) + 2,
        int(max(ys) + margin) + 2,
    )
