"""What the student is asked for: the teachers' maps, and to know a place again in another view."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.backbone import Backbone
from engines.distillation.crops import window_grid
from engines.errors import EngineError

TEMPERATURE = 0.1
PLACES = 96  # of each image that the dense loss looks at


@dataclass(frozen=True, slots=True)
class Lesson:
    """One map to imitate: ``stage`` of the student, ``layer`` of a teacher, and its weight."""

    teacher: str
    layer: str
    stage: int  # 0, 1, 2 for strides 4, 8, 16
    weight: float


class Standard(nn.Module):
    """Per-channel mean and spread of a teacher's map, learnt in the first batches, then fixed."""

    mean: Tensor
    square: Tensor
    batches: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("square", torch.zeros(channels))
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))
        self.limit = 50

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> the same with every channel about 0 and of spread 1."""
        if self.training and int(self.batches) < self.limit:
            self.batches += 1
            share = 1.0 / int(self.batches)
            self.mean.lerp_(x.mean((0, 2, 3)), share)
            self.square.lerp_(x.square().mean((0, 2, 3)), share)
        spread = (self.square - self.mean.square()).clamp_min(1e-6).sqrt()
        return (x - self.mean[:, None, None]) / spread[:, None, None]


class Imitation(nn.Module):
    """One linear head per lesson; the loss is 1 - cosine at every place, weighted and averaged."""

    def __init__(self, lessons: tuple[Lesson, ...], widths: tuple[int, ...],
                 teachers: dict[str, Backbone]) -> None:  # fmt: skip
        super().__init__()
        self.lessons = lessons
        channels = [_channels(teachers[one.teacher], one) for one in lessons]
        self.heads = nn.ModuleList(
            nn.Conv2d(widths[one.stage], c, 1) for one, c in zip(lessons, channels, strict=True)
        )
        self.standards = nn.ModuleList(Standard(c) for c in channels)

    def forward(
        self, maps: list[Tensor], taught: dict[str, dict[str, Tensor]]
    ) -> tuple[Tensor, dict[str, float]]:
        """Student's maps and teachers' maps by teacher and layer -> loss, and each lesson's own."""
        total = maps[0].new_zeros(())
        single: dict[str, float] = {}
        for one, head, standard in zip(self.lessons, self.heads, self.standards, strict=True):
            target = standard(taught[one.teacher][one.layer])
            said = head(maps[one.stage]).float()
            if said.shape[-2:] != target.shape[-2:]:
                target = F.interpolate(
                    target, said.shape[-2:], mode="bilinear", align_corners=False
                )
            loss = (1 - F.cosine_similarity(said, target, dim=1)).mean()
            total = total + one.weight * loss
            single[f"{one.teacher}.{one.layer}"] = float(loss.detach())
        return total / sum(one.weight for one in self.lessons), single


class DenseAgreement(nn.Module):
    """A place must be told from other places of its image in a second view (InfoNCE over places).

    After Wang et al., "Dense contrastive learning", 2021, but with the correspondence known from
    the geometry of the views instead of guessed from features.
    """

    def __init__(self, channels: int, width: int = 64) -> None:
        super().__init__()
        self.project = nn.Sequential(
            nn.Conv2d(channels, width, 1), nn.ReLU(inplace=True), nn.Conv2d(width, width, 1)
        )

    def forward(
        self, first: Tensor, second: Tensor, boxes: Tensor, draw: torch.Generator
    ) -> Tensor:
        """Maps (B, C, h, w) of the view and (B, C, s, s) of the windows ``boxes`` (B, 4)."""
        B, _, s, _ = second.shape
        q = F.normalize(self.project(second).float().flatten(2), dim=1)
        keys = self.project(first).float()
        k = F.grid_sample(keys, window_grid(boxes, s), align_corners=False, padding_mode="border")
        k = F.normalize(k.flatten(2), dim=1)
        chosen = torch.randperm(s * s, generator=draw)[:PLACES].to(q.device)
        logits = torch.einsum("bcn,bcm->bnm", q[..., chosen], k[..., chosen]) / TEMPERATURE
        truth = torch.arange(len(chosen), device=q.device).expand(B, -1)
        return F.cross_entropy(logits.flatten(0, 1), truth.flatten())


def teach(teachers: dict[str, Backbone], images: Tensor) -> dict[str, dict[str, Tensor]]:
    """Maps of all teachers by name and layer for images (B, 3, H, W) in [0, 1]."""
    taught = {}
    for name, teacher in teachers.items():
        found = teacher.encode(images)
        pairs = zip(found.specs, found.maps, strict=True)
        taught[name] = {spec.name: one.clone() for spec, one in pairs}  # leave inference mode
    return taught


def _channels(teacher: Backbone, lesson: Lesson) -> int:
    for spec in teacher.card.maps:
        if spec.name == lesson.layer:
            return spec.channels
    known = ", ".join(spec.name for spec in teacher.card.maps)
    raise EngineError(f"{teacher.card.title} has no map '{lesson.layer}'; it has {known}.")
