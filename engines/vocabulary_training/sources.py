"""Labelled sets whose classes have names: which words each label teaches, which pictures stay away.

What is measured on stays away: test pictures of the fixed splits, and of COCO every photograph of
``coco_mval``. Sets that are not in the folder are left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engines.errors import EngineError
from engines.evaluation.image_sets import ImageSet, image_set, stems_of
from engines.evaluation.names import COCO_IDS, COCO_NAMES, VOC_NAMES

# Words without a vector of the text network are learned from pixels alone.
FACES: Mapping[str, tuple[int, ...]] = {
    "face|skin": (1,), "person:nose|nose": (2,), "spectacles|eyeglasses": (3,),
    "person:eye|eye": (4, 5), "eyebrow|brow": (6, 7), "person:ear|ear": (8, 9),
    "person:mouth|mouth": (10, 11, 12), "person:hair|hair": (13,), "hat": (14,), "earring": (15,),
    "necklace": (16,), "person:neck|neck": (17,), "clothes|clothing": (18,),
}  # fmt: skip
CARS: Mapping[str, tuple[int, ...]] = {
    "car_(automobile):bumper|bumper": (2, 8), "car_(automobile):windshield|windshield": (3, 9),
    "car:door|car door": (4, 6, 10, 12), "car_(automobile):taillight|taillight": (5, 7),
    "car:headlight|headlight": (11, 13), "car_(automobile):hood|car hood": (14,),
    "car:mirror|car_(automobile):mirror": (15, 16), "car_(automobile):trunk|car trunk": (17, 18),
    "car:wheel|car_(automobile):wheel|wheel": (19,),
}  # fmt: skip
STREET: Mapping[str, tuple[int, ...]] = {
    "sky": (0,), "building": (1,), "pole": (2,), "road|street": (3,), "pavement|sidewalk": (4,),
    "tree": (5,), "street_sign": (6,), "fence": (7,), "car|car_(automobile)": (8,),
    "person|pedestrian": (9,),
}  # fmt: skip
CLOTHES: Mapping[str, tuple[int, ...]] = {
    "handbag|bag|purse": (2, 33), "belt": (3,), "blazer": (4,), "blouse": (5,),
    "boot": (7,), "bracelet": (9,), "coat": (13,), "dress": (14,), "sunglasses|glasses": (17, 47),
    "person:hair|hair": (19,), "hat": (20,), "jacket": (24,), "jean": (25,), "legging": (27,),
    "necklace": (29,), "pants|trousers": (31,), "scarf": (37,), "shirt": (38,),
    "shoe": (12, 16, 21, 28, 32, 39, 43, 58), "short_pants": (40,), "skin": (41,), "skirt": (42,),
    "sock": (44,), "tights_(clothing)": (45, 53), "suit_(clothing)": (46,), "sweater": (48, 26),
    "sweatshirt": (49,), "T-shirt": (51, 54), "necktie|tie": (52,), "vest": (55,),
    "watch|wristwatch": (57,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """A set on disk. ``words``: label values by the words they teach, alternatives between bars."""

    name: str
    folder: str
    words: Mapping[str, tuple[int, ...]]
    used: Callable[[Path, tuple[str, ...]], tuple[str, ...]]
    background: tuple[int, ...] = (0,)


@dataclass(frozen=True, eq=False)
class OpenSource:
    """A set that is here: its pictures and, for row r, the words ``words[r - 1]``."""

    name: str
    data: ImageSet
    stems: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]


def open_sources(data: Path) -> tuple[OpenSource, ...]:
    """All sets in ``data``; `EngineError` where none is there."""
    found = [_opened(one, data) for one in _sources() if (data / one.folder / "masks").is_dir()]
    if not found:
        names = ", ".join(one.folder for one in _sources())
        raise EngineError(f"{data} holds none of the labelled sets {names}; name their folder.")
    return tuple(found)


def photograph(stem: str) -> str:
    """The id of a COCO photograph, the same in all its sets."""
    return stem.rsplit("_", 1)[-1].lstrip("0")


def _sources() -> tuple[Source, ...]:
    coco = {name: (number,) for name, number in zip(COCO_NAMES, COCO_IDS, strict=True)}
    voc = {name: (number,) for number, name in enumerate(VOC_NAMES, start=1)}
    return (
        Source("coco_mini", "coco_mini", coco, _unmeasured_coco),
        Source("voc_animals", "voc_animals", voc, _listed_for_training),
        Source("ccp_clothing", "ccp_clothing", CLOTHES, _first_share),
        Source("car_parts", "car_parts", CARS, _but_the_last_hundred),
        Source("faces", "faces/labelled_hq_256", FACES, _first_three_hundred),
        Source("camvid11", "camvid11", STREET, _first_share, background=()),
    )


def _opened(source: Source, data: Path) -> OpenSource:
    folder = data / source.folder
    found = image_set(folder, source.words, background=source.background)
    words = tuple(tuple(one.split("|")) for one in source.words)
    return OpenSource(source.name, found, source.used(folder, stems_of(folder)), words)


def _unmeasured_coco(folder: Path, stems: tuple[str, ...]) -> tuple[str, ...]:
    measured = folder.parent / "coco_mval"
    away = {photograph(one) for one in stems_of(measured)} if measured.is_dir() else set()
    return tuple(stem for stem in stems if photograph(stem) not in away)


def _listed_for_training(folder: Path, stems: tuple[str, ...]) -> tuple[str, ...]:
    listed = folder / "train.txt"
    if not listed.is_file():
        return stems
    wanted = set(listed.read_text(encoding="utf-8").split())
    return tuple(stem for stem in stems if stem in wanted)


def _first_share(_folder: Path, stems: tuple[str, ...]) -> tuple[str, ...]:
    return stems[: -(-3 * len(stems) // 4)]


def _but_the_last_hundred(_folder: Path, stems: tuple[str, ...]) -> tuple[str, ...]:
    return stems[:-100] or stems[:1]


def _first_three_hundred(_folder: Path, stems: tuple[str, ...]) -> tuple[str, ...]:
    return stems[: min(300, max(1, len(stems) - 200))]
