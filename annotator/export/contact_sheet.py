"""The contact sheet: a calm page of labelled photographs with title, legend and captions.

Measures are in points on a grid of four; the picture is drawn at two pixels per point, so that it
stays sharp on dense screens.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from annotator.export.dataset import BACKGROUND, IGNORE, Category, pixel_counts
from annotator.export.overlay import ink, overlaid
from annotator.export.tiling import Place, justified

SCALE = 2
TILE_LIMIT = 24
MARGIN, GAP, HEADER_GAP, CAPTION_GAP, CAPTION_LINE = 40, 20, 24, 8, 16
TITLE_LINE, SUBTITLE_LINE, SUBTITLE_GAP = 36, 20, 4
LEGEND_TOP = MARGIN + TITLE_LINE + SUBTITLE_GAP + SUBTITLE_LINE + HEADER_GAP
CHIP_HEIGHT, CHIP_GAP, CHIP_PADDING, CHIP_DOT, CHIP_NAME_LIMIT = 28, 8, 12, 12, 200
TILE_RADIUS = 12
WIDEST, NARROWEST = 1280, 640  # of the area within the margins
ASPECTS = (0.5, 2.5)  # width over height; beyond these a photograph is set into a tile
DIM = 0.3  # of the mean colour that fills such a tile

PAPER = (17, 19, 23)
CHIP_FILL = (30, 33, 39)
TITLE_INK = (241, 243, 245)
TEXT_INK = (212, 216, 222)
QUIET_INK = (139, 146, 156)
TITLE_SIZE, TEXT_SIZE, CAPTION_SIZE = 28, 14, 12

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, eq=False)
class SheetTile:
    """One photograph: ``pixels`` (H, W, 3) uint8 and ``classes`` (H, W) uint8 class ids.

    ``drawn`` (H, W) uint8 shows what a person drew: class ids, `IGNORE` where nothing is.
    """

    caption: str
    pixels: npt.NDArray[np.uint8]
    classes: npt.NDArray[np.uint8]
    drawn: npt.NDArray[np.uint8] | None = None


class _Chip(NamedTuple):
    """One entry of the legend, in pixels relative to the first one."""

    x: int
    y: int
    width: int
    colour: tuple[int, int, int]
    name: str
    share: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where things go, in points; chips in pixels."""

    places: tuple[Place, ...]
    chips: tuple[_Chip, ...]
    inner_width: int
    tiles_top: int
    size: tuple[int, int]  # (w, h)


def render_contact_sheet(
    tiles: Sequence[SheetTile],
    categories: Sequence[Category],
    title: str,
    subtitle: str,
    *,
    shares: Mapping[int, float] | None = None,
) -> Image.Image:
    """Draw at most 24 tiles with their classes laid over them.

    ``shares`` is the part of all pixels, 0 to 1, that each class id has; without it the tiles are
    counted. The picture is RGB, at two pixels per point.
    """
    tiles = tiles[:TILE_LIMIT]
    plan = _plan(tiles, categories, shares if shares is not None else _shares(tiles))
    sheet = Image.new("RGB", (_px(plan.size[0]), _px(plan.size[1])), PAPER)
    draw = ImageDraw.Draw(sheet)
    _draw_header(draw, plan, title, subtitle)
    for chip in plan.chips:
        _draw_chip(sheet, draw, chip)
    for tile, place in zip(tiles, plan.places, strict=True):
        corner = _px(MARGIN + place.x), _px(plan.tiles_top + place.y)
        picture = _fitted(tile, categories, (_px(place.w), _px(place.h)))
        sheet.paste(picture, corner, _rounded(picture.size, _px(TILE_RADIUS)))
        _draw_caption(draw, tile.caption, corner, picture.size)
    return sheet


