"""The book of answers: what the engine says of each image, what failed, what was turned away."""

import numpy as np
import numpy.typing as npt
from numpy import uint8

from annotator.document.annotations import Bitmap
from annotator.document.classes import ClassId
from annotator.document.edits import LabelPatch, accept_patch
from annotator.document.images import ImageId
from annotator.document.label_map import Labels
from annotator.document.project import Project
from annotator.document.proposal import Proposal
from annotator.flows.accept_diff import AcceptDiff, difference
from annotator.flows.lane_messages import LaneAnswer
from annotator.flows.live_support import LiveSupport
from annotator.flows.proposal_shelf import LiveProposal, ProposalShelf
from annotator.flows.support import RowTable

TABLES_KEPT = 8  # versions whose late answers can still be read


class AnswerBook:
    """``problems`` holds the reason why an image has no answer, ``rejected`` those a person
    turned away; both are forgotten when something new is learned."""

    def __init__(self, project: Project, supports: LiveSupport, *, shelf_bytes: int) -> None:
        self._project = project
        self._supports = supports
        self._shelf = ProposalShelf(shelf_bytes)
        self._tables: dict[int, RowTable] = {}
        self._class_ids = _class_ids(project)
        self.problems: dict[ImageId, str] = {}
        self.rejected: set[ImageId] = set()

    def begin(self, version: int) -> None:
        """Another support set: its answers count rows as the project's classes stand now."""
        self.problems.clear()
        self.rejected.clear()
        self._tables[version] = RowTable.of(self._project)
        self._tables.pop(version - TABLES_KEPT, None)

    def image_ids(self) -> tuple[ImageId, ...]:
        """Images that have a proposal."""
        return self._shelf.image_ids()

    def is_wanting(self, image_id: ImageId) -> bool:
        """Whether there is no proposal of an image, and no reason why there is none."""
        accounted = image_id in self.problems or image_id in self.rejected
        return image_id not in self._shelf and not accounted

    def proposal(self, image_id: ImageId) -> Proposal | None:
        """The newest one at hand."""
        live = self._shelf.get(image_id)
        return None if live is None else live.proposal

    def uncertainty(self, image_id: ImageId) -> npt.NDArray[uint8] | None:
        """(h, w) uint8 over the whole image, reduced; 255 for quite unsure."""
        live = self._shelf.get(image_id)
        return None if live is None else live.uncertainty

    def classes_by_row(self, answer: LaneAnswer) -> npt.NDArray[uint8] | None:
        """(256,) uint8 for the rows of an answer; None where it came too late to be read."""
        table = self._tables.get(answer.support_version)
        if table is None or answer.image_id not in self._project.images:
            return None
        classes = self._project.classes
        undone = any(class_id not in classes for class_id in table.class_ids)
        return None if undone else table.classes_by_row()

    def voided(self) -> tuple[ImageId, ...]:
        """Images whose proposal shows a class whose adding was undone since this was asked last.

        The next class that is added gets its id, and must not get its pixels.
        """
        before, self._class_ids = self._class_ids, _class_ids(self._project)
        gone = sorted(before - self._class_ids)
        if not gone:
            return ()
        held = ((image_id, self._shelf.get(image_id)) for image_id in self.image_ids())
        return tuple(
            image_id
            for image_id, live in held
            if live is not None and np.isin(live.proposal.classes, gone).any()
        )

    def put(self, answer: LaneAnswer, by_row: npt.NDArray[uint8]) -> bool:
        """Hold an answer; False if a newer one is held already."""
        version = answer.support_version
        proposal = Proposal(answer.image_id, by_row[answer.rows], answer.doubt, version)
        return self._shelf.put(LiveProposal(proposal, answer.uncertainty))

    def drop(self, image_id: ImageId) -> bool:
        """Forget an image's proposal; whether there was one."""
        return self._shelf.drop(image_id)

    def patch(self, image_id: ImageId, where: Bitmap | None) -> LabelPatch | None:
        """The edit that accepts a proposal; None without one, or where nothing would change."""
        classes = self._proposed(image_id)
        if classes is None:
            return None
        return accept_patch(self._project, image_id, classes, where=where)

    def diff(self, image_id: ImageId, where: Bitmap | None) -> AcceptDiff | None:
        """What that edit would change; None without a proposal."""
        classes = self._proposed(image_id)
        if classes is None:
            return None
        return difference(
            image_id,
            before=self._project.visible_classes(image_id),
            provenance=self._project.label_map(image_id).provenance,
            proposed=classes,
            where=where,
        )

    def _proposed(self, image_id: ImageId) -> Labels | None:
        """(H, W) class ids of the proposal, with what a person drew since."""
        proposal = self.proposal(image_id)
        if proposal is None:
            return None
        return self._supports.with_human_pixels(image_id, proposal.classes)


def _class_ids(project: Project) -> frozenset[ClassId]:
    """All there ever were, merged and removed ones too."""
    return frozenset(row.class_id for row in project.classes.rows)
