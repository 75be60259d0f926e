"""A live flow without an engine that has answers: what the review page asks of `LiveFlow`."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from annotator.document.edits import accept_patch
from annotator.document.images import ImageId
from annotator.document.proposal import Proposal
from annotator.flows.accept_diff import AcceptDiff, difference
from annotator.flows.ranking import Ranked
from annotator.flows.workspace import Workspace, gesture


class StandInAnswers(QObject):
    """The members of `LiveFlow` that the review page speaks to."""

    proposal_changed = Signal(object)
    ranking_changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._proposals: dict[ImageId, Proposal] = {}
        self.ranking: tuple[Ranked, ...] = ()
        self.current: ImageId | None = None
        self.visible: tuple[ImageId, ...] = ()

    def answer(self, image_id: ImageId, doubt: float) -> None:
        """There is an answer now: class 1 in the left half."""
        height, width = self._workspace.project.image(image_id).size
        classes: npt.NDArray[np.uint8] = np.zeros((height, width), np.uint8)
        classes[:, : width // 2] = 1
        self._proposals[image_id] = Proposal(image_id, classes, doubt, 1)
        self.proposal_changed.emit(image_id)

    def proposal(self, image_id: ImageId) -> Proposal | None:
        return self._proposals.get(image_id)

    def accept_diff(self, image_id: ImageId) -> AcceptDiff | None:
        proposal, project = self.proposal(image_id), self._workspace.project
        if proposal is None:
            return None
        return difference(
            image_id,
            before=project.visible_classes(image_id),
            provenance=project.label_map(image_id).provenance,
            proposed=proposal.classes,
        )

    def accept(self, image_id: ImageId) -> bool:
        project = self._workspace.project
        patch = accept_patch(project, image_id, self._proposals[image_id].classes)
        if patch is None:
            return False
        self._workspace.do(gesture("Accept", project.image(image_id).path), [patch], self)
        return True

    def reject(self, image_id: ImageId) -> None:
        del self._proposals[image_id]
        self.proposal_changed.emit(image_id)

    def set_current(self, image_id: ImageId | None) -> None:
        self.current = image_id

    def set_visible(self, image_ids: tuple[ImageId, ...]) -> None:
        self.visible = tuple(image_ids)
