"""The table behind the gallery: orders, filters and counts, for a few images and for very many."""

import time
from dataclasses import replace

import pytest

from annotator.document.classes import ClassId
from annotator.document.images import ImageId
from annotator.panels.gallery_cells import Cell, CellState, Order, Wish, spoken
from annotator.panels.gallery_table import CellTable, natural_key

MANY = 100_000


def cell(number: int, name: str, **more: object) -> Cell:
    return replace(Cell(ImageId(number), name), **more)  # type: ignore[arg-type]


CELLS = (
    cell(1, "b10.png", state=CellState.ACCEPTED, doubt=0.25, classes=frozenset({ClassId(1)})),
    cell(2, "b9.png", state=CellState.PROPOSED, doubt=0.75, rank=1, reason="two wheels doubtful"),
    cell(3, "a.png", state=CellState.PROBLEM, problem="It is no image.", folder="2024/Oslo"),
    cell(4, "C.png", rank=0, classes=frozenset({ClassId(254), ClassId(64)}), version=3),
)


def test_cells_come_out_as_they_went_in() -> None:
    table = CellTable(CELLS)
    assert tuple(table.cell(k) for k in range(4)) == CELLS
    assert [table.place(c.image_id) for c in CELLS] == [0, 1, 2, 3]
    assert table.place(ImageId(9)) is None


@pytest.mark.parametrize(
    ("order", "places"),
    [(Order.NAME, [2, 1, 0, 3]), (Order.STATE, [2, 0, 1, 3]), (Order.DOUBT, [1, 0, 2, 3]),
     (Order.USEFUL, [3, 1, 0, 2])],
)  # fmt: skip
def test_cells_come_in_the_order_asked_for(order: Order, places: list[int]) -> None:
    assert CellTable(CELLS).arranged(Wish(order)).tolist() == places


def test_where_one_is_leads_the_useful_ones_unless_it_is_filtered_out() -> None:
    table = CellTable(CELLS)
    assert table.arranged(Wish(), first=2).tolist() == [2, 3, 1, 0]
    assert table.arranged(Wish(text="b"), first=2).tolist() == [1, 0]
    assert table.arranged(Wish(Order.STATE), first=1).tolist() == [2, 0, 1, 3]
    assert CellTable(CELLS[2:3] + CELLS[:1]).arranged(Wish(), first=1).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        (Wish(text=" B1 "), ["b10.png"]),
        (Wish(text="oslo"), ["a.png"]),
        (Wish(states=frozenset({CellState.PROBLEM, CellState.ACCEPTED})), ["b10.png", "a.png"]),
        (Wish(classes=frozenset({ClassId(1), ClassId(9)})), ["b10.png"]),
        (Wish(classes=frozenset({ClassId(254)})), ["C.png"]),
        (Wish(least_doubt=0.5), ["b9.png"]),
        (Wish(most_doubt=0.5), ["b10.png"]),
        (Wish(text="b", least_doubt=0.8), []),
    ],
)
def test_only_what_fits_is_shown(wish: Wish, names: list[str]) -> None:
    table = CellTable(CELLS)
    shown = table.arranged(replace(wish, order=Order.STATE)).tolist()
    assert sorted(table.cell(k).name for k in shown) == sorted(names)


def test_names_sort_as_people_count() -> None:
    names = ["IMG_10.jpg", "img_9.jpg", "img_009b.jpg", "img.jpg", "Img_100.jpg", "0.png", "10.png"]
    assert sorted(names, key=natural_key) == [
        "0.png", "10.png", "img.jpg", "img_9.jpg", "img_009b.jpg", "IMG_10.jpg", "Img_100.jpg"
    ]  # fmt: skip


def test_answers_and_ranks_are_carried_into_another_list() -> None:
    old = CellTable(CELLS)
    new = CellTable((cell(9, "new.png"), cell(2, "b9.png"), cell(4, "C.png")))
    new.carry_over(old)
    assert new.cell(0) == cell(9, "new.png")
    assert (new.cell(1).doubt, new.cell(1).reason) == (0.75, "two wheels doubtful")
    assert (new.cell(2).version, new.cell(2).state) == (3, CellState.PROPOSED)


def test_a_dropped_answer_leaves_nothing_behind() -> None:
    table = CellTable((cell(1, "a.png"),))
    table.set_answer(0, [ClassId(3)], doubt=0.5, version=2)
    assert table.cell(0).state is CellState.PROPOSED
    table.drop_answer(0)
    assert table.cell(0) == cell(1, "a.png")


def test_ranks_of_unknown_images_are_left_out() -> None:
    table = CellTable(CELLS)
    table.set_ranks({ImageId(77): 0, ImageId(1): 5}, {ImageId(77): "gone", ImageId(1): ""})
    assert [table.cell(k).rank for k in range(4)] == [5, None, None, None]
    assert not any(table.cell(k).reason for k in range(4))


def test_a_cell_says_in_words_what_it_shows() -> None:
    assert spoken(CELLS[1]) == "b9.png, proposed, 75% doubt, two wheels doubtful"
    assert spoken(CELLS[2]) == "a.png, It is no image."
    assert spoken(CELLS[3], 3) == "C.png, untouched, answer 3, up to date"


def test_a_hundred_thousand_images_sort_and_filter_within_a_blink() -> None:
    cells = [Cell(ImageId(k + 1), f"image_{(k * 7919) % MANY}.png") for k in range(MANY)]
    table = CellTable(cells)
    slices = []
    ready = False
    while not ready:
        start = time.perf_counter()
        ready = table.learn_names()
        slices.append(time.perf_counter() - start)
    assert sorted(slices)[len(slices) // 2] < 0.02
    for wish in (Wish(Order.NAME), Wish(Order.STATE), Wish(Order.DOUBT), Wish(text="9999")):
        start = time.perf_counter()
        order = table.arranged(wish)
        assert time.perf_counter() - start < 0.1
    assert order.size == sum("9999" in c.name for c in cells)
    names = [table.cell(int(k)).name for k in table.arranged(Wish(Order.NAME))[:3]]
    assert names == ["image_0.png", "image_1.png", "image_2.png"]
