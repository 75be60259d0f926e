"""The few-shot desk: keeps a support set, a backbone and a method, and answers for any image."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import torch

from engines.backbones.backbone import Backbone, BackboneCard, FeatureMaps
from engines.backbones.cache import FeatureCache
from engines.backbones.catalog import open_backbone
from engines.device import Device, choose_device
from engines.errors import EngineError, UnusableSupport
from engines.exchange import (
    CrossScores,
    Floats,
    ImageSource,
    Mark,
    Prediction,
    Query,
    Shot,
    SupportSet,
)
from engines.fewshot.cards import MethodCard
from engines.fewshot.catalog import open_method
from engines.fewshot.method import EncodedShot, EncodedSupport, Method
from engines.fewshot.polish import Polishable
from engines.fewshot.text_prior import TextPrior
from engines.reporting import Reporter, SilentReporter
from engines.row_map import RowAnswer, fix_probabilities
from engines.sessions.cross_check import CrossChecker
from engines.sessions.description import described
from engines.sessions.encoding import EncodedImage, ImageEncoder
from engines.sessions.memory_ladder import SMALLEST_SIZE_PX, Answer, with_room
from engines.sessions.rendering import (
    REFINE_EPSILON,
    REFINE_RADIUS,
    output_size,
    probabilities,
    refined,
    without_rows,
)
from engines.sessions.row_strips import (
    differences,
    enlarged_strips,
    ranked,
    refined_strips,
    standing_rows,
)
from engines.vocabulary.space import open_words

Tier = Literal["instant", "polished"]
POLISH_LIMIT_S = 8.0  # some three times what it takes: past that somebody else needs the machine


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """``size_px`` long side to work at; ``output_limit_px`` pixels of an answer's map;
    ``refine`` makes answers follow the edges of the image; ``seed`` of every random draw;
    ``polish``: answer from the slower tier wherever it is better, for those who can wait."""

    size_px: int = 512
    output_limit_px: int = 2_000_000
    refine: bool = True
    seed: int = 0
    polish: bool = False


@dataclass(slots=True)
class _Desk:
    """What a change of method, backbone or size replaces together."""

    encoder: ImageEncoder
    method: Method
    checker: CrossChecker
    fitted: bool = field(default=False)
    recent: tuple[str, FeatureMaps] | None = None  # the image answered last, by its digest


class FewShotSession:
    """Give it a support set, then ask. One image at a time, so an answer depends on nothing else:
    the same support and query give the same bits in any order, cached or not.

    Not for several threads at once.
    """

    def __init__(
        self,
        method: str = "probe",
        backbone: str | Backbone = "filters",
        *,
        device: Device | None = None,
        models_dir: Path | None = None,
        cache: FeatureCache | None = None,
        options: SessionOptions | None = None,
    ) -> None:
        """``backbone`` is a name of the catalogue or an open backbone.

        Raises `UnknownName`, `MissingWeights` or `UnusableWeights`.
        """
        self._device = device or choose_device()
        self._models_dir = models_dir
        self._cache = cache or FeatureCache()
        self._options = options or SessionOptions()
        self._size_px = self._options.size_px
        self._support: SupportSet | None = None
        self._method_name = method
        self._desk = self._new_desk(method, self._opened(backbone))

    @property
    def method_card(self) -> MethodCard:
        """The method in use."""
        return self._desk.method.card

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of the last learning, such as words that were not known."""
        return self._desk.method.remarks if isinstance(self._desk.method, TextPrior) else ()

    @property
    def backbone_card(self) -> BackboneCard:
        """The backbone in use."""
        return self._desk.encoder.backbone.card

    @property
    def backbone(self) -> Backbone:
        """The open backbone in use."""
        return self._desk.encoder.backbone

    @property
    def device(self) -> Device:
        """Where the work is done."""
        return self._device

    @property
    def size_px(self) -> int:
        """Long side worked at; less than asked for once memory ran out."""
        return self._size_px

    @torch.inference_mode()
    def set_support(self, support: SupportSet, reporter: Reporter | None = None) -> None:
        """Learn from a support set; what was learned from unchanged marks is kept.

        Raises `UnusableSupport`, `Cancelled` or `OutOfMemory`. After such a failure nothing is
        answered from an older support set: `predict` first tries again to learn from this one.
        """
        reporter = reporter or SilentReporter()
        self._support = support
        self._desk.fitted = False
        self._with_room(lambda: self._fit(reporter), reporter)

    @property
    def tier(self) -> Tier:
        """Which of a method's answers is given."""
        method = self._desk.method
        return "polished" if isinstance(method, Polishable) and method.polished else "instant"

    @torch.inference_mode()
    def polish(
        self, reporter: Reporter | None = None, *, limit_s: float | None = POLISH_LIMIT_S
    ) -> bool:
        """Look for a better answer to the present support set; True if answers are others now.

        Judged on marks left out, so that it is never taken on trust. It goes on from what the last
        call learned: answers then depend on the supports polished before. Past ``limit_s`` it gives
        up. Raises `UnusableSupport`, `Cancelled` or `OutOfMemory`; answers are then as before.
        """
        reporter = reporter or SilentReporter()
        return self._with_room(lambda: self._polish(reporter, limit_s), reporter)

    def set_method(self, name: str, reporter: Reporter | None = None) -> None:
        """Answer with another method from now on; features stay. Raises `UnknownName`."""
        self._desk = self._new_desk(name, self._desk.encoder.backbone)
        self._method_name = name
        self._learn_again(reporter)

    def set_backbone(self, backbone: str | Backbone, reporter: Reporter | None = None) -> None:
        """Answer from other features from now on, without any training."""
        self._desk = self._new_desk(self._method_name, self._opened(backbone))
        self._learn_again(reporter)

    @torch.inference_mode()
    def encode_ahead(self, images: Iterable[ImageSource], reporter: Reporter | None = None) -> int:
        """Fill the feature cache, so that later answers come at once; how many images were seen."""
        reporter = reporter or SilentReporter()
        images = list(images)
        for number, image in enumerate(images):
            reporter.raise_if_cancelled()
            self._encode(image, reporter)
            reporter.progress((number + 1) / len(images), "Looking at the images")
        return len(images)

    @torch.inference_mode()
    def predict(self, query: Query, reporter: Reporter | None = None) -> Prediction:
        """Segment one image. Strokes and masks among ``query.fixed`` come back as they are.

        Raises `UnusableSupport`, `Cancelled` or `OutOfMemory`.
        """
        reporter = reporter or SilentReporter()
        return self._with_room(lambda: self._predict(query, reporter), reporter)

    @torch.inference_mode()
    def answer(
        self, query: Query, reporter: Reporter | None = None, *, threshold: float = 0.0
    ) -> RowAnswer:
        """The rows of `predict` without its probabilities, in a fraction of its time.

        Where no probability reaches ``threshold`` the pixel is background. Raises as `predict`.
        """
        reporter = reporter or SilentReporter()
        return self._with_room(lambda: self._answer(query, reporter, threshold), reporter)

    def predict_many(
        self, queries: Iterable[Query], reporter: Reporter | None = None
    ) -> Iterator[Prediction]:
        """Answers in the order of the queries, each as soon as it is there."""
        reporter = reporter or SilentReporter()
        queries = list(queries)
        for number, query in enumerate(queries):
            yield self.predict(query, reporter)
            reporter.progress((number + 1) / len(queries), "Segmenting")

    @torch.inference_mode()
    def cross_check(self, reporter: Reporter | None = None) -> CrossScores:
        """Judge the images learned from by each other. Raises what `predict` raises."""
        reporter = reporter or SilentReporter()
        return self._with_room(lambda: self._cross_check(reporter), reporter)

    @torch.inference_mode()
    def describe(self, image: ImageSource, reporter: Reporter | None = None) -> Floats:
        """(d,) float32 of unit length, d <= 64: what the backbone sees in an image as a whole."""
        reporter = reporter or SilentReporter()
        return self._with_room(lambda: described(self._seen(image, reporter)), reporter)

    def _seen(self, image: ImageSource, reporter: Reporter) -> FeatureMaps:
        recent = self._desk.recent
        if recent is not None and recent[0] == image.digest:
            return recent[1]
        return self._desk.encoder.encode(image, reporter).features

    def _cross_check(self, reporter: Reporter) -> CrossScores:
        support = self._usable_support()
        if not self._desk.fitted:
            self._fit(reporter)
        scores = self._desk.checker.check(self._encoded(support, reporter, keep=False), reporter)
        return replace(scores, support_version=support.version)

    def _polish(self, reporter: Reporter, limit_s: float | None, *, afresh: bool = False) -> bool:
        support = self._usable_support()
        if not self._desk.fitted:
            self._fit(reporter)
        method = self._desk.method
        if not isinstance(method, Polishable):
            return False
        encoded = self._encoded(support, reporter, keep=False)
        return method.polish(encoded, reporter, limit_s=limit_s, afresh=afresh)

    def _predict(self, query: Query, reporter: Reporter) -> Prediction:
        support, encoded, logits = self._scored(query, reporter)
        logits = without_rows(logits, _absent_rows(support, query.image.digest))
        if self._options.refine:
            reporter.raise_if_cancelled()
            logits = refined(logits, encoded.guide)
        reporter.raise_if_cancelled()
        size = output_size(query.image.size, limit_px=self._options.output_limit_px)
        answer = probabilities(logits, size)
        fix_probabilities(answer, query.fixed, query.image.size)
        return Prediction(support.class_ids, answer, query.image.size, support.version, query.fixed)

    def _answer(self, query: Query, reporter: Reporter, threshold: float) -> RowAnswer:
        support, encoded, logits = self._scored(query, reporter)
        rows = standing_rows(logits, _absent_rows(support, query.image.digest))
        planes, size = differences(logits, rows), query.image.size
        strips = enlarged_strips(planes, size)
        if self._options.refine:
            grid = int(planes.shape[1]), int(planes.shape[2])
            guide = encoded.guide_field(grid, radius=REFINE_RADIUS, epsilon=REFINE_EPSILON)
            strips = refined_strips(planes, encoded.guide[0], guide, size)
        version = support.version
        return ranked(strips, rows, query, reporter, threshold=threshold, version=version)

    def _scored(
        self, query: Query, reporter: Reporter
    ) -> tuple[SupportSet, EncodedImage, torch.Tensor]:
        """What is learned from, the image, and logits (1, K, h, w) on the method's own grid."""
        reporter.raise_if_cancelled()
        support = self._usable_support()
        _check_rows(query.fixed, support)
        if not self._desk.fitted:  # the working size changed since
            self._fit(reporter)
        encoded = self._desk.encoder.encode(query.image, reporter)
        self._desk.recent = query.image.digest, encoded.features
        reporter.raise_if_cancelled()
        logits = self._desk.method.logits(encoded.features)
        reporter.raise_if_cancelled()
        return support, encoded, logits

    def _encode(self, image: ImageSource, reporter: Reporter) -> None:
        self._with_room(lambda: self._desk.encoder.encode(image, reporter), reporter)

    def _fit(self, reporter: Reporter) -> None:
        """Learn the support set on the present desk, whatever was learned before."""
        support = self._usable_support()
        for shot in support.shots:
            _check_rows(shot.marks, support)
        self._desk.method.fit(self._encoded(support, reporter), reporter)
        self._desk.fitted = True
        if self._options.polish:
            self._polish(reporter, None, afresh=True)

    def _encoded(
        self, support: SupportSet, reporter: Reporter, *, keep: bool = True
    ) -> EncodedSupport:
        encoder = self._desk.encoder
        shots = tuple(_encoded(shot, encoder, reporter, keep=keep) for shot in support.shots)
        return EncodedSupport(("background", *support.names), shots, support.prompts)

    def _usable_support(self) -> SupportSet:
        if self._support is None:
            raise UnusableSupport("Nothing is marked yet; draw on a class and on the background.")
        return self._support

    def _learn_again(self, reporter: Reporter | None) -> None:
        if self._support is not None:
            self.set_support(self._support, reporter)

    def _opened(self, backbone: str | Backbone) -> Backbone:
        if isinstance(backbone, str):
            return open_backbone(backbone, self._device, self._models_dir)
        return backbone

    def _new_desk(self, method: str, backbone: Backbone) -> _Desk:
        card, seed = backbone.card, self._options.seed
        encoder = ImageEncoder(backbone, self._device, self._cache, size_px=self._size_px)
        words = partial(open_words, card, self._device, self._models_dir)
        fresh = partial(open_method, method, card, seed=seed, words=words)
        opened = fresh()
        return _Desk(encoder, opened, CrossChecker(opened, card, fresh, seed=seed))

    def _with_room(self, work: Callable[[], Answer], reporter: Reporter) -> Answer:
        return with_room(work, release=self._release, halve=self._halve, reporter=reporter)

    def _release(self) -> None:
        self._cache.release_memory()
        self._desk.encoder.release_memory()
        self._desk.recent = None

    def _halve(self) -> int:
        """Marks keep their pixels; only the grid of features becomes coarser."""
        size_px = self._size_px // 2
        if size_px >= SMALLEST_SIZE_PX:  # else the next image would be answered ever more coarsely
            self._size_px = size_px
            self._desk = self._new_desk(self._method_name, self._desk.encoder.backbone)
        return size_px


def _encoded(shot: Shot, encoder: ImageEncoder, reporter: Reporter, *, keep: bool) -> EncodedShot:
    def features() -> FeatureMaps:
        return encoder.encode(shot.image, reporter, keep=keep).features

    return EncodedShot(shot.image.digest, shot.image.size, shot.marks, features)


def _check_rows(marks: tuple[Mark, ...], support: SupportSet) -> None:
    foreign = [mark.row for mark in marks if not 0 <= mark.row < support.row_count]
    if foreign:
        raise EngineError(
            f"A mark is of row {foreign[0]}, but with {len(support.class_ids)} class(es) the rows "
            f"are 0 to {support.row_count - 1}; give it the row of one of the classes."
        )


def _absent_rows(support: SupportSet, digest: str) -> frozenset[int]:
    """Rows a person said are nowhere in this very image."""
    said = (shot.absent for shot in support.shots if shot.image.digest == digest)
    return frozenset().union(*said)
