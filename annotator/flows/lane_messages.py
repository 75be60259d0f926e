"""What crosses between the desk and the engine's process: frozen values without torch or Qt."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from annotator.document.images import ImageId
from annotator.flows.segment_flow import SegmentOptions
from engines.exchange import CrossScores, Floats, Mark, MarkKind

Bytes = npt.NDArray[np.uint8]
ClassDoubt = tuple[tuple[int, float, int], ...]  # row, mean uncertainty, pixels

UNCERTAINTY_SIDE = 512  # longest side of the reduced map of uncertainty
_KINDS = tuple(MarkKind)
_BIT_COUNTS = np.array([number.bit_count() for number in range(256)], np.uint8)
_COLUMNS = 6  # row, x, y, h, w, kind


def no_descriptor() -> Floats:
    """(0,): of an image that nobody described."""
    return np.empty(0, np.float32)


class Topic(IntEnum):
    """What a request is about; the smaller the number, the sooner it is served."""

    CONFIGURE = 0
    FIT = 1
    CURRENT = 2
    VISIBLE = 3
    REST = 4
    ENCODE = 5
    REPORT = 6


class EngineKind(Enum):
    """What the engine is doing."""

    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    RESTARTING = "restarting"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class EngineState:
    """``text``: the device for READY and BUSY, a sentence for RESTARTING and FAILED."""

    kind: EngineKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Everything a session is opened with. ``cache_folder`` None: features stay in memory."""

    options: SegmentOptions = field(default_factory=SegmentOptions)
    cache_folder: Path | None = None
    models_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class ImageRef:
    """An image by its place; the engine decodes it itself. ``size`` (H, W)."""

    path: Path
    page: int
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class PackedMarks:
    """Marks as two arrays: ``table`` (M, 6) int32 and ``bits`` uint8, each mask from a new byte."""

    table: npt.NDArray[np.int32]
    bits: Bytes

    @classmethod
    def of(cls, marks: Iterable[Mark]) -> "PackedMarks":
        """Pack masks to bits."""
        marks = tuple(marks)
        lines = [(m.row, *m.origin, *m.mask.shape, _KINDS.index(m.kind)) for m in marks]
        bits = [np.packbits(mark.mask) for mark in marks]
        table = np.array(lines, np.int32).reshape(-1, _COLUMNS)
        return cls(table, np.concatenate([np.empty(0, np.uint8), *bits]))

    def pixels(self) -> npt.NDArray[np.int64]:
        """(M,): how many pixels each mark covers."""
        before = np.concatenate([[0], np.cumsum(_BIT_COUNTS[self.bits], dtype=np.int64)])
        ends = np.cumsum(_byte_counts(self.table))
        covered: npt.NDArray[np.int64] = np.diff(before[np.concatenate([[0], ends])])
        return covered

    def holds(self, kind: MarkKind) -> bool:
        """Whether any mark is of that kind."""
        return bool((self.table[:, 5] == _KINDS.index(kind)).any())

    def binding(self) -> "PackedMarks":
        """Those whose pixels are settled: all but boxes."""
        kept = self.table[:, 5] != _KINDS.index(MarkKind.BOX)
        if kept.all():
            return self
        bits = np.repeat(kept, _byte_counts(self.table))
        return PackedMarks(self.table[kept], self.bits[bits])

    def marks(self) -> tuple[Mark, ...]:
        """The marks again."""
        ends = np.cumsum(_byte_counts(self.table))[:-1]
        marks = []
        for line, bits in zip(self.table.tolist(), np.split(self.bits, ends), strict=False):
            row, x, y, h, w, kind = line
            mask = np.unpackbits(bits, count=h * w).reshape(h, w).view(np.bool_)
            marks.append(Mark(row, (x, y), mask, _KINDS[kind]))
        return tuple(marks)


@dataclass(frozen=True, slots=True, eq=False)
class ShotRef:
    """One annotated image. Equal ``key``: same image, same marks, same tags."""

    image: ImageRef
    marks: PackedMarks
    present: frozenset[int]
    absent: frozenset[int]
    key: str

    @classmethod
    def of(
        cls,
        image: ImageRef,
        marks: Iterable[Mark],
        *,
        present: frozenset[int],
        absent: frozenset[int],
    ) -> "ShotRef":
        """Pack the marks and compute the key."""
        packed = PackedMarks.of(marks)
        content = hashlib.blake2b(digest_size=16)
        content.update(repr((image, sorted(present), sorted(absent))).encode())
        content.update(packed.table.tobytes())
        content.update(packed.bits.data)
        return cls(image, packed, present, absent, content.hexdigest())


