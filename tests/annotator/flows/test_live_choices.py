"""Choices live in the project: undone like a stroke, taken up at opening, or refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from annotator.document.annotations import Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, remove_images, set_setting
from annotator.document.errors import InvalidEdit
from annotator.document.images import ImageId
from annotator.flows.kept_choices import checked_backbone, kept_choices, written
from annotator.flows.live_choices import LiveChoices
from annotator.flows.live_support import LiveSupport
from annotator.flows.muting import muted_images
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.support import support_set, teaching_images
from annotator.flows.workspace import Workspace
from engines.errors import MissingWeights, UnknownName

DISC = ClassId(1)
DEFAULT = SegmentOptions(backbone="filters")


@pytest.fixture
def choices(discs: Workspace, tmp_path: Path) -> LiveChoices:
    made = LiveChoices(discs, DEFAULT, tmp_path)
    discs.subscribe(lambda *_: made._take_up_choices())
    return made


def last(workspace: Workspace) -> str | None:
    return workspace.history.undo_name


def keep(workspace: Workspace, **settings: str) -> None:
    edits = [set_setting(workspace.project, key, text) for key, text in settings.items()]
    workspace.do("Keep", edits)


def teach(workspace: Workspace, image: ImageId) -> None:
    for target, x in ((DISC, 30.0), (BACKGROUND, 90.0)):
        cue_id = workspace.project.next_cue_id()
        cue = Stroke(cue_id, target, ((x, 34.0), (x, 46.0)), 4.0)
        workspace.do("Stroke", [AddCue(image, cue)])


def test_every_choice_is_one_named_gesture_and_undoing_it_is_choosing_the_old_one(
    discs: Workspace, choices: LiveChoices
) -> None:
    choices.set_method("panet")
    assert last(discs) == "Method, 'panet'"
    choices.set_refine(False)
    assert last(discs) == "Refinement off"
    choices.set_threshold(0.4)
    assert last(discs) == "Threshold, '40%'"
    assert choices.options == replace(DEFAULT, method="panet", refine=False, threshold=0.4)
    for wanted in ("Refinement off", "Method, 'panet'"):
        discs.undo()
        assert last(discs) == wanted
    discs.undo()
    assert choices.options == DEFAULT


def test_choosing_what_holds_already_is_no_gesture(discs: Workspace, choices: LiveChoices) -> None:
    before = last(discs)
    choices.set_method("probe")
    choices.set_backbone("filters")
    choices.set_refine(True)
    choices.set_threshold(0.0)
    choices.set_muted(next(iter(discs.project.images)), False)
    choices.set_prompt(DISC, " ")
    assert last(discs) == before


@pytest.mark.parametrize("value", [-0.01, 0.951, float("nan"), float("inf")])
def test_a_threshold_out_of_range_is_refused(
    discs: Workspace, choices: LiveChoices, value: float
) -> None:
    with pytest.raises(InvalidEdit, match=r"between 0 and 0\.95"):
        choices.set_threshold(value)
    assert choices.options == DEFAULT
    assert not discs.project.settings.get("threshold")


def test_what_is_not_on_this_machine_is_refused_with_the_way_to_get_it(
    choices: LiveChoices, tmp_path: Path
) -> None:
    with pytest.raises(UnknownName, match="magic"):
        choices.set_method("magic")
    with pytest.raises(MissingWeights, match="models import"):
        choices.set_backbone("resnet18")
    with pytest.raises(UnknownName, match="magic"):
        choices.set_backbone("magic")
    assert checked_backbone("filters", tmp_path) == "filters"


def test_an_opened_project_takes_its_choices_and_says_which_cannot_be_met(
    discs: Workspace, tmp_path: Path
) -> None:
    keep(discs, method="panet", backbone="resnet18", refine="maybe", threshold="0.25")
    opened, told = LiveChoices(discs, DEFAULT, tmp_path), list[str]()
    assert opened.options == replace(DEFAULT, method="panet", threshold=0.25)
    opened.told.connect(told.append)
    opened._tell_complaints()
    assert len(told) == 2
    assert "backbone cannot be used, 'filters' is" in told[0]
    assert "models import" in told[0]
    assert "refine cannot be used, 'yes' is" in told[1]
    opened._take_up_choices()
    opened._tell_complaints()
    assert len(told) == 2  # told once
    opened.set_backbone("filters")  # the same as holds now, but said: nothing to complain of
    assert discs.project.settings["backbone"] == "filters"


@pytest.mark.parametrize("text", ["", "much", "2", "nan", "-1"])
def test_a_threshold_that_is_none_is_not_taken_from_a_project(discs: Workspace, text: str) -> None:
    keep(discs, threshold=text)
    kept = kept_choices(discs.project, DEFAULT)
    assert kept.options == DEFAULT
    assert [complaint.key for complaint in kept.complaints] == ["threshold"]


def test_what_is_written_is_read_again(discs: Workspace) -> None:
    options = SegmentOptions(method="panet", refine=False, threshold=0.35)
    keep(discs, **written(options))
    assert kept_choices(discs.project, DEFAULT).options == options


def test_a_muted_image_teaches_neither_the_live_loop_nor_the_command_line(
    discs: Workspace, choices: LiveChoices
) -> None:
    first, second, *_ = discs.project.images
    teach(discs, first)
    teach(discs, second)
    choices.set_muted(first, True)
    assert last(discs) == f"Mute, '{discs.project.images[first].path}'"
    assert muted_images(discs.project) == {first}
    assert teaching_images(discs.project) == (second,)
    assert len(support_set(discs.project).shots) == 1
    supports = LiveSupport(discs.project)
    told = supports.support(None, version=1, muted=muted_images(discs.project))
    assert told.image_ids == (second,)
    assert supports.marked_images() == (first, second)
    assert supports.marked_pixels({first}) == supports.marked_pixels({second})
    choices.set_muted(first, False)
    assert last(discs) == f"Unmute, '{discs.project.images[first].path}'"
    discs.undo()
    discs.undo()
    assert muted_images(discs.project) == set()


def test_muting_is_refused_for_no_image_and_forgets_removed_ones(
    discs: Workspace, choices: LiveChoices
) -> None:
    with pytest.raises(InvalidEdit):
        choices.set_muted(ImageId(999), True)
    image = next(iter(discs.project.images))
    choices.set_muted(image, True)
    keep(discs, **{"muted/nonsense": "yes"})
    discs.do("Remove", [remove_images(discs.project, [image])])
    assert muted_images(discs.project) == set()
    discs.undo()
    assert muted_images(discs.project) == {image}


def test_a_prompt_is_added_replaced_and_taken_away(discs: Workspace, choices: LiveChoices) -> None:
    assert choices.prompt(DISC) == ""
    choices.set_prompt(DISC, "a round thing ")
    assert last(discs) == "Prompt, 'disc'"
    assert choices.prompt(DISC) == "a round thing"
    choices.set_prompt(DISC, "a plate")
    assert [prompt.text for prompt in discs.project.prompts()] == ["a plate"]
    assert support_set(discs.project).prompts == ("a plate",)
    choices.set_prompt(DISC, "")
    assert discs.project.prompts() == ()
    discs.undo()
    assert choices.prompt(DISC) == "a plate"
