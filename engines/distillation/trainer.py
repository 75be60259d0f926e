"""The trainer: crops in, a student that imitates its teachers out; goes on where it was stopped."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from engines.backbones.backbone import Backbone
from engines.backbones.embedded_plans import EMBEDDED_PLANS
from engines.backbones.networks import StagedNetwork, build_network
from engines.checkpoints import latest_checkpoint, load_checkpoint, save_checkpoint
from engines.device import Device, seeded_generator
from engines.distillation.crops import crop_batch, even_weights, jitter, second_view
from engines.distillation.objective import DenseAgreement, Imitation, Lesson, teach
from engines.distillation.pictures import PicturePool, Source
from engines.distillation.sheet import feature_sheet
from engines.errors import EngineError
from engines.reporting import Reporter

_SEEDS_PER_STEP = 4


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Everything that decides what comes out, besides pictures and teachers."""

    design: str = "embedded"
    images: int = 200_000
    batch: int = 64
    side: int = 128
    rate: float = 3e-3
    decay: float = 0.05
    warm_up: int = 200  # steps
    smoothing: float = 0.999  # of the average of parameters
    agreement: float = 0.15  # weight of the dense loss; 0 leaves it out
    seed: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)  # group of pictures -> how often
    lessons: tuple[Lesson, ...] = ()


