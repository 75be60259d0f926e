"""The walk of the main job: support in, a proposal for every image out, accept what is good."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from annotator.document.annotations import Bitmap
from annotator.document.classes import ClassId
from annotator.document.edits import accept_patch, set_setting
from annotator.document.errors import DocumentError
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.document.proposal import Proposal
from annotator.flows.image_folder import QUIET, require_image_root
from annotator.flows.support import RowTable, query, support_set
from annotator.flows.workspace import Workspace, gesture
from engines.reporting import Reporter

if TYPE_CHECKING:  # torch is imported when the first answer is asked for, not before
    from engines.sessions.fewshot_session import FewShotSession

DEFAULT_METHOD = "probe"
DEFAULT_BACKBONE = "embedded"  # comes with the program, in assets/models


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """How to segment. ``size_px`` is the working size of the long side; None: the default.

    ``threshold`` in [0, 0.95]: a class is proposed only where its probability reaches it, elsewhere
    background; 0 is off.
    """

    method: str = DEFAULT_METHOD
    backbone: str = DEFAULT_BACKBONE
    device: str | None = None
    size_px: int | None = None
    refine: bool = True
    seed: int = 0
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One image's outcome: a proposal, or the reason why there is none."""

    image_id: ImageId
    seconds: float
    proposal: Proposal | None = None
    problem: str | None = None


class SegmentFlow:
    """Keeps one engine session for one workspace."""

    def __init__(
        self, workspace: Workspace, options: SegmentOptions, *, models_dir: Path | None = None
    ) -> None:
        self._workspace = workspace
        self._options = options
        self._session = self._open_session(models_dir)

    def learn(self, reporter: Reporter = QUIET) -> int:
        """Give everything a person marked to the engine; the number of images it learns from."""
        require_image_root(self._workspace)
        support = support_set(self._workspace.project, version=self._workspace.version)
        self._session.set_support(support, reporter)
        return len(support.shots)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of the last learning, a sentence each."""
        return self._session.remarks

    def answer(self, image_ids: Iterable[ImageId], reporter: Reporter = QUIET) -> Iterator[Answer]:
        """Answer image by image; an unreadable one gets its reason and never stops the rest."""
        wanted = tuple(image_ids)
        for done, image_id in enumerate(wanted):
            reporter.raise_if_cancelled()
            started = time.perf_counter()
            yield self._answer_one(image_id, started, reporter)
            reporter.progress(
                (done + 1) / len(wanted), self._workspace.project.images[image_id].path
            )

    def accept(self, proposal: Proposal, where: Bitmap | None = None) -> bool:
        """Make a proposal truth, all of it or ``where`` (H, W); False if nothing would change."""
        project = self._workspace.project
        patch = accept_patch(project, proposal.image_id, proposal.classes, where=where)
        if patch is None:
            return False
        self._workspace.do(gesture("Accept", project.images[proposal.image_id].path), [patch])
        return True

    def remember(self) -> None:
        """Keep the choice of method and backbone in the project for the next time."""
        chosen = {"method": self._options.method, "backbone": self._options.backbone}
        project = self._workspace.project
        news = {key: value for key, value in chosen.items() if project.settings.get(key) != value}
        if news:
            edits = [set_setting(project, key, value) for key, value in news.items()]
            self._workspace.do(f"Choose {self._options.method} on {self._options.backbone}", edits)

    def _answer_one(self, image_id: ImageId, started: float, reporter: Reporter) -> Answer:
        try:
            proposal = self._propose(image_id, reporter)
        except DocumentError as error:
            return Answer(image_id, time.perf_counter() - started, problem=str(error))
        return Answer(image_id, time.perf_counter() - started, proposal)

    def _propose(self, image_id: ImageId, reporter: Reporter) -> Proposal:
        from engines.row_map import row_map

        project = self._workspace.project
        prediction = self._session.predict(query(project, image_id), reporter)
        rows = row_map(prediction, reporter, threshold=self._options.threshold)
        classes = RowTable.of(project).classes_by_row()[rows]
        doubt = float(np.mean(prediction.uncertainty))
        return Proposal(image_id, classes, doubt, prediction.support_version)

    def _open_session(self, models_dir: Path | None) -> "FewShotSession":
        from engines.backbones.cache import FeatureCache
        from engines.device import choose_device
        from engines.sessions.fewshot_session import FewShotSession, SessionOptions

        options = self._options
        chosen = SessionOptions(refine=options.refine, seed=options.seed, polish=True)
        if options.size_px is not None:
            chosen = replace(chosen, size_px=options.size_px)
        return FewShotSession(
            options.method,
            options.backbone,
            device=choose_device(options.device),
            models_dir=models_dir,
            cache=FeatureCache(self._workspace.cache_folder / "features"),
            options=chosen,
        )


def usable_images(workspace: Workspace) -> tuple[ImageId, ...]:
    """All images that could be read, in project order."""
    images = workspace.project.images
    return tuple(image_id for image_id, entry in images.items() if entry.problem is None)


def open_images(workspace: Workspace, *, again: bool = False) -> tuple[ImageId, ...]:
    """Images that still have pixels for the engine to answer.

    Those with untouched pixels; with ``again`` also those that were accepted before. Images whose
    every pixel was drawn or imported have no question left.
    """
    asked = {Provenance.UNTOUCHED, Provenance.ACCEPTED} if again else {Provenance.UNTOUCHED}
    project = workspace.project
    return tuple(i for i in usable_images(workspace) if asked & project.provenance_kinds(i))


def pixel_counts(proposal: Proposal) -> dict[ClassId, int]:
    """Pixels of each class id that occurs, background included."""
    numbers = np.bincount(proposal.classes.ravel(), minlength=256)
    return {ClassId(int(i)): int(numbers[i]) for i in np.flatnonzero(numbers)}
