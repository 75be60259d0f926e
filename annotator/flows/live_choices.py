"""What a person chooses for the live loop: kept in the project, undone like any other gesture."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from annotator.document.annotations import TextPrompt
from annotator.document.classes import ClassId
from annotator.document.edits import AddCue, Edit, RemoveCue, ReplaceCue, set_setting
from annotator.document.images import ImageId
from annotator.flows.kept_choices import (
    BACKBONE,
    METHOD,
    REFINE,
    THRESHOLD,
    Complaint,
    checked_backbone,
    checked_method,
    checked_threshold,
    kept_choices,
    written,
)
from annotator.flows.muting import mute_edit, muted_images
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.workspace import Workspace, gesture


class LiveChoices(QObject):
    """The choices of one open project. Setters commit gestures; what they change is then heard
    from the workspace like everything else, so that undoing a choice is choosing the old one."""

    told = Signal(str)  # a sentence: a choice kept in the project cannot be met here

    def __init__(
        self,
        workspace: Workspace,
        options: SegmentOptions,
        models_dir: Path | None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._default = options
        self._models_dir = models_dir
        self._complaints: tuple[Complaint, ...] = ()
        self._untold: list[str] = []
        self._options = options
        self._take_up_choices()

    @property
    def options(self) -> SegmentOptions:
        """Method, backbone and the rest, as they hold now."""
        return self._options

    def set_method(self, name: str) -> None:
        """Answer with another method; raises `UnknownName`."""
        self._choose(METHOD, checked_method(name), gesture("Method", name))

    def set_backbone(self, name: str) -> None:
        """Answer from other features; raises `MissingWeights` or `UnknownName`."""
        self._choose(BACKBONE, checked_backbone(name, self._models_dir), gesture("Backbone", name))

    def set_refine(self, refine: bool) -> None:
        """Let answers follow the edges of the image, or not."""
        words = ("yes", "Refinement on") if refine else ("no", "Refinement off")
        self._choose(REFINE, *words)

    def set_threshold(self, value: float) -> None:
        """Propose a class only where its probability reaches ``value`` in [0, 0.95]; 0 is off.

        One gesture: call it when a slider is let go. Raises `InvalidEdit` out of range.
        """
        text = f"{checked_threshold(value):g}"
        self._choose(THRESHOLD, text, gesture("Threshold", f"{value:.0%}"))

    def set_muted(self, image_id: ImageId, muted: bool) -> None:
        """Let an image teach nothing, or again what is marked on it. Raises `InvalidEdit`."""
        edit = mute_edit(self._workspace.project, image_id, muted=muted)
        if (edit.after is None) != (edit.before is None):
            name = self._workspace.project.images[image_id].path
            self._do(gesture("Mute" if muted else "Unmute", name), edit)

    def prompt(self, class_id: ClassId) -> str:
        """Words for a class that hold for the whole project; empty where there are none."""
        prompts = self._prompts(class_id)
        return prompts[-1].text if prompts else ""

    def set_prompt(self, class_id: ClassId, text: str) -> None:
        """Give a class other words; none for an empty text. Raises `InvalidEdit`."""
        text = text.strip()
        if text == self.prompt(class_id):
            return
        project = self._workspace.project
        *older, newest = self._prompts(class_id) or (None,)
        edits: list[Edit] = [RemoveCue(None, prompt) for prompt in older if prompt is not None]
        if newest is None:
            edits.append(AddCue(None, TextPrompt(project.next_cue_id(), class_id, text)))
        elif text:
            after = TextPrompt(newest.cue_id, class_id, text)
            edits.append(ReplaceCue(None, newest, after))
        else:
            edits.append(RemoveCue(None, newest))
        self._do(gesture("Prompt", project.classes[class_id].name), *edits)

    def _prompts(self, class_id: ClassId) -> tuple[TextPrompt, ...]:
        prompts = self._workspace.project.prompts()
        return tuple(prompt for prompt in prompts if prompt.target == class_id)

    def _choose(self, key: str, text: str, name: str) -> None:
        project = self._workspace.project
        if project.settings.get(key, written(self._options)[key]) != text:
            self._do(name, set_setting(project, key, text))

    def _do(self, name: str, *edits: Edit) -> None:
        self._workspace.do(name, edits, self)

    def _take_up_choices(self) -> bool:
        """Read what the project keeps; whether the options are other ones now."""
        project, before = self._workspace.project, self._options
        self._muted = muted_images(project)
        kept = kept_choices(project, self._default, self._models_dir)
        self._options = kept.options
        news = [one for one in kept.complaints if one not in self._complaints]
        self._untold += [complaint.sentence for complaint in news]
        self._complaints = kept.complaints
        return self._options != before

    def _tell_complaints(self) -> None:
        """Say what could not be met; not while being made, when nobody listens yet."""
        untold, self._untold = self._untold, []
        for sentence in untold:
            self.told.emit(sentence)
