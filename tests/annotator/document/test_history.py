"""Promises of History: every gesture can be taken back to the bit, and failure changes nothing."""

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from document_gestures import TwinHistory, picture, random_edits, state_of, step
from document_toys import DRAWN, add_toy_image, file_of, noise_patch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from annotator.document.annotations import BitMask
from annotator.document.draft import Draft
from annotator.document.edits import Edit, add_class, label_patch
from annotator.document.errors import InvalidEdit
from annotator.document.history import History
from annotator.document.project_folder import OpenProject, create_project, open_project


def without_waiting_for_the_disk(opened: OpenProject) -> OpenProject:
    file_of(opened).run("PRAGMA synchronous = OFF")
    return opened


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenProject]:
    with create_project(tmp_path / "project", tmp_path / "images") as opened:
        yield opened


def test_ten_thousand_edits_go_back_and_forth_to_the_bit(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    rng = random.Random(7)
    with without_waiting_for_the_disk(create_project(folder, tmp_path)) as opened:
        project, history = opened.project, opened.history
        start, edit_count, gestures = state_of(project), 0, 0
        while edit_count < 10_000:
            edits = random_edits(rng, project)
            history.do(f"Gesture {gestures}", edits)
            edit_count, gestures = edit_count + len(edits), gestures + 1
            if gestures % 500 == 0:
                middle, middle_gestures = state_of(project), gestures
        end = picture(project)
    with without_waiting_for_the_disk(open_project(folder)) as opened:
        project, history = opened.project, opened.history
        assert picture(project) == end
        for number in range(gestures, 0, -1):
            if number == middle_gestures:
                assert state_of(project) == middle
            assert history.undo_name == f"Gesture {number - 1}"
            assert history.undo()
        assert history.undo_name is None
        assert state_of(project) == start
        for _ in range(gestures):
            assert history.redo()
        assert history.redo_name is None
        assert picture(project) == end
    with open_project(folder) as opened:
        assert picture(opened.project) == end


def test_reopening_in_the_middle_of_undoing_keeps_both_directions(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    rng = random.Random(3)
    states = []
    with create_project(folder, tmp_path) as opened:
        states.append(state_of(opened.project))
        for number in range(60):
            opened.history.do(f"Gesture {number}", random_edits(rng, opened.project))
            states.append(state_of(opened.project))
    position = 60
    for move in (-25, 10, -40, 55, -60, 60):
        with open_project(folder) as opened:
            for _ in range(abs(move)):
                opened.history.undo() if move < 0 else opened.history.redo()
            position = min(max(position + move, 0), 60)
            assert state_of(opened.project) == states[position]


class HistoryMachine(RuleBasedStateMachine):
    """Do, undo, redo and reopen in any order, against a plain list of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="history-"))
        self.opened = create_project(self.folder, self.folder)
        self.states = [state_of(self.opened.project)]
        self.position = 0

    @rule(seed=st.integers(0, 10**6))
    def do(self, seed: int) -> None:
        edits = random_edits(random.Random(seed), self.opened.project)
        self.opened.history.do(f"Gesture {self.position}", edits)
        self.position += 1
        self.states[self.position :] = [state_of(self.opened.project)]

    @rule()
    def undo(self) -> None:
        changed = bool(self.opened.history.undo())
        assert changed == (self.position > 0)
        self.position = max(self.position - 1, 0)

    @rule()
    def redo(self) -> None:
        changed = bool(self.opened.history.redo())
        assert changed == (self.position < len(self.states) - 1)
        self.position = min(self.position + 1, len(self.states) - 1)

    @rule()
    def reopen(self) -> None:
        self.opened.close()
        self.opened = open_project(self.folder)

    @invariant()
    def agrees(self) -> None:
        assert state_of(self.opened.project) == self.states[self.position]
        names = self.opened.history.undo_name, self.opened.history.redo_name
        last = len(self.states) - 1
        assert names == (
            f"Gesture {self.position - 1}" if self.position else None,
            f"Gesture {self.position}" if self.position < last else None,
        )

    def teardown(self) -> None:
        self.opened.close()
        shutil.rmtree(self.folder)


TestHistoryMachine = HistoryMachine.TestCase
TestHistoryMachine.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)


def test_a_new_gesture_forgets_what_was_undone(opened: OpenProject) -> None:
    history = opened.history
    history.do("First", [add_class(opened.project, "first")])
    history.undo()
    assert history.redo_name == "First"
    history.do("Second", [add_class(opened.project, "second")])
    assert history.redo_name is None
    assert not history.redo()
    assert [row.name for row in opened.project.classes] == ["second"]


def test_the_oldest_gestures_go_when_the_journal_is_too_large(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    create_project(folder, tmp_path).close()
    with open_project(folder, journal_limit_bytes=600_000) as opened:
        opened.history.do("Class", [add_class(opened.project, "door")])
        image_id = add_toy_image(opened, 500, 500)
        for seed in range(30):
            opened.history.do(f"Paint {seed}", [noise_patch(opened, image_id, seed)])
        assert opened.history.journal_bytes <= 600_000
        undone = 0
        while opened.history.undo():
            undone += 1
        assert 1 < undone < 30
        assert opened.project.image_ids_with_labels() == (image_id,)
    with open_project(folder) as opened:
        assert opened.history.redo_name == f"Paint {30 - undone}"


def test_the_newest_gesture_can_be_undone_however_large(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    create_project(folder, tmp_path).close()
    with open_project(folder, journal_limit_bytes=10) as opened:
        image_id = add_toy_image(opened, 300, 300)
        opened.history.do("Class", [add_class(opened.project, "door")])
        opened.history.do("Paint", [noise_patch(opened, image_id, 0)])
        assert opened.history.undo_name == "Paint"
        opened.history.undo()
        assert opened.project.image_ids_with_labels() == ()
        assert opened.history.undo_name is None


def test_a_gesture_over_many_images_holds_few_label_maps_in_memory(
    opened: OpenProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.history.do("Class", [add_class(opened.project, "door")])
    ids = [add_toy_image(opened, 100, 100) for _ in range(20)]
    most_held = 0

    class SmallDraft(Draft):
        def __init__(self, project: object) -> None:
            super().__init__(opened.project, hold_bytes=50_000)

    def edits() -> Iterator[Edit]:
        nonlocal most_held
        for seed, image_id in enumerate([*ids, *ids[:3]]):
            classes = np.random.default_rng(seed).integers(0, 2, (100, 100), np.uint8)
            if seed < 20:
                whole = BitMask.of(np.ones((100, 100), bool))
                yield label_patch(opened.project, image_id, whole, classes, DRAWN)
            most_held = max(most_held, len(drafts[-1].changed_label_maps))

    drafts: list[Draft] = []

    def make(project: object) -> Draft:
        drafts.append(SmallDraft(project))
        return drafts[-1]

    before = state_of(opened.project)
    monkeypatch.setattr("annotator.document.history.Draft", make)
    opened.history.do("Accept all", edits())
    after = state_of(opened.project)
    assert most_held <= 2
    assert opened.project.image_ids_with_labels() == tuple(ids)
    opened.history.undo()
    assert state_of(opened.project) == before
    opened.history.redo()
    assert state_of(opened.project) == after


def test_one_image_painted_twice_in_a_gesture_that_was_written_out_between(
    opened: OpenProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.history.do("Class", [add_class(opened.project, "door")])
    first, second = add_toy_image(opened), add_toy_image(opened)
    monkeypatch.setattr(
        "annotator.document.history.Draft", lambda project: Draft(project, hold_bytes=1)
    )
    left, right = np.zeros((48, 64), bool), np.zeros((48, 64), bool)
    left[:, :30], right[:, 30:] = True, True
    patches = [
        label_patch(opened.project, image_id, BitMask.of(mask), 1, DRAWN)
        for image_id, mask in ((first, left), (second, left), (first, right))
    ]
    opened.history.do("Both", patches)
    assert opened.project.label_map(first).classes.all()
    opened.history.undo()
    assert not opened.project.label_map(first).touched


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 201])
def test_a_gesture_needs_a_name_that_can_be_shown(opened: OpenProject, name: str) -> None:
    with pytest.raises(InvalidEdit, match="name"):
        opened.history.do(name, [add_class(opened.project, "door")])


def test_no_edits_are_no_gesture(opened: OpenProject) -> None:
    assert not opened.history.do("Nothing", [])
    assert opened.history.undo_name is None


def test_history_can_be_made_anew_over_the_same_file(opened: OpenProject) -> None:
    opened.history.do("Class", [add_class(opened.project, "door")])
    again = History(opened.project, file_of(opened))
    assert again.undo_name == "Class"


def test_steps_of_the_twin_and_of_the_file_agree(opened: OpenProject) -> None:
    twin = TwinHistory()
    for number in range(300):
        step(opened.project, opened.history, number)
        step(twin.project, twin, number)
        assert opened.history.undo_name == twin.undo_name
    assert picture(opened.project) == picture(twin.project)
