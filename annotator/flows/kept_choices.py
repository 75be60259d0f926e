"""The choices of method, backbone, refinement and threshold that a project keeps as settings."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

from annotator.document.errors import InvalidEdit
from annotator.document.project import Project
from annotator.flows.segment_flow import SegmentOptions
from engines.errors import EngineError, MissingWeights, UnknownName
from engines.sessions.catalog import backbone_choices, method_cards
from engines.weights import list_weights

METHOD, BACKBONE, REFINE, THRESHOLD = "method", "backbone", "refine", "threshold"
LARGEST_THRESHOLD = 0.95  # beyond, nothing but drawn pixels would be left of an answer
_REFINE_WORDS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Complaint:
    """A kept choice that cannot be met; ``in_force`` is what holds in its place."""

    key: str
    in_force: str
    reason: str

    @property
    def sentence(self) -> str:
        """For a person."""
        return f"This project's {self.key} cannot be used, '{self.in_force}' is: {self.reason}"


@dataclass(frozen=True, slots=True)
class KeptChoices:
    """What a project keeps, as far as it can be used, and what cannot."""

    options: SegmentOptions
    complaints: tuple[Complaint, ...] = ()


def kept_choices(
    project: Project, default: SegmentOptions, models_dir: Path | None = None
) -> KeptChoices:
    """``default`` with all that the project keeps, as far as it can be used here."""
    options, complaints = default, []
    for key, in_force in written(default).items():
        text = project.settings.get(key)
        if text is None:
            continue
        try:
            options = _with_choice(options, key, text, models_dir)
        except (EngineError, InvalidEdit) as error:
            complaints.append(Complaint(key, in_force, str(error)))
    return KeptChoices(options, tuple(complaints))


def written(options: SegmentOptions) -> dict[str, str]:
    """The choices as settings, by key."""
    return {
        METHOD: options.method,
        BACKBONE: options.backbone,
        REFINE: "yes" if options.refine else "no",
        THRESHOLD: f"{options.threshold:g}",
    }


def checked_method(name: str) -> str:
    """The name again, or `UnknownName`."""
    known = [card.name for card in method_cards()]
    if name not in known:
        raise UnknownName(f"There is no method '{name}'; choose one of: {', '.join(known)}.")
    return name


def checked_backbone(name: str, models_dir: Path | None = None) -> str:
    """The name again; `MissingWeights` where it cannot be opened here, `UnknownName` for none."""
    choices = backbone_choices(models_dir)
    if any(choice.name == name and choice.ready for choice in choices):
        return name
    if sum(card.architecture == name for card in list_weights(models_dir)) == 1:
        return name  # a network of which exactly one file of weights is here
    for choice in choices:
        if choice.name == name:
            raise MissingWeights(choice.advice)
    raise UnknownName(f"There is no backbone '{name}' on this machine; import its weights.")


def checked_threshold(value: float) -> float:
    """The value again, or `InvalidEdit` unless it lies within 0 and `LARGEST_THRESHOLD`."""
    if not (math.isfinite(value) and 0.0 <= value <= LARGEST_THRESHOLD):
        raise InvalidEdit(
            f"A threshold lies between 0 and {LARGEST_THRESHOLD}, where 0 is off; {value:g} is "
            "out of range."
        )
    return value


def _with_choice(
    options: SegmentOptions, key: str, text: str, models_dir: Path | None
) -> SegmentOptions:
    match key:
        case "method":
            return replace(options, method=checked_method(text))
        case "backbone":
            return replace(options, backbone=checked_backbone(text, models_dir))
        case "refine":
            return replace(options, refine=_read_refine(text))
        case _:
            return replace(options, threshold=_read_threshold(text))


def _read_refine(text: str) -> bool:
    if text not in _REFINE_WORDS:
        raise InvalidEdit(f"Refinement is 'yes' or 'no', not '{text}'; choose it anew.")
    return _REFINE_WORDS[text]


def _read_threshold(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise InvalidEdit(f"A threshold is a number, not '{text}'; choose it anew.") from None
    return checked_threshold(value)
