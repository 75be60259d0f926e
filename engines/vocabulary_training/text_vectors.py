"""Names with the vectors of a text network, from files, in as few numbers as will do."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.errors import EngineError
from engines.evaluation.names import COCO_NAMES
from engines.vocabulary.words import WordList, spoken
from engines.weight_files import check_finite, read_tensors

STEM = "clip_rn50_text"
LISTS = ("coco", "voc", "lvis", "paco", "pascal_part")
AKIN = 0.69  # cosine from which a name goes out of training with a name that is held out
_LIMIT_BYTES = 4 << 20


@dataclass(frozen=True, eq=False)
class NameVectors:
    """``names`` once each, ``vectors`` (K, D) of unit length."""

    names: tuple[str, ...]
    vectors: Tensor


def read_names(models: Path) -> NameVectors:
    """All names of ``clip_rn50_text`` in a folder; `EngineError` where it is not there or torn."""
    listing = models / f"{STEM}.names.json"
    try:
        if listing.stat().st_size > _LIMIT_BYTES:
            raise ValueError("it is too large")
        names = json.loads(listing.read_text(encoding="utf-8"))
        lists = {part: [str(one) for one in names[part]] for part in LISTS}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise EngineError(
            f"The names of {listing} cannot be read: {error}; name the folder with {STEM}."
        ) from error
    tensors = read_tensors(models / f"{STEM}.safetensors")
    check_finite(tensors, source=STEM)
    found: dict[str, Tensor] = {}
    for part, own in lists.items():
        if part not in tensors or len(tensors[part]) != len(own):
            raise EngineError(f"{STEM} has not one vector for each name of '{part}'; get it anew.")
        for name, vector in zip(own, tensors[part].float(), strict=True):
            found.setdefault(name, vector)
    return NameVectors(tuple(found), F.normalize(torch.stack([*found.values()]), dim=1))


def narrowed_names(wide: NameVectors, dimension: int) -> NameVectors:
    """Centred, along the strongest directions, unit length again: (K, ``dimension``).

    The vectors of all texts share one large mean (length 0.84 of 1), which tells nothing apart.
    """
    centred = wide.vectors - wide.vectors.mean(dim=0)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    kept = directions[: min(dimension, len(directions))]
    signs = kept.gather(1, kept.abs().argmax(dim=1, keepdim=True)).sign()  # a rule, so that
    return NameVectors(wide.names, F.normalize(centred @ (kept * signs).T, dim=1))  # runs agree


def held_out_names(known: NameVectors, every: int) -> frozenset[str]:
    """Every ``every``-th name of COCO, sorted, and all names akin to one of them; none for 0.

    Akin: spoken alike, or with a cosine of `AKIN` or more between their vectors.
    """
    if every < 1:
        return frozenset()
    chosen = {spoken(name) for name in sorted(COCO_NAMES)[::every]}
    first = [place for place, name in enumerate(known.names) if spoken(name) in chosen]
    akin = (known.vectors @ known.vectors[first].T).amax(dim=1) >= AKIN
    return frozenset(name for name, out in zip(known.names, akin.tolist(), strict=True) if out)


def word_list(known: NameVectors) -> WordList:
    """The names as they are looked up."""
    return WordList(known.names)
