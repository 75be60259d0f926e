"""The gallery on a real project: states, masks, thumbnails, walking, order, menu, size."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from panel_worlds import few_images
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from annotator.document.annotations import BitMask, Stroke
from annotator.document.classes import ClassId
from annotator.document.edits import (
    AddCue,
    accept_patch,
    add_class,
    label_patch,
    merge_classes,
    remove_images,
)
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.document.proposal import Proposal
from annotator.flows.pixel_census import PixelCensus
from annotator.flows.workspace import Workspace
from annotator.panels import gallery_truth, gallery_view
from annotator.panels.gallery import GalleryPanel
from annotator.panels.gallery_cells import Cell, CellState, Order, Wish, cells_of, ranks_of

MANY = 100_000


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with few_images(tmp_path, classes=("sky", "sea")) as opened:
        yield opened


@pytest.fixture
def panel(workspace: Workspace, qtbot: QtBot) -> Iterator[GalleryPanel]:
    panel = GalleryPanel()
    qtbot.addWidget(panel)
    panel.show_workspace(workspace)
    panel.resize(300, 500)
    panel.show()
    yield panel
    panel.close_all()


def test_states_follow_the_document(workspace: Workspace, panel: GalleryPanel) -> None:
    project = workspace.project
    broken, first, second, *_ = project.images
    assert panel.model.cell(broken).state is CellState.PROBLEM  # type: ignore[union-attr]
    stroke = Stroke(project.next_cue_id(), ClassId(1), ((5.0, 5.0),), 2.0)
    workspace.do("Stroke", [AddCue(first, stroke)])
    patch = accept_patch(project, second, np.ones((60, 80), np.uint8))
    assert patch is not None
    workspace.do("Accept", [patch])
    states = [panel.model.cell(k).state for k in (first, second)]  # type: ignore[union-attr]
    assert states == [CellState.CUE, CellState.ACCEPTED]
    assert [c.state for c in cells_of(project)[0]][:3] == [CellState.PROBLEM, *states]
    workspace.undo()
    workspace.undo()
    states = [panel.model.cell(k).state for k in (first, second)]  # type: ignore[union-attr]
    assert states == [CellState.UNTOUCHED, CellState.UNTOUCHED]


def test_thumbnails_come_by_themselves_and_a_broken_file_is_told(
    panel: GalleryPanel, workspace: Workspace, qtbot: QtBot
) -> None:
    broken, first, *_ = workspace.project.images
    assert panel.thumbnails.get(first) is None
    qtbot.waitUntil(lambda: panel.thumbnails.get(first) is not None, timeout=5000)
    picture = panel.thumbnails.get(first)
    assert picture is not None
    assert picture.pixelColor(3, 3) == QColor(0, 90, 200)
    panel.thumbnails.get(broken)
    qtbot.waitUntil(lambda: panel.thumbnails.problem(broken) is not None, timeout=5000)
    assert "broken.png" in str(panel.thumbnails.problem(broken))


def test_an_answer_is_seen_on_its_picture_and_dimmed_when_it_is_old(
    panel: GalleryPanel, workspace: Workspace, qtbot: QtBot
) -> None:
    image_id = list(workspace.project.images)[1]
    qtbot.waitUntil(lambda: panel.thumbnails.get(image_id) is not None, timeout=5000)
    index = panel.model.index(panel.model.row_of(image_id) or 0)

    def middle() -> QColor:
        box = panel.view.visualRect(index)
        return panel.view.viewport().grab().toImage().pixelColor(box.center())

    bare = middle()
    panel.model.set_answer(image_id, np.full((60, 80), 2, np.uint8), doubt=0.2, version=1)
    masked = middle()
    assert masked != bare
    assert panel.model.cell(image_id).classes == {ClassId(2)}  # type: ignore[union-attr]
    panel.model.set_version(2)
    assert middle() not in (bare, masked)
    panel.model.set_version(1)
    panel.model.set_classes(workspace.project.classes, hidden=[ClassId(2)])
    assert middle() == bare
    panel.model.set_classes(workspace.project.classes)  # another colour, say
    assert middle() == bare


def test_a_merge_recolours_masks_that_are_there(workspace: Workspace, panel: GalleryPanel) -> None:
    image_id = list(workspace.project.images)[1]
    panel.model.set_answer(image_id, np.full((60, 80), 2, np.uint8), doubt=0.2, version=0)
    workspace.do("Merge", [merge_classes(workspace.project, source=ClassId(2), target=ClassId(1))])
    mask = panel.model.mask(image_id)
    assert mask is not None
    assert mask.colorTable()[2] == mask.colorTable()[1]


def test_the_keyboard_walks_and_says_where_it_is(
    panel: GalleryPanel, workspace: Workspace, qtbot: QtBot
) -> None:
    ids = list(workspace.project.images)
    visited: list[int] = []
    panel.image_chosen.connect(visited.append)
    panel.choose(ids[0])
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    panel.step(-1)
    panel.step(99)
    assert visited == [ids[0], ids[1], ids[3], ids[2], ids[-1]]
    assert panel.view.columns() == 2


def test_the_current_image_stays_when_the_order_changes(
    panel: GalleryPanel, workspace: Workspace
) -> None:
    image_id = list(workspace.project.images)[4]
    panel.choose(image_id)
    panel.set_wish(Wish(Order.STATE))
    assert panel.current() == image_id
    panel.set_wish(Wish(text="no such name"))
    assert panel.model.rowCount() == 0
    panel.clear_filter()
    assert panel.model.rowCount() == len(workspace.project.images)


def test_what_is_in_view_is_told_when_scrolling_rests(panel: GalleryPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.in_view, timeout=2000) as told:
        panel.set_wish(Wish(Order.NAME))
    assert told.args[0] == panel.visible_images()
    assert len(told.args[0]) == 6


def test_images_that_join_later_are_shown(workspace: Workspace, panel: GalleryPanel) -> None:
    before = panel.model.total
    workspace.undo()  # the classes
    workspace.undo()
    workspace.undo()  # the images
    assert (before, panel.model.total) == (6, 0)
    workspace.redo()
    assert panel.model.total == 6
    workspace.do("Add", [add_class(workspace.project, "rock")])


def state(panel: GalleryPanel, image_id: ImageId) -> CellState:
    cell = panel.model.cell(image_id)
    assert cell is not None
    return cell.state


def answer(panel: GalleryPanel, image_id: ImageId, class_id: int = 1, doubt: float = 0.2) -> None:
    classes = np.full((60, 80), class_id, np.uint8)
    panel.model.set_answer(image_id, classes, doubt=doubt, version=0)


def accept(workspace: Workspace, image_id: ImageId, class_id: int = 1) -> None:
    patch = accept_patch(workspace.project, image_id, np.full((60, 80), class_id, np.uint8))
    assert patch is not None
    workspace.do("Accept", [patch])


def hover(panel: GalleryPanel, inside: bool) -> None:
    viewport = panel.view.viewport()
    middle = viewport.rect().center().toPointF()
    event = QEnterEvent(middle, middle, middle) if inside else QEvent(QEvent.Type.Leave)
    QApplication.sendEvent(viewport, event)


# -- what is accepted is seen ----------------------------------------------------------------------


def test_labels_are_seen_though_no_answer_ever_came(
    workspace: Workspace, panel: GalleryPanel, qtbot: QtBot
) -> None:
    image_id = list(workspace.project.images)[1]
    accept(workspace, image_id)
    qtbot.waitUntil(lambda: panel.model.masks.has_labels(image_id), timeout=5000)
    cell = panel.model.cell(image_id)
    assert cell is not None
    assert (cell.state, cell.doubt, cell.classes) == (CellState.ACCEPTED, None, {ClassId(1)})
    mask = panel.model.mask(image_id)
    assert mask is not None
    assert mask.pixelIndex(5, 5) == 1
    workspace.undo()
    assert not panel.model.masks.has_labels(image_id)
    assert panel.model.mask(image_id) is None


def test_what_was_drawn_lies_over_the_answer_and_leaves_the_rest(
    workspace: Workspace, panel: GalleryPanel, qtbot: QtBot
) -> None:
    image_id = list(workspace.project.images)[1]
    answer(panel, image_id, class_id=1)
    left = BitMask.of(np.ones((60, 40), np.bool_), (0, 0))
    drawn = label_patch(workspace.project, image_id, left, 2, Provenance.DRAWN)
    workspace.do("Paint", [drawn])
    qtbot.waitUntil(lambda: panel.model.masks.has_labels(image_id), timeout=5000)
    mask = panel.model.mask(image_id)
    assert mask is not None
    assert (mask.pixelIndex(5, 30), mask.pixelIndex(75, 30)) == (2, 1)
    assert state(panel, image_id) is CellState.CUE


def test_an_answer_that_was_forgotten_is_asked_for_when_it_is_seen_again(
    workspace: Workspace, panel: GalleryPanel, qtbot: QtBot
) -> None:
    image_id = list(workspace.project.images)[1]
    answer(panel, image_id)
    panel.model.masks.clear()
    again = Proposal(image_id, np.full((60, 80), 2, np.uint8), 0.3, 1)
    panel.set_answer_source(lambda wanted: again if wanted == image_id else None)
    panel.set_wish(Wish(Order.NAME))
    qtbot.waitUntil(lambda: panel.model.has_mask(image_id), timeout=2000)
    cell = panel.model.cell(image_id)
    assert cell is not None
    assert (cell.version, cell.classes) == (1, {ClassId(2)})


def test_a_rejected_answer_leaves_the_cell(workspace: Workspace, panel: GalleryPanel) -> None:
    image_id = list(workspace.project.images)[1]
    answer(panel, image_id)
    assert state(panel, image_id) is CellState.PROPOSED
    panel.model.drop_answer(image_id)
    assert state(panel, image_id) is CellState.UNTOUCHED
    assert panel.model.mask(image_id) is None


def test_states_of_very_many_images_at_once_follow_bit_by_bit(
    workspace: Workspace, panel: GalleryPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_truth, "AT_ONCE", 1)
    project = workspace.project
    ids = list(project.images)[1:4]
    patches = [accept_patch(project, i, np.ones((60, 80), np.uint8)) for i in ids]
    workspace.do("Accept all", [patch for patch in patches if patch is not None])
    assert [state(panel, i) for i in ids] == [CellState.UNTOUCHED] * 3
    qtbot.waitUntil(
        lambda: [state(panel, i) for i in ids] == [CellState.ACCEPTED] * 3, timeout=5000
    )


def test_answers_outlive_a_change_of_the_list_of_images(
    workspace: Workspace, panel: GalleryPanel
) -> None:
    _, first, second, *_ = workspace.project.images
    answer(panel, first, doubt=0.25)
    panel.choose(first)
    workspace.do("Remove", [remove_images(workspace.project, (second,))])
    cell = panel.model.cell(first)
    assert cell is not None
    assert (cell.state, cell.doubt) == (CellState.PROPOSED, 0.25)
    assert panel.model.mask(first) is not None
    assert (panel.model.cell(second), panel.current()) == (None, first)


def test_filtering_by_class_knows_what_the_census_counted(
    workspace: Workspace, panel: GalleryPanel, qtbot: QtBot
) -> None:
    image_id = list(workspace.project.images)[3]
    panel.truth.close()  # nothing is read for the sake of showing it
    accept(workspace, image_id, class_id=2)
    census = PixelCensus(workspace)
    panel.set_census(census)
    with qtbot.waitSignal(census.finished, timeout=5000):
        pass
    panel.set_wish(Wish(classes=frozenset({ClassId(2)})))
    assert panel.visible_images() == (image_id,)
    census.close()


# -- order under the hand --------------------------------------------------------------------------


def test_the_order_waits_while_the_pointer_is_over_it(
    workspace: Workspace, panel: GalleryPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_view, "HAND_REST_S", 0.05)
    before = panel.visible_images()
    hover(panel, inside=True)
    panel.model.set_ranks(ranks_of(reversed(before)), {before[-1]: "unlike your 3 images"})
    qtbot.waitUntil(panel.view.new_order.isVisible, timeout=3000)
    assert panel.visible_images() == before
    hover(panel, inside=False)
    qtbot.waitUntil(lambda: panel.visible_images() == before[::-1], timeout=3000)
    assert not panel.view.new_order.isVisible()


def test_the_new_order_comes_at_once_when_it_is_asked_for(
    workspace: Workspace, panel: GalleryPanel, qtbot: QtBot
) -> None:
    ids = panel.visible_images()
    panel.choose(ids[2])  # a hand, just now
    panel.model.set_ranks(ranks_of(reversed(ids)), {})
    qtbot.waitUntil(panel.view.new_order.isVisible, timeout=3000)
    assert panel.visible_images() == ids
    qtbot.mouseClick(panel.view.new_order, Qt.MouseButton.LeftButton)
    expected = (ids[2], *(i for i in reversed(ids) if i != ids[2]))
    assert panel.visible_images() == expected  # where one is comes first, then the most useful
    assert panel.current() == ids[2]


def test_where_one_is_stays_though_it_fits_the_filter_no_longer(
    workspace: Workspace, panel: GalleryPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_view, "HAND_REST_S", 0.0)
    _, first, second, third, *_ = workspace.project.images
    for image_id in (first, second, third):
        answer(panel, image_id)
    panel.set_wish(Wish(Order.NAME, states=frozenset({CellState.PROPOSED})))
    panel.choose(second)
    accept(workspace, first)
    accept(workspace, second)
    qtbot.waitUntil(lambda: panel.visible_images() == (second, third), timeout=3000)
    assert panel.current() == second
    panel.step(1)
    panel.set_wish(panel.wish)
    assert panel.visible_images() == (third,)


def test_walking_back_from_the_first_cell_follows_the_trail(
    workspace: Workspace, panel: GalleryPanel
) -> None:
    ids = panel.visible_images()
    for image_id in (ids[4], ids[1]):
        panel.choose(image_id)
    panel.model.set_ranks(ranks_of(ids), {})
    panel._take_new_order()
    assert panel.visible_images()[0] == ids[1]
    panel.step(-1)
    assert panel.current() == ids[4]


def test_a_new_order_keeps_the_choice_and_tells_nobody_that_one_walked(
    workspace: Workspace, panel: GalleryPanel
) -> None:
    ids = panel.visible_images()
    panel.choose(ids[1])
    panel.view.select_rows([3, 4])
    heard: list[int] = []
    panel.image_chosen.connect(heard.append)
    panel.model.set_ranks(ranks_of(reversed(ids)), {})
    panel._take_new_order()
    assert set(panel.selected()) == {ids[1], ids[3], ids[4]}
    assert (panel.current(), heard) == (ids[1], [])


def test_reasons_stand_on_the_first_three_only(workspace: Workspace, panel: GalleryPanel) -> None:
    ids = panel.visible_images()
    panel.model.set_ranks(ranks_of(ids), dict.fromkeys(ids, "'sky' is doubtful"))
    shown = [panel.model.says_why(panel.model.cell_at(row)) for row in range(len(ids))]
    assert shown == [True] * 3 + [False] * (len(ids) - 3)
    panel.set_wish(Wish(Order.NAME))
    assert not any(panel.model.says_why(panel.model.cell_at(row)) for row in range(len(ids)))


# -- keys, choice and menu -------------------------------------------------------------------------


def test_keys_choose_many_open_one_and_leave_letters_to_the_page(
    workspace: Workspace, panel: GalleryPanel, qtbot: QtBot
) -> None:
    ids = list(workspace.project.images)
    opened: list[int] = []
    panel.opened.connect(opened.append)
    panel.choose(ids[0])
    panel.view.setFocus()
    for _ in range(2):
        qtbot.keyClick(panel.view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert panel.selected() == tuple(ids[:3])
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert opened == [ids[2]]
    qtbot.keyClick(panel.view, Qt.Key.Key_P)  # every name begins with it
    assert panel.current() == ids[2]
    qtbot.keyClick(panel.view, Qt.Key.Key_End)
    assert panel.current() == ids[-1]
    qtbot.keyClick(panel.view, Qt.Key.Key_Home)
    assert panel.current() == ids[0]


def test_the_menu_asks_for_all_that_are_chosen(workspace: Workspace, panel: GalleryPanel) -> None:
    ids = panel.visible_images()
    answer(panel, ids[1])
    heard: list[tuple[str, object]] = []
    panel.accept_wished.connect(lambda chosen: heard.append(("accept", chosen)))
    panel.reject_wished.connect(lambda chosen: heard.append(("reject", chosen)))
    panel.remove_wished.connect(lambda chosen: heard.append(("remove", chosen)))
    menu = panel.menu_for(ids[1:4])
    lines = {action.text(): action for action in menu.actions() if action.text()}
    assert list(lines) == [
        "Accept 1 of 3 proposals", "Reject 1 of 3 proposals", "Remove 3 images from project"
    ]  # fmt: skip
    for action in lines.values():
        action.trigger()
    assert heard == [(name, ids[1:4]) for name in ("accept", "reject", "remove")]


def test_the_menu_of_one_marked_image_can_mute_it_and_copies_where_it_lies(
    workspace: Workspace, panel: GalleryPanel
) -> None:
    project = workspace.project
    image_id = list(project.images)[1]
    stroke = Stroke(project.next_cue_id(), ClassId(1), ((5.0, 5.0),), 2.0)
    workspace.do("Stroke", [AddCue(image_id, stroke)])
    heard: list[tuple[int, bool]] = []
    panel.mute_wished.connect(lambda which, muted: heard.append((which, muted)))

    def line(text: str) -> None:
        menu = panel.menu_for((image_id,))
        next(action for action in menu.actions() if action.text() == text).trigger()

    line("Mute: let it teach nothing")
    panel.set_muted({image_id})
    line("Let it teach again")
    assert heard == [(image_id, True), (image_id, False)]
    line("Copy path")
    assert QGuiApplication.clipboard().text() == str(project.image_path(image_id))


# -- size and head ---------------------------------------------------------------------------------


def test_expanded_cells_are_larger_and_chips_filter(
    workspace: Workspace, panel: GalleryPanel, qtbot: QtBot
) -> None:
    accept(workspace, list(workspace.project.images)[2])
    narrow = panel.view.columns()
    panel.set_expanded(True)
    panel.resize(1200, 600)
    assert panel.view.columns() == 5 > narrow
    qtbot.waitUntil(lambda: any(c.text() == "1 accepted" for c in chips(panel)), timeout=2000)
    chip = next(c for c in chips(panel) if c.text() == "1 accepted")
    assert chip.isVisible()
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert panel.visible_images() == (list(workspace.project.images)[2],)
    qtbot.mouseClick(panel.head._all, Qt.MouseButton.LeftButton)
    assert len(panel.visible_images()) == 6
    panel.set_expanded(False)
    panel.resize(300, 600)
    assert not chip.isVisible()
    assert panel.view.columns() == narrow


def chips(panel: GalleryPanel) -> list[QPushButton]:
    return [b for b in panel.head.findChildren(QPushButton) if b.property("kind") == "chip"]


def test_the_head_fits_into_two_hundred_pixels(panel: GalleryPanel) -> None:
    panel.resize(200, 500)
    assert panel.width() == 200
    assert panel.head._sort.text().startswith("useful")
    panel.resize(400, 500)
    assert panel.head._sort.text().startswith("most useful next")


def test_a_cell_tells_its_folder_and_the_age_of_its_answer(
    workspace: Workspace, panel: GalleryPanel
) -> None:
    image_id = list(workspace.project.images)[1]
    answer(panel, image_id)
    panel.model.set_version(4)
    index = panel.model.index(panel.model.row_of(image_id) or 0)
    told = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == ("picture_0.png, proposed, 20% doubt, answer 0, older than the marks of now (4)")


def test_a_hundred_thousand_images_open_at_once_and_scroll(qtbot: QtBot, tmp_path: Path) -> None:
    panel = GalleryPanel()
    qtbot.addWidget(panel)
    panel.resize(300, 800)
    panel.show()
    panel.thumbnails._locate = lambda _image_id: (tmp_path / "none.png", 0)
    cells = [Cell(ImageId(k), f"image_{k}.png") for k in range(MANY)]
    start = time.perf_counter()
    panel.model.set_cells(cells)
    panel._show_wish()
    modelled = time.perf_counter()
    panel.view.grab()
    painted = time.perf_counter()
    bar = panel.view.verticalScrollBar()
    for step in range(20):
        bar.setValue(bar.maximum() * step // 20)
        panel.view.viewport().grab()
    scrolled = time.perf_counter()
    panel.close_all()
    assert modelled - start < 1.0
    assert painted - modelled < 1.0
    assert (scrolled - painted) / 20 < 0.1
    assert len(panel.visible_images()) > 8