def choose_tiles(present: Sequence[frozenset[int]], limit: int = TILE_LIMIT) -> list[int]:
    """Indices of at most ``limit`` images: every class shown if possible, the rest evenly spread.

    ``present`` holds the classes seen in each image; images without any are taken last.
    """
    shows: dict[int, list[int]] = {}
    for index, classes in enumerate(present):
        for number in classes:
            shows.setdefault(number, []).append(index)
    chosen: set[int] = set()
    for images in sorted(shows.values(), key=len):
        if chosen.isdisjoint(images) and len(chosen) < limit:
            chosen.add(images[len(images) // 2])
    for pool in ([i for i, seen in enumerate(present) if seen], range(len(present))):
        waiting = [index for index in pool if index not in chosen]
        wanted = min(limit - len(chosen), len(waiting))
        chosen.update(waiting[(2 * k + 1) * len(waiting) // (2 * wanted)] for k in range(wanted))
    return sorted(chosen)


def elided(text: str, font: Font, width: float) -> str:
    """``text`` if it fits into ``width`` pixels, else with an ellipsis in its middle."""
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    if font.getlength(clean) <= width:
        return clean
    kept = bisect_right(range(len(clean)), width, key=lambda n: font.getlength(_shorter(clean, n)))
    return _shorter(clean, max(kept - 1, 0))


def _shorter(text: str, kept: int) -> str:
    head, tail = (kept + 1) // 2, kept // 2
    return text[:head].rstrip() + "…" + text[len(text) - tail :].lstrip()


def _px(points: int) -> int:
    return points * SCALE


@cache
def _font(points: int) -> Font:
    return ImageFont.load_default(_px(points))


def _plan(
    tiles: Sequence[SheetTile], categories: Sequence[Category], shares: Mapping[int, float]
) -> _Plan:
    aspects = [float(np.clip(t.pixels.shape[1] / t.pixels.shape[0], *ASPECTS)) for t in tiles]
    below = CAPTION_GAP + CAPTION_LINE
    places = justified(aspects, widths=(NARROWEST, WIDEST), gap=GAP, below=below)
    inner = max([NARROWEST, *(place.x + place.w for place in places)])
    chips = _legend(categories, shares, _px(inner))
    lines = chips[-1].y // _px(CHIP_HEIGHT + CHIP_GAP) + 1 if chips else 0
    legend = lines * (CHIP_HEIGHT + CHIP_GAP) - CHIP_GAP + HEADER_GAP if lines else 0
    tiles_top = LEGEND_TOP + legend
    bottom = max([0, *(place.y + place.h + below for place in places)])
    return _Plan(places, chips, inner, tiles_top, (inner + 2 * MARGIN, tiles_top + bottom + MARGIN))


def _shares(tiles: Sequence[SheetTile]) -> dict[int, float]:
    counts = sum((pixel_counts(np.ascontiguousarray(t.classes)) for t in tiles), np.zeros(256))
    total = max(float(counts.sum()), 1.0)
    return {class_id: float(count) / total for class_id, count in enumerate(counts)}


def _legend(
    categories: Sequence[Category], shares: Mapping[int, float], width: int
) -> tuple[_Chip, ...]:
    """Chips from left to right, wrapped into lines of ``width`` pixels."""
    font = _font(TEXT_SIZE)
    chips: list[_Chip] = []
    x = y = 0
    for category in categories:
        if category.class_id in (BACKGROUND, IGNORE):
            continue
        name = elided(category.name, font, _px(CHIP_NAME_LIMIT))
        share = _percent(shares.get(category.class_id, 0.0))
        letters = font.getlength(name) + font.getlength(share)
        wide = round(letters) + _px(2 * CHIP_PADDING + CHIP_DOT + 2 * CHIP_GAP)
        if x and x + wide > width:
            x, y = 0, y + _px(CHIP_HEIGHT + CHIP_GAP)
        chips.append(_Chip(x, y, wide, category.colour, name, share))
        x += wide + _px(CHIP_GAP)
    return tuple(chips)


def _percent(share: float) -> str:
    if share <= 0:
        return "0 %"
    if share < 0.001:
        return "< 0.1 %"
    return f"{share:.1%}".replace("%", " %")


def _draw_header(draw: ImageDraw.ImageDraw, plan: _Plan, title: str, subtitle: str) -> None:
    left, top = _px(MARGIN), _px(MARGIN)
    large, small = _font(TITLE_SIZE), _font(TEXT_SIZE)
    middle = top + _px(TITLE_LINE) // 2
    draw.text(
        (left, middle), elided(title, large, _px(plan.inner_width)), TITLE_INK, large, anchor="lm"
    )
    middle = top + _px(TITLE_LINE + SUBTITLE_GAP) + _px(SUBTITLE_LINE) // 2
    draw.text(
        (left, middle),
        elided(subtitle, small, _px(plan.inner_width)),
        QUIET_INK,
        small,
        anchor="lm",
    )


def _draw_chip(sheet: Image.Image, draw: ImageDraw.ImageDraw, chip: _Chip) -> None:
    font = _font(TEXT_SIZE)
    left, top = _px(MARGIN) + chip.x, _px(LEGEND_TOP) + chip.y
    height, dot = _px(CHIP_HEIGHT), _px(CHIP_DOT)
    sheet.paste(CHIP_FILL, (left, top), _rounded((chip.width, height), height // 2))
    x, middle = left + _px(CHIP_PADDING), top + height // 2
    sheet.paste(chip.colour, (x, middle - dot // 2), _rounded((dot, dot), dot // 2))
    x += dot + _px(CHIP_GAP)
    draw.text((x, middle), chip.name, TEXT_INK, font, anchor="lm")
    x += round(font.getlength(chip.name)) + _px(CHIP_GAP)
    draw.text((x, middle), chip.share, QUIET_INK, font, anchor="lm")


def _draw_caption(
    draw: ImageDraw.ImageDraw, caption: str, corner: tuple[int, int], size: tuple[int, int]
) -> None:
    font = _font(CAPTION_SIZE)
    middle = corner[1] + size[1] + _px(CAPTION_GAP) + _px(CAPTION_LINE) // 2
    text = elided(caption, font, size[0] - _px(4))
    draw.text((corner[0] + _px(2), middle), text, QUIET_INK, font, anchor="lm")


def _laid_over(
    tile: SheetTile, categories: Sequence[Category], size: tuple[int, int]
) -> Image.Image:
    picture = overlaid(tile.pixels, tile.classes, categories, size)
    if tile.drawn is not None:
        ink(picture, tile.drawn, categories)
    return picture


def _fitted(tile: SheetTile, categories: Sequence[Category], size: tuple[int, int]) -> Image.Image:
    """The whole photograph within ``size``, on a dim ground where its shape is extreme."""
    H, W = tile.classes.shape
    if ASPECTS[0] <= W / H <= ASPECTS[1]:
        return _laid_over(tile, categories, size)  # off by rounding at most
    scale = min(size[0] / W, size[1] / H)
    inner = max(1, round(W * scale)), max(1, round(H * scale))
    mean = (tile.pixels.mean(axis=(0, 1)) * DIM).astype(int).tolist()
    ground = Image.new("RGB", size, (mean[0], mean[1], mean[2]))
    picture = _laid_over(tile, categories, inner)
    ground.paste(picture, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return ground


@lru_cache(maxsize=64)
def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """An alpha mask with smooth round corners, drawn four times as large and reduced."""
    large = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    box = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, radius * 4, 255)
    return large.resize(size, Image.Resampling.BOX)
