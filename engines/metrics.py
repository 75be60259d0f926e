"""Scores of segmentations, from a confusion matrix that grows image by image."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IGNORED = 255

Rows = npt.NDArray[np.uint8]
Scores = npt.NDArray[np.float64]


class Confusion:
    """Pixels counted by (true row, guessed row). Pixels whose true row is 255 do not count."""

    def __init__(self, row_count: int) -> None:
        self.counts = np.zeros((row_count, row_count), np.int64)

    def add(self, truth: Rows, guess: Rows) -> None:
        """Count one image: ``truth`` and ``guess`` (H, W) or any equal shape, rows below K.

        Raises `ValueError` for unequal shapes and for rows that do not exist.
        """
        if truth.shape != guess.shape:
            raise ValueError(f"Truth is {truth.shape} and guess is {guess.shape}; make them equal.")
        said = truth != IGNORED
        k = len(self.counts)
        true_rows, guessed = truth[said].astype(np.int64), guess[said].astype(np.int64)
        if max(true_rows.max(initial=0), guessed.max(initial=0)) >= k:
            raise ValueError(f"A row is beyond the {k} rows of this confusion matrix.")
        self.counts += np.bincount(true_rows * k + guessed, minlength=k * k).reshape(k, k)

    def iou(self) -> Scores:
        """(K,): intersection over union of each row over all images; NaN where it never occurs."""
        both = np.diag(self.counts).astype(np.float64)
        either = self.counts.sum(0) + self.counts.sum(1) - both
        scores: Scores = np.full(len(both), np.nan)
        np.divide(both, either, out=scores, where=either > 0)
        return scores

    def mean_iou(self, *, with_background: bool = True) -> float:
        """Mean over rows that occur in truth or guess, row 0 only if asked for."""
        return float(np.nanmean(self.iou()[0 if with_background else 1 :]))

    def weighted_iou(self, *, with_background: bool = True) -> float:
        """IoU weighted with the share of true pixels, as in the tables of RepurposeGAN."""
        first = 0 if with_background else 1
        truth = self.counts.sum(1)[first:].astype(np.float64)
        return float(np.nansum(truth * self.iou()[first:]) / truth.sum())

    def foreground_background_iou(self) -> float:
        """Mean IoU of "any class" and of background, all classes taken as one foreground."""
        both = float(self.counts[1:, 1:].sum())
        empty = float(self.counts[0, 0])
        crossed = float(self.counts[0, 1:].sum() + self.counts[1:, 0].sum())
        pairs = [(both, both + crossed), (empty, empty + crossed)]
        found = [inside / either for inside, either in pairs if either > 0]
        return float(np.mean(found)) if found else float("nan")

    def pixel_accuracy(self) -> float:
        """Share of counted pixels that are right."""
        return float(np.diag(self.counts).sum() / self.counts.sum())


@dataclass(frozen=True, slots=True)
class _Pair:
    """Intersection and union in pixels."""

    intersection: int = 0
    union: int = 0

    def plus(self, one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> "_Pair":
        return _Pair(
            self.intersection + int((one & other).sum()), self.union + int((one | other).sum())
        )

    @property
    def iou(self) -> float:
        return self.intersection / self.union if self.union else float("nan")


class EpisodeScores:
    """Episodes with one foreground class each: mIoU and FB-IoU of few-shot segmentation.

    Intersections and unions are summed per class over all episodes before dividing; it is not the
    mean of the IoUs of episodes.
    """

    def __init__(self) -> None:
        self._foreground: dict[int, _Pair] = {}
        self._background = _Pair()

    def add(self, class_id: int, truth: Rows, guess: Rows) -> None:
        """One query: ``truth`` and ``guess`` (H, W), non-zero is foreground, true 255 ignored."""
        if truth.shape != guess.shape:
            raise ValueError(f"Truth is {truth.shape} and guess is {guess.shape}; make them equal.")
        said = truth != IGNORED
        true, guessed = truth[said] > 0, guess[said] > 0
        self._foreground[class_id] = self._foreground.get(class_id, _Pair()).plus(true, guessed)
        self._background = self._background.plus(~true, ~guessed)

    def per_class(self) -> dict[int, float]:
        """Class id -> IoU of its foreground."""
        return {class_id: pair.iou for class_id, pair in sorted(self._foreground.items())}

    def mean_iou(self) -> float:
        """Mean over classes, foreground only."""
        return float(np.nanmean(list(self.per_class().values())))

    def fb_iou(self) -> float:
        """Mean of foreground IoU and background IoU, all classes taken as one foreground."""
        both = sum(pair.intersection for pair in self._foreground.values())
        either = sum(pair.union for pair in self._foreground.values())
        front = both / either if either else float("nan")
        return float(np.nanmean([front, self._background.iou]))
