"""Objects of unseen classes from one mask: mIoU and FB-IoU over the four interleaved COCO folds.

Images: ``coco_mval`` (80 classes, one instance marked per image, 320 px). Every image of the fold
is the query once in 200 episodes; its support is drawn from its class, with another COCO id.
"""

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from shared_data import RowImage, arguments, described, labels, masks, picture, session_for

from engines.exchange import ArrayImage, Query, Shot, SupportSet
from engines.metrics import EpisodeScores
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession, SessionOptions

FOLDS = 4
COCO_NAMES = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog",
    "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella",
    "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite",
    "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich",
    "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote",
    "keyboard", "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book",
    "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip


def main() -> None:
    """Print one line per fold and the mean."""
    parser = arguments("COCO-20i style, one shot.", method="panet", backbone="resnet18_layer3")
    parser.add_argument("--episodes", type=int, default=200, help="per fold")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-refine", action="store_true")
    options = parser.parse_args()
    with session_for(options, SessionOptions(size_px=320, refine=not options.no_refine)) as session:
        _measure(session, options)


def _measure(session: FewShotSession, options: argparse.Namespace) -> None:
    folder = options.data / "coco_mval"
    print(
        f"coco_mval, 1-shot, {options.episodes} episodes per fold, seed {options.seed}, support "
        f"and query differ by COCO id, {described(session)}"
    )
    means: list[tuple[float, float, float]] = []
    for fold in range(FOLDS):
        scores, floor = EpisodeScores(), EpisodeScores()
        for class_id, support, query in _episodes(folder, fold, options):
            truth = _mask(folder, query)
            scores.add(class_id, truth, _answer(session, folder, class_id, support, query))
            floor.add(class_id, truth, np.ones_like(truth))
        means.append((scores.mean_iou(), scores.fb_iou(), floor.mean_iou()))
        _tell(f"fold {fold}", means[-1])
    _tell("mean", tuple(float(np.mean(column)) for column in zip(*means, strict=True)))


def _tell(label: str, figures: tuple[float, ...]) -> None:
    mean, both, floor = (100 * figure for figure in figures)
    print(
        f"{label:6s} mIoU {mean:.1f} FB-IoU {both:.1f} (everything foreground: mIoU {floor:.1f})",
        flush=True,
    )


def _episodes(
    folder: Path, fold: int, options: argparse.Namespace
) -> Iterator[tuple[int, str, str]]:
    """(class id, support stem, query stem), the same for every method and backbone."""
    of_class = _stems_by_class(folder)
    draw = np.random.default_rng((options.seed, fold))
    for number in range(options.episodes):
        class_id = fold + FOLDS * (number % (len(COCO_NAMES) // FOLDS))
        stems = of_class[COCO_NAMES[class_id]]
        query = stems[number // (len(COCO_NAMES) // FOLDS) % len(stems)]
        others = [stem for stem in stems if _coco_id(stem) != _coco_id(query)]
        yield class_id, others[int(draw.integers(len(others)))], query


def _stems_by_class(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((folder / "images").iterdir()):
        name = re.sub(r"\d+_\d+$", "", path.stem)
        found[name.replace("_", " ")].append(path.stem)
    return found


def _coco_id(stem: str) -> str:
    return stem.rsplit("_", 1)[1]


def _answer(
    session: FewShotSession, folder: Path, class_id: int, support: str, query: str
) -> RowImage:
    shot = Shot(_image(folder, support), masks(_mask(folder, support)))
    session.set_support(SupportSet((class_id + 1,), (COCO_NAMES[class_id],), (shot,)))
    return row_map(session.predict(Query(_image(folder, query))))


def _image(folder: Path, stem: str) -> ArrayImage:
    return picture(folder / "images" / f"{stem}.jpg")


def _mask(folder: Path, stem: str) -> RowImage:
    """Rows: 0 background, 1 the marked instance."""
    return (labels(folder / "masks" / f"{stem}.png") > 0).astype(np.uint8)


if __name__ == "__main__":
    main()