class Trainer:
    """One run in one folder. `run` may be stopped and called again in another process."""

    def __init__(
        self,
        curriculum: Curriculum,
        sources: Sequence[Source],
        groups: Sequence[str],
        teachers: dict[str, Backbone],
        device: Device,
        folder: Path,
    ) -> None:
        """``groups`` names the group of every source; raises `EngineError` for unknown layers."""
        self._plan, self._device, self._folder = curriculum, device, folder
        self._pool = PicturePool(sources)
        self._weights = even_weights(groups, dict(curriculum.shares))
        self._teachers = teachers
        widths = EMBEDDED_PLANS[curriculum.design].widths
        torch.manual_seed(curriculum.seed)  # first values of the heads
        self.student: StagedNetwork = build_network(
            curriculum.design, None, seed=curriculum.seed
        ).requires_grad_(True)
        self.imitation = Imitation(curriculum.lessons, widths, teachers)
        self.agreement = DenseAgreement(widths[1])
        self._whole = nn.ModuleDict(
            {"student": self.student, "imitation": self.imitation, "agreement": self.agreement}
        ).to(device.torch_device)
        if device.channels_last:
            self._whole = self._whole.to(memory_format=torch.channels_last)
        self._average = {k: v.detach().clone() for k, v in self.student.state_dict().items()}
        self._optimiser = _optimiser(self._whole, curriculum)
        self.step = 0
        self._seconds = 0.0
        self._resume()

    @property
    def steps(self) -> int:
        """How many there are in all."""
        return max(1, self._plan.images // self._plan.batch)

    @property
    def average(self) -> dict[str, Tensor]:
        """The smoothed parameters and statistics of the student."""
        return dict(self._average)

    def run(self, reporter: Reporter, *, save_every: int = 200) -> None:
        """Train to the end; on cancel a checkpoint is written first."""
        self._whole.train()
        started, seconds = time.perf_counter(), self._seconds
        try:
            while self.step < self.steps:
                figures = self._one_step()
                self.step += 1
                self._seconds = seconds + time.perf_counter() - started
                if self.step % 20 == 0 or self.step == self.steps:
                    self._log(figures)
                    speed = self.step * self._plan.batch / max(self._seconds, 1e-9)
                    reporter.progress(self.step / self.steps, f"{speed:.0f} images/s")
                if self.step % save_every == 0:
                    self.save()
                reporter.raise_if_cancelled()
        finally:
            self.save()

    def save(self) -> None:
        """Write a checkpoint and the sheet of samples."""
        moments = _moments(self._optimiser, self._whole)
        state = {"plan": asdict(self._plan), "seconds": self._seconds}
        parts = {"model": self._whole.state_dict(), "average": self._average, **moments}
        save_checkpoint(self._folder, self.step, parts, state)
        crops = crop_batch(self._pool, self._weights, 12, 256, seed=1)
        feature_sheet(self._smoothed(), crops, self._folder / "samples.png", self._device)

    def _one_step(self) -> dict[str, float]:
        plan, number = self._plan, self.step * _SEEDS_PER_STEP
        base = (plan.seed << 32) + number
        for group in self._optimiser.param_groups:
            group["lr"] = plan.rate * _schedule(self.step, self.steps, plan.warm_up)
        images = crop_batch(self._pool, self._weights, plan.batch, plan.side, seed=base)
        images = self._device.place(images)
        taught = teach(self._teachers, images)
        draw = seeded_generator(base + 1)
        self._optimiser.zero_grad(set_to_none=True)
        with self._device.autocast():
            maps = self.student(jitter(images, 0.5, draw) - 0.5)
            loss, figures = self.imitation(maps, taught)
            if plan.agreement > 0:
                half = plan.batch // 2
                windows, boxes = second_view(images[:half], plan.side * 3 // 4, draw)
                seen = self.student(jitter(windows, 1.0, draw) - 0.5)
                dense = self.agreement(maps[1][:half], seen[1], boxes, draw)
                figures["agreement"] = float(dense.detach())
                loss = loss + plan.agreement * dense
        if not torch.isfinite(loss):
            raise EngineError(f"Training went astray at step {self.step}; use a lower rate.")
        loss.backward()
        nn.utils.clip_grad_norm_(self._whole.parameters(), 2.0)
        self._optimiser.step()
        self._follow()
        return {"loss": float(loss.detach()), **figures}

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self._plan.smoothing, (1 + self.step) / (10 + self.step))
        for name, value in self.student.state_dict().items():
            mine = self._average[name]
            if value.dtype.is_floating_point:
                mine.lerp_(value, 1 - keep)
            else:
                mine.copy_(value)

    def _smoothed(self) -> StagedNetwork:
        network = build_network(self._plan.design, None)
        network.load_state_dict({k: v.cpu() for k, v in self._average.items()})
        return network.eval().to(self._device.torch_device)

    def _log(self, figures: dict[str, float]) -> None:
        line = {"step": self.step, "images": self.step * self._plan.batch,
                "seconds": round(self._seconds, 1),
                **{name: round(value, 4) for name, value in figures.items()}}  # fmt: skip
        with (self._folder / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def _resume(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        place = latest_checkpoint(self._folder)
        if place is None:
            return
        parts, state = load_checkpoint(place)
        plan = state.get("plan")
        if not isinstance(plan, dict) or plan.get("design") != self._plan.design:
            raise EngineError(f"{self._folder} holds a run of another design; use another folder.")
        self._whole.load_state_dict(parts["model"])
        place_of = self._device.torch_device
        self._average = {name: one.to(place_of) for name, one in parts["average"].items()}
        self.step = int(str(state["step"]))
        self._seconds = float(str(state["seconds"]))
        _restore(self._optimiser, self._whole, parts, self.step)


def _schedule(step: int, steps: int, warm_up: int) -> float:
    """Linear warm-up, then half a cosine down to nothing."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _optimiser(whole: nn.Module, plan: Curriculum) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter, 2019); biases and normalisation are not decayed."""
    decayed = [p for p in whole.parameters() if p.ndim > 1]
    free = [p for p in whole.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": plan.decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.98))


def _moments(optimiser: torch.optim.AdamW, whole: nn.Module) -> dict[str, dict[str, Tensor]]:
    """First and second moments by the names of their parameters."""
    moments: dict[str, dict[str, Tensor]] = {"first_moment": {}, "second_moment": {}}
    for name, parameter in whole.named_parameters():
        held = optimiser.state.get(parameter)
        if held:
            moments["first_moment"][name] = held["exp_avg"]
            moments["second_moment"][name] = held["exp_avg_sq"]
    return {stem: tensors for stem, tensors in moments.items() if tensors}


def _restore(
    optimiser: torch.optim.AdamW, whole: nn.Module, parts: dict[str, dict[str, Tensor]], step: int
) -> None:
    for name, parameter in whole.named_parameters():
        first = parts.get("first_moment", {}).get(name)
        if first is None:
            continue
        optimiser.state[parameter] = {
            "step": torch.tensor(float(step)),
            "exp_avg": first.to(parameter.device),
            "exp_avg_sq": parts["second_moment"][name].to(parameter.device),
        }