@dataclass(frozen=True, slots=True, eq=False)
class SupportRef:
    """`SupportSet` as it crosses; ``prompts`` and ``names`` follow ``class_ids``.

    ``image_ids`` follow ``shots``; the engine has no use for them.
    """

    class_ids: tuple[int, ...]
    names: tuple[str, ...]
    prompts: tuple[str | None, ...]
    shots: tuple[ShotRef, ...]
    version: int = 0
    image_ids: tuple[ImageId, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """Equal keys teach the same."""
        return self.class_ids, self.names, self.prompts, tuple(shot.key for shot in self.shots)


# -- requests: desk to engine ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Configure:
    """Open a session; everything learned is forgotten."""

    settings: EngineSettings
    topic: Topic = Topic.CONFIGURE


@dataclass(frozen=True, slots=True, eq=False)
class Learn:
    """Learn a support set."""

    support: SupportRef
    topic: Topic = Topic.FIT


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """Segment one image; ``fixed`` are the person's pixels on it."""

    topic: Topic
    image_id: ImageId
    image: ImageRef
    fixed: PackedMarks


@dataclass(frozen=True, slots=True)
class Encode:
    """Look at an image ahead of any question."""

    image_id: ImageId
    image: ImageRef
    topic: Topic = Topic.ENCODE


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """Judge the marked images by each other: what was learned last, one image left out."""

    topic: Topic = Topic.REPORT


@dataclass(frozen=True, slots=True)
class Polish:
    """Look for a better answer to what was learned last, and give that from then on."""

    topic: Topic = Topic.REPORT


Request: TypeAlias = Configure | Learn | Ask | Encode | CrossCheck | Polish


@dataclass(frozen=True, slots=True)
class Envelope:
    """The few bytes that go through the pipe; the request lies in the block of that name."""

    sequence: int
    block: str


# -- replies: engine to desk -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the running request is."""

    sequence: int
    fraction: float
    message: str


@dataclass(frozen=True, slots=True)
class Done:
    """A request without arrays is done; ``text`` names the device after `Configure`."""

    sequence: int
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """In the block lie rows (H, W) and the reduced uncertainty, both uint8.

    The rest as in `LaneAnswer`.
    """

    sequence: int
    size: tuple[int, int]
    uncertainty_size: tuple[int, int]
    doubt: float
    support_version: int
    seconds: float
    class_doubt: ClassDoubt = ()
    descriptor: Floats = field(default_factory=no_descriptor)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a `CrossCheck` found."""

    sequence: int
    report: CrossScores


@dataclass(frozen=True, slots=True)
class Polished:
    """The reply to `Polish`; ``changed``: answers are others than before it."""

    sequence: int
    changed: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """The request was cancelled."""

    sequence: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The request cannot be done, told in one sentence; the engine lives on."""

    sequence: int
    sentence: str


Reply: TypeAlias = Progress | Done | Answered | Judged | Polished | Stopped | Refused


@dataclass(frozen=True, slots=True, eq=False)
class LaneAnswer:
    """What the desk gets for an `Ask`. ``rows`` (H, W) uint8; 255 nowhere.

    ``uncertainty`` (h, w) uint8, 255 for certainly unknown, long side at most `UNCERTAINTY_SIDE`.
    ``doubt`` its mean in [0, 1]; ``seconds`` spent in the engine. ``class_doubt``: of each row
    that occurs (row, mean uncertainty over its pixels, pixels). ``descriptor`` (d,) of unit
    length, d <= 64: what the backbone sees in the image as a whole, the same for every support.
    """

    image_id: ImageId
    rows: Bytes
    uncertainty: Bytes
    doubt: float
    support_version: int
    seconds: float
    class_doubt: ClassDoubt = ()
    descriptor: Floats = field(default_factory=no_descriptor)


def _byte_counts(table: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """(M,) bytes that each mask takes."""
    pixels = table[:, 3].astype(np.int64) * table[:, 4]
    return (pixels + 7) // 8


def answer_bytes(size: tuple[int, int]) -> int:
    """Room an answer on an image (H, W) needs at most."""
    return size[0] * size[1] + UNCERTAINTY_SIDE**2
