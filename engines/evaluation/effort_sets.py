"""Sets on which effort is measured, and who works on them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engines.evaluation.image_sets import ImageSet, image_set
from engines.evaluation.parts import CAR_PARTS, FACE_PARTS

POOL, TEST = 20, 20  # images to draw on, the first ones; images scored on, the last ones


@dataclass(frozen=True, slots=True)
class EffortSet:
    """A set with the size it is worked at."""

    name: str
    load: Callable[[Path], ImageSet]
    size_px: int


def effort_sets() -> Mapping[str, EffortSet]:
    """Every set by name; the folder is the one of the data with one folder per set."""
    sets = (
        EffortSet("faces", _of("faces/labelled_hq_256", FACE_PARTS), 256),
        EffortSet("car_parts", _of("car_parts", CAR_PARTS), 320),
        EffortSet("nuclei", _of("dsb2018_nuclei", {"nucleus": (1,)}), 400),
        EffortSet(
            "magnetic_tile",
            _of("magnetic_tile", {"defect": (1, 2, 3, 4, 5)}),
            400,
        ),
        EffortSet("cwfid", _of("cwfid_cropweed", {"crop": (1,), "weed": (2,)}), 480),
        EffortSet("camvid", _of("camvid11", {f"class {k}": (k,) for k in range(1, 11)}), 480),
    )
    return {one.name: one for one in sets}


def _of(folder: str, groups: Mapping[str, tuple[int, ...]]) -> Callable[[Path], ImageSet]:
    return lambda data: image_set(data / folder, groups)
