"""How long one more stroke takes until the picture answers: probe, random forest, from scratch.

One 512 px image, five classes, strokes added one by one; features are cached except where a row
says otherwise. p50 and p95 over the strokes, in one run, for several numbers of threads.

    python benchmarks/live_probe.py --data FOLDER --models FOLDER [--threads 1 2]
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from shared_data import arguments, picture, session_for
from sklearn.ensemble import RandomForestClassifier

from engines.backbones.cache import FeatureCache
from engines.exchange import ArrayImage, Mark, Query, Shot, SupportSet
from engines.fewshot.cues import area_weights
from engines.fewshot.levels import enlarge, grid_of
from engines.sessions.encoding import ImageEncoder
from engines.sessions.fewshot_session import FewShotSession, SessionOptions

CLASSES = 5
SIDE = 512
WARM_UP = 2 * CLASSES  # every row has two strokes before the clock starts


def main() -> None:
    """Print one table per backbone and number of threads."""
    parser = arguments("Live latency.", method="probe", backbone="filters")
    parser.add_argument("--backbones", nargs="+", default=["filters", "resnet18_layer3"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--strokes", type=int, default=30)
    options = parser.parse_args()
    image = _image(options)
    for name in options.backbones:
        options.backbone = name
        for threads in options.threads:
            torch.set_num_threads(threads)
            with session_for(options, SessionOptions(size_px=SIDE)) as session:
                _table(session, image, options, threads)


def _table(
    session: FewShotSession, image: ArrayImage, options: argparse.Namespace, threads: int
) -> None:
    marks = _strokes(WARM_UP + options.strokes)
    live = _probe_times(session, image, marks, None)
    print(f"\n{session.backbone_card.name}, {threads} thread(s), {len(live)} strokes: p50, p95 ms")
    _tell("probe, one more stroke and the answer", live)
    few = range(WARM_UP, len(marks), 6)
    _tell("random forest, same cached features", _forest_times(session, image, marks, few, threads))
    cold = _probe_times(session, image, [marks[i] for i in range(WARM_UP + 6)], options)
    _tell("everything anew: features, probe", cold)
    cold = _forest_times(session, image, marks, few, threads, anew=True)
    _tell("everything anew: features, forest", cold)


def _tell(label: str, seconds: list[float]) -> None:
    low, high = np.percentile(np.array(seconds) * 1e3, (50, 95))
    print(f"  {label:42s} {low:8.1f} {high:8.1f}", flush=True)


def _probe_times(
    session: FewShotSession, image: ArrayImage, marks: list[Mark], anew: argparse.Namespace | None
) -> list[float]:
    """Seconds per stroke; ``anew``: in a session that knows nothing, every time."""
    seconds = []
    for count in range(WARM_UP, len(marks) + 1):
        support = _support(image, marks[:count])
        if anew is None:
            took = _timed(lambda s=support: _step(session, s, image))
            seconds.append(took)
            continue
        with session_for(anew, SessionOptions(size_px=SIDE)) as fresh:
            seconds.append(_timed(lambda s=support, f=fresh: _step(f, s, image)))
    return seconds[1:]


def _step(session: FewShotSession, support: SupportSet, image: ArrayImage) -> None:
    session.set_support(support)
    session.predict(Query(image, support.shots[0].marks))


def _forest_times(
    session: FewShotSession,
    image: ArrayImage,
    marks: list[Mark],
    counts: range,
    threads: int,
    *,
    anew: bool = False,
) -> list[float]:
    cache = FeatureCache()
    encoder = ImageEncoder(session.backbone, session.device, cache, size_px=SIDE)
    _forest_step(encoder, image, marks[:WARM_UP], threads)
    seconds = []
    for count in counts:
        if anew:
            cache.release_memory()
        seconds.append(_timed(lambda c=count: _forest_step(encoder, image, marks[:c], threads)))
    return seconds


@torch.inference_mode()
def _forest_step(encoder: ImageEncoder, image: ArrayImage, marks: list[Mark], threads: int) -> None:
    """100 trees on all maps at the finest grid, trained on the marked cells."""
    from engines.reporting import SilentReporter

    features = encoder.encode(image, SilentReporter()).features
    grid = grid_of(features)
    flat = torch.cat([enlarge(one, grid) for one in features.maps], 1)[0].flatten(1).T.numpy()
    cells = [area_weights(mark, image=image.size, grid=grid).cells.numpy() for mark in marks]
    rows = np.concatenate([np.full(len(c), m.row) for c, m in zip(cells, marks, strict=True)])
    forest = RandomForestClassifier(100, n_jobs=threads, random_state=0)
    forest.fit(flat[np.concatenate(cells)], rows)
    answer = forest.predict_proba(flat)  # (cells, K)
    enlarge(torch.from_numpy(answer.T.reshape(1, -1, *grid).copy()), image.size)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _support(image: ArrayImage, marks: list[Mark]) -> SupportSet:
    names = tuple(f"class {row}" for row in range(1, CLASSES))
    return SupportSet(tuple(range(1, CLASSES)), names, (Shot(image, tuple(marks)),))


def _strokes(count: int) -> list[Mark]:
    """Straight pens 5 px thick, each in a tile of its own so that none overlap."""
    draw = np.random.default_rng(0)
    tiles = draw.permutation(64)[:count]
    marks = []
    for number, tile in enumerate(tiles):
        y, x = 64 * (int(tile) // 8) + 20, 64 * (int(tile) % 8) + 4
        mask = np.ones((5, int(draw.integers(25, 56))), np.bool_)
        marks.append(Mark(number % CLASSES, (x, y), mask))
    return marks


def _image(options: argparse.Namespace) -> ArrayImage:
    from PIL import Image

    first = sorted((options.data / "camvid11" / "images").iterdir())[0]
    pixels = Image.fromarray(picture(first).array).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return ArrayImage(np.array(pixels))


if __name__ == "__main__":
    main()
