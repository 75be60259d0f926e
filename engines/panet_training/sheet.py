"""The sheet of samples: episodes with their support, truth and answer, to see what training
does."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from engines.exchange import Pixels, RowMap
from engines.panet_training.episodes import EpisodeSize, View, draw_episode
from engines.panet_training.learner import Learner, ViewReader
from engines.panet_training.objective import Scene, query_logits
from engines.panet_training.plan import PanetPlan
from engines.panet_training.scenes import rows_of_episode

SHEET_SEED = 77  # its episodes are the same all through a run
EPISODES = 6
CELL = (150, 200)  # (h, w) pixels of a picture on the sheet
TINTS = ((0, 0, 0), (255, 120, 0), (0, 170, 255), (200, 0, 200), (0, 200, 80), (230, 220, 0))


@torch.no_grad()
def episode_sheet(learner: Learner, reader: ViewReader, plan: PanetPlan, file: Path) -> None:
    """Write a PNG: per line the first support of each class, the query's truth, the answer."""
    lines = []
    for number in range(EPISODES):
        size = EpisodeSize(plan.ways, plan.shots)
        episode = draw_episode(reader.pool, size, seed=SHEET_SEED, number=number)
        rows = {v: rows_of_episode(reader.rows(v), episode.rows) for v in set(episode.views)}
        features = dict(zip(episode.views, learner.features(reader, episode.views), strict=True))
        support = [[Scene(features[v], rows[v]) for v in shots] for shots in episode.support]
        logits = query_logits(support, features[episode.query])
        guess = logits[0].argmax(0).to(torch.uint8).cpu().numpy()
        cells = [_tinted(reader, shots[0], rows[shots[0]]) for shots in episode.support]
        cells.append(_tinted(reader, episode.query, rows[episode.query]))
        cells.append(_tinted(reader, episode.query, guess))
        lines.append(np.concatenate(cells, axis=1))
    growing = file.with_name(f".{file.name}.growing")
    Image.fromarray(np.concatenate(lines, axis=0)).save(growing, format="PNG")
    growing.replace(file)


def _tinted(reader: ViewReader, view: View, rows: RowMap) -> Pixels:
    """(*CELL, 3) uint8: the picture, classes tinted, 255 greyed."""
    image = (reader.image(view)[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    picture = np.asarray(Image.fromarray(image).resize(CELL[::-1]), np.float32)
    small = np.asarray(Image.fromarray(rows).resize(CELL[::-1], Image.Resampling.NEAREST))
    colours = np.full((256, 3), 128, np.float32)
    for row in range(255):
        colours[row] = TINTS[row] if row == 0 else TINTS[1 + (row - 1) % (len(TINTS) - 1)]
    share = np.where(small == 0, 0.0, 0.55)[..., None]
    mixed: Pixels = (picture * (1 - share) + colours[small] * share).astype(np.uint8)
    return mixed
