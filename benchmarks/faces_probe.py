"""Face parts from one, five and ten labelled faces: weighted IoU on the fixed split.

Images: CelebAMask-HQ ids at 256 px in ``faces/labelled_hq_256``. Support: the first stems by name;
test: the last 200. The RepurposeGAN 10-class task; masks are the person's cues.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from shared_data import RowImage, arguments, described, labels, masks, picture, session_for

from engines.exchange import Query, Shot, SupportSet
from engines.metrics import Confusion
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession, SessionOptions

NAMES = ("eyes", "mouth", "nose", "face", "clothes", "hair", "brows", "ears", "neck")
IDS: tuple[tuple[int, ...], ...] = (
    (0,), (4, 5), (10, 11, 12), (2,), (1, 3), (18,), (13, 14), (6, 7), (8, 9, 15), (16, 17),
)  # fmt: skip
SUPPORT_POOL, TEST_COUNT = 100, 200


def main() -> None:
    """Print one line per number of shots and seed."""
    parser = arguments("Face parts, few-shot.", method="probe", backbone="resnet18_layer3")
    parser.add_argument("--shots", type=int, nargs="+", default=[1, 5, 10])
    parser.add_argument("--draws", type=int, default=0, help="further support draws, seeds 1..")
    parser.add_argument("--test", type=int, default=TEST_COUNT, help="every n-th is taken if fewer")
    parser.add_argument("--no-refine", action="store_true")
    options = parser.parse_args()
    settings = SessionOptions(size_px=256, refine=not options.no_refine)
    with session_for(options, settings) as session:
        _measure(session, options)


def _measure(session: FewShotSession, options: argparse.Namespace) -> None:
    folder = options.data / "faces" / "labelled_hq_256"
    stems = sorted(path.stem for path in (folder / "images").iterdir())
    test = stems[-TEST_COUNT:][:: max(1, TEST_COUNT // options.test)]
    print(f"faces/labelled_hq_256, 10 classes, {len(test)} test images, {described(session)}")
    session.encode_ahead(picture(folder / "images" / f"{stem}.jpg") for stem in test)
    for shots in options.shots:
        for seed in range(options.draws + 1):
            support = _draw(stems[:SUPPORT_POOL], shots, seed)
            scores, seconds = _scored(session, folder, support, test)
            per_class = " ".join(f"{100 * score:.0f}" for score in scores.iou())
            print(
                f"{shots:2d}-shot, seed {seed}: weighted IoU {100 * scores.weighted_iou():.1f} "
                f"(mean IoU {100 * scores.mean_iou():.1f}), fit {seconds:.2f} s; per class "
                f"{per_class}",
                flush=True,
            )


def _draw(pool: list[str], shots: int, seed: int) -> list[str]:
    """Seed 0 is the fixed support, the first stems."""
    if seed == 0:
        return pool[:shots]
    picked = np.random.default_rng(seed).choice(len(pool), shots, replace=False)
    return [pool[index] for index in picked]


def _scored(
    session: FewShotSession, folder: Path, support: list[str], test: list[str]
) -> tuple[Confusion, float]:
    shots = tuple(
        Shot(picture(folder / "images" / f"{stem}.jpg"), masks(_rows(folder, stem)))
        for stem in support
    )
    started = time.perf_counter()
    session.set_support(SupportSet(tuple(range(1, len(IDS))), NAMES, shots))
    seconds = time.perf_counter() - started
    scores = Confusion(len(IDS))
    for stem in test:
        answer = session.predict(Query(picture(folder / "images" / f"{stem}.jpg")))
        scores.add(_rows(folder, stem), row_map(answer))
    return scores, seconds


def _rows(folder: Path, stem: str) -> RowImage:
    table = np.full(256, 255, np.uint8)
    for row, ids in enumerate(IDS):
        table[list(ids)] = row
    mapped: RowImage = table[labels(folder / "masks" / f"{stem}.png")]
    return mapped


if __name__ == "__main__":
    main()
