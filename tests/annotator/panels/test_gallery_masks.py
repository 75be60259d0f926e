"""Masks, signs and places of the gallery's cells."""

import numpy as np
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetrics, QImage, QPainter, qAlpha
from pytestqt.qtbot import QtBot

from annotator.document.classes import ClassId, ClassTable, LabelClass
from annotator.document.images import ImageId
from annotator.look.measures import SMALL, font
from annotator.panels.gallery_cells import CellState
from annotator.panels.gallery_delegate import without_name
from annotator.panels.gallery_faces import placed
from annotator.panels.gallery_masks import MaskShelf, colour_table, small_classes, whole_labels
from annotator.panels.gallery_signs import paint_state, wrapped
from annotator.panels.gallery_view import runs

ONE = ImageId(1)


def test_class_maps_are_made_small_and_keep_their_shape() -> None:
    classes = np.zeros((400, 600), np.uint8)
    classes[:, 300:] = 7
    small = small_classes(classes, 150)
    assert small.shape == (100, 150)
    assert (small[:, :75] == 0).all()
    assert (small[:, 75:] == 7).all()
    assert small_classes(np.full((1, 5000), 3, np.uint8), 100).shape == (1, 100)


def test_labels_lie_over_an_answer_of_another_size() -> None:
    shelf = MaskShelf()
    answered = shelf.put_answer(ONE, np.full((30, 40), 3, np.uint8))
    touched = np.zeros((60, 80), np.bool_)
    touched[:, :40] = True
    labelled = shelf.put_labels(ONE, whole_labels(np.full((60, 80), 5, np.uint8), touched))
    picture = shelf.picture(ONE)
    assert picture is not None
    assert (picture.pixelIndex(10, 30), picture.pixelIndex(70, 30)) == (5, 3)
    assert (answered, labelled) == ({ClassId(3)}, {ClassId(5)})
    shelf.drop_answer(ONE)
    alone = shelf.picture(ONE)
    assert alone is not None
    assert (alone.pixelIndex(10, 30), alone.pixelIndex(70, 30)) == (5, 0)
    shelf.drop_labels(ONE)
    assert shelf.picture(ONE) is None


def test_masks_show_merged_classes_as_their_target_and_hidden_ones_not_at_all() -> None:
    red, blue, gone = (
        LabelClass(ClassId(1), "red", (255, 0, 0)),
        LabelClass(ClassId(2), "blue", (0, 0, 255)),
        LabelClass(ClassId(3), "gone", (9, 9, 9), merged_into=ClassId(1)),
    )
    colours = colour_table(ClassTable((red, blue, gone)), frozenset({ClassId(2)}))
    assert colours[3] == colours[1]
    assert qAlpha(colours[1]) > 0
    assert [qAlpha(colours[k]) for k in (0, 2, 255)] == [0, 0, 0]


def test_a_picture_covers_its_cell_unless_too_much_would_be_cut_off() -> None:
    box = QRectF(0, 0, 120, 90)
    assert placed(400, 300, box) == box
    assert placed(90, 90, box).size().toSize() == QSize(120, 120)
    panorama = placed(1000, 100, box)
    assert panorama.width() <= 1.6 * box.width() + 1e-6
    assert panorama.center() == box.center()


def test_every_state_has_a_shape_of_its_own(qtbot: QtBot) -> None:
    shapes = set()
    for state in CellState:
        image = QImage(13, 13, QImage.Format.Format_Grayscale8)
        image.fill(128)
        painter = QPainter(image)
        paint_state(painter, QRectF(2, 2, 9, 9), state)
        painter.end()
        light = np.frombuffer(image.constBits(), np.uint8).reshape(13, -1)[:, :13] > 128
        shapes.add(light.tobytes())
    assert len(shapes) == len(CellState)


def test_a_sentence_is_wrapped_and_only_its_end_is_left_out(qtbot: QtBot) -> None:
    metrics = QFontMetrics(font(SMALL))
    sentence = "It is not a JPEG, PNG, BMP, WebP, GIF or TIFF image; convert it to one."
    width = metrics.horizontalAdvance("It is not a JPEG, PNG,") + 2
    lines = wrapped(sentence, metrics, width, 99)
    assert " ".join(lines) == sentence
    assert all(metrics.horizontalAdvance(line) <= width for line in lines)
    short = wrapped(sentence, metrics, width, 2)
    assert (len(short), short[0], short[1][-1]) == (2, lines[0], "…")
    assert wrapped(sentence, metrics, width, 0) == []


def test_a_problem_is_told_without_the_name_that_stands_below() -> None:
    assert without_name("'a b.png' cannot be read: it is empty; leave it.") == (
        "It is empty; leave it."
    )
    assert without_name("The file is gone; put it back.") == "The file is gone; put it back."


def test_neighbouring_rows_are_one_run() -> None:
    assert runs([1, 2, 3, 7, 9, 10]) == [(1, 3), (7, 7), (9, 10)]
    assert runs([]) == []
