"""What is trained, and how views become features: a neck on frozen maps, or a whole network."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engines.backbones.architectures import Architecture, architecture
from engines.backbones.backbone import Backbone, MapSpec, Preprocessing
from engines.backbones.necks import Neck, side_by_side
from engines.backbones.networks import StagedNetwork, build_network
from engines.backbones.padding import pad_like_tensorflow
from engines.backbones.preprocessing import preprocessing_named
from engines.device import Device
from engines.errors import EngineError, MissingWeights
from engines.exchange import RowMap
from engines.panet_training.episodes import View
from engines.panet_training.pool import EpisodePool, ViewSize
from engines.sessions.encoding import as_batch
from engines.weights import WeightsCard, find_weights, list_weights, load_weights

CACHE_LIMIT_BYTES = 3 << 30


class ViewReader:
    """Views of a pool at working size: pixels as a batch of one, and rows."""

    def __init__(self, pool: EpisodePool, size: ViewSize) -> None:
        self.pool, self._size = pool, size
        self._rows: dict[int, RowMap] = {}  # some 80 kB each

    def image(self, view: View) -> Tensor:
        """(1, 3, h, w) float RGB in [0, 1]."""
        pixels = self.pool.pictures[view.picture].pixels(self._size_of(view))
        return as_batch(torch.from_numpy(_mirrored(pixels, view)))

    def rows(self, view: View) -> RowMap:
        """(h, w) uint8 rows of the pool."""
        return _mirrored(self._whole_rows(view), view)

    def _size_of(self, view: View) -> tuple[int, int]:
        h, w = self._whole_rows(view).shape
        return int(h), int(w)

    def _whole_rows(self, view: View) -> RowMap:
        found = self._rows.get(view.picture)
        if found is None:
            picture = self.pool.pictures[view.picture]
            found = self._rows[view.picture] = picture.truth(self._size)
        return found


class FrozenLevels:
    """Maps of a frozen backbone, side by side, kept in half precision: each view is seen once."""

    def __init__(self, backbone: Backbone, device: Device) -> None:
        self.backbone = backbone
        self._device = device
        self._kept: dict[tuple[str, str, bool], Tensor] = {}
        self._bytes = 0

    def levels(self, reader: ViewReader, view: View) -> Tensor:
        """(1, sum of C, h, w) float32 on the device; no gradient leads back."""
        picture = reader.pool.pictures[view.picture]
        key = (str(picture.data.folder), picture.stem, view.flipped)
        found = self._kept.get(key)
        if found is None:
            seen = self.backbone.encode(self._device.place(reader.image(view)))
            found = side_by_side(seen.maps, self.backbone.card.maps).half().cpu()
            if self._bytes + found.nbytes <= CACHE_LIMIT_BYTES:
                self._kept[key] = found
                self._bytes += found.nbytes
        return found.to(self._device.torch_device).float()


class NeckLearner:
    """Trains the neck alone, on levels that are kept."""

    def __init__(self, frozen: FrozenLevels, width: int, device: Device, *, seed: int) -> None:
        self.neck = Neck(frozen.backbone.card.maps, width, seed=seed)
        self.module = nn.ModuleDict({"neck": self.neck}).to(device.torch_device)
        self._frozen, self._device = frozen, device

    def groups(self, rate: float, trunk_rate: float) -> list[dict[str, object]]:
        """Parameters with their rates."""
        return [{"params": list(self.neck.parameters()), "lr": rate}]

    def features(self, reader: ViewReader, views: Sequence[View]) -> list[Tensor]:
        """One (C, h, w) float32 per view, with its graph."""
        found = []
        for view in views:
            levels = self._frozen.levels(reader, view)
            with rounded(self._device):
                found.append(self.neck(levels)[0].float())
        return found


class NetworkLearner:
    """Trains all convolutions of a network, and a neck on it where ``width`` is not 0.

    Statistics of batch normalisation stay as they are: episodes are too small to measure them.
    """

    def __init__(
        self,
        weights: WeightsCard,
        width: int,
        device: Device,
        *,
        seed: int,
        models_dir: Path | None,
    ) -> None:
        self.plan: Architecture = architecture(weights.architecture)
        self.weights = weights
        stages = len(weights.stages)
        tensors = load_weights(weights, models_dir)
        self.trunk = build_network(self.plan.name, tensors, stage_count=stages)
        self._wish = preprocessing_named(weights.preprocessing)
        if self._wish.padding == "tensorflow":
            pad_like_tensorflow(self.trunk)
        self.trunk.requires_grad_(True)
        self._specs: tuple[MapSpec, ...] = tuple(s.spec for s in self.plan.stages[:stages])
        parts: dict[str, nn.Module] = {"trunk": self.trunk}
        self.neck = Neck(self._specs, width, seed=seed) if width else None
        if self.neck is not None:
            parts["neck"] = self.neck
        layout = torch.channels_last if device.channels_last else torch.contiguous_format
        self.module = nn.ModuleDict(parts).to(device.torch_device).to(memory_format=layout)
        self._device = device

    def groups(self, rate: float, trunk_rate: float) -> list[dict[str, object]]:
        """Parameters with their rates."""
        groups: list[dict[str, object]] = [
            {"params": list(self.trunk.parameters()), "lr": trunk_rate}
        ]
        if self.neck is not None:
            groups.append({"params": list(self.neck.parameters()), "lr": rate})
        return groups

    def features(self, reader: ViewReader, views: Sequence[View]) -> list[Tensor]:
        """One (C, h, w) float32 per view, with its graph; views of one size go together."""
        images = [reader.image(view) for view in views]
        if len({image.shape for image in images}) == 1:
            return list(self._seen(torch.cat(images)))
        return [self._seen(image)[0] for image in images]

    def _seen(self, images: Tensor) -> Tensor:
        with rounded(self._device):
            maps = self.trunk(self._device.place(normalised(images, self._wish)))
            whole = maps[-1] if self.neck is None else self.neck(side_by_side(maps, self._specs))
        features: Tensor = whole.float()
        return features


Learner = NeckLearner | NetworkLearner


def weights_to_train(name: str, models_dir: Path | None) -> WeightsCard:
    """Whole weights by their name or their network; `MissingWeights` says what to do without."""
    shelf = [one for one in list_weights(models_dir) if one.architecture == name]
    if len(shelf) == 1:
        return shelf[0]
    try:
        return find_weights(name, models_dir)
    except MissingWeights as error:
        raise MissingWeights(
            f"Training '{name}' as a whole starts from weights of it, and none are here. For "
            "PANet's own network get VGG-16 weights trained on ImageNet (torchvision's file) and "
            "run `annotator models import FILE --as vgg16_panet`."
        ) from error


def rounded(device: Device) -> AbstractContextManager[object]:
    """Training runs in bfloat16 where the device has it; float16 would lose small gradients."""
    return nullcontext() if device.autocast_dtype is torch.float16 else device.autocast()


def normalised(images: Tensor, wish: Preprocessing) -> Tensor:
    """(B, 3, H, W) RGB in [0, 1] -> what the network was trained on."""
    ordered = images.flip(1) if wish.order == "bgr" else images
    mean = torch.tensor(wish.mean).reshape(1, 3, 1, 1)
    return (ordered * wish.scale - mean) / torch.tensor(wish.std).reshape(1, 3, 1, 1)


def trunk_tensors(trunk: StagedNetwork, weights: WeightsCard) -> dict[str, Tensor]:
    """The tensors of a trained trunk by the names its network gives them, on the processor."""
    stages = architecture(weights.architecture).stages[: len(weights.stages)]
    own = {
        f"parts.{number}.{place}.": f"{module}."
        for number, stage in enumerate(stages)
        for place, module in enumerate(stage.modules)
    }
    found = {}
    for key, value in trunk.state_dict().items():
        prefix = ".".join(key.split(".")[:3]) + "."
        if prefix not in own:
            raise EngineError(f"The trained network holds {key}, which belongs to no stage.")
        if not key.endswith("num_batches_tracked"):
            found[own[prefix] + key.removeprefix(prefix)] = value.detach().cpu()
    return found


def _mirrored(pixels: np.ndarray, view: View) -> np.ndarray:
    return np.ascontiguousarray(pixels[:, ::-1]) if view.flipped else np.array(pixels)
