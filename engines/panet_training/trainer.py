"""The trainer: episodes in, a neck or a network out; goes on where it was stopped, bit for bit."""

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor

from engines.checkpoints import latest_checkpoint, load_checkpoint, save_checkpoint
from engines.device import Device
from engines.errors import Cancelled, EngineError
from engines.panet_training.episodes import EpisodeSize, TrainingEpisode, draw_episode
from engines.panet_training.learner import Learner, ViewReader
from engines.panet_training.objective import Scene, episode_loss
from engines.panet_training.plan import PanetPlan
from engines.panet_training.pool import EpisodePool, ViewSize
from engines.panet_training.scenes import rows_of_episode
from engines.panet_training.sheet import episode_sheet
from engines.reporting import Reporter
from engines.weight_files import write_whole

SAVE_EVERY_S = 30.0
LOG_EVERY = 20  # steps


@dataclass(frozen=True, slots=True)
class StepFigures:
    """Losses, each the mean over the episodes of a step."""

    query: float
    alignment: float


class PanetTrainer:
    """One run in one folder. `run` may be stopped and called again in another process."""

    def __init__(
        self, plan: PanetPlan, pool: EpisodePool, learner: Learner, device: Device, folder: Path
    ) -> None:
        """Goes on with the run in ``folder``; `EngineError` where that is another one."""
        self.plan, self.pool, self.learner = plan, pool, learner
        self._device, self._folder = device, folder
        self._reader = ViewReader(pool, ViewSize(plan.size_px, plan.squashed))
        groups = learner.groups(plan.rate, plan.trunk_rate)
        self._optimiser = torch.optim.SGD(
            groups, lr=plan.rate, momentum=plan.momentum, weight_decay=plan.decay
        )
        self._rates = [float(group["lr"]) for group in self._optimiser.param_groups]
        self._average = self._copied() if plan.smoothing else {}
        self._recent: list[StepFigures] = []  # since the last line of the log
        self.step, self.seconds = 0, 0.0
        self._resume()

    def run(self, reporter: Reporter, *, save_every_s: float = SAVE_EVERY_S) -> None:
        """Train to the end. When cancelled, a checkpoint is written first.

        Any other interruption leaves the checkpoint before: a step is in it whole or not at all.
        """
        started, before = time.perf_counter(), self.seconds
        saved = started
        try:
            while self.step < self.plan.steps:
                figures = self._one_step()
                self.step += 1
                self.seconds = before + time.perf_counter() - started
                self._tell(figures, reporter)
                if time.perf_counter() - saved >= save_every_s:
                    self.save()
                    saved = time.perf_counter()
                reporter.raise_if_cancelled()
        except Cancelled:
            self.save()
            raise
        self.save()

    def save(self) -> None:
        """Write a checkpoint, and the sheet of samples beside it."""
        state = {"plan": asdict(self.plan), "pool": self.pool.fingerprint, "seconds": self.seconds}
        parts = {
            "model": self.learner.module.state_dict(),
            "average": self._average,
            "momentum": self._momentum(),
        }
        save_checkpoint(self._folder, self.step, parts, state)
        episode_sheet(self.learner, self._reader, self.plan, self._folder / "samples.png")

    def finish(self) -> None:
        """Put the smoothed parameters in, where there are any; training does not go on after it."""
        if self._average:
            self.learner.module.load_state_dict(self._average)

    def _one_step(self) -> StepFigures:
        plan = self.plan
        share = plan.rate_share(self.step)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * share
        self._optimiser.zero_grad(set_to_none=True)
        query, alignment = 0.0, 0.0
        for place in range(plan.batch):
            number = self.step * plan.batch + place
            size = EpisodeSize(plan.ways, plan.shots)
            episode = draw_episode(self.pool, size, seed=plan.seed, number=number)
            parts = episode_loss(*self._scenes(episode))
            loss = (parts.query + plan.alignment * parts.alignment) / plan.batch
            if not bool(torch.isfinite(loss)):
                raise EngineError(f"Training went astray at step {self.step}; use a lower rate.")
            if loss.requires_grad:
                loss.backward()  # type: ignore[no-untyped-call]
            query += float(parts.query.detach()) / plan.batch
            alignment += float(parts.alignment.detach()) / plan.batch
        self._optimiser.step()
        self._follow()
        return StepFigures(query, alignment)

    def _scenes(self, episode: TrainingEpisode) -> tuple[list[list[Scene]], Scene]:
        views = episode.views
        features = self.learner.features(self._reader, views)
        scenes = [
            Scene(one, rows_of_episode(self._reader.rows(view), episode.rows))
            for one, view in zip(features, views, strict=True)
        ]
        shots = len(episode.support[0])
        support = [scenes[way * shots : (way + 1) * shots] for way in range(len(episode.rows))]
        return support, scenes[-1]

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self.plan.smoothing, (1 + self.step) / (10 + self.step))
        for name, value in self.learner.module.state_dict().items():
            if name in self._average:
                mine = self._average[name]
                mine.lerp_(value, 1 - keep) if value.is_floating_point() else mine.copy_(value)

    def _tell(self, figures: StepFigures, reporter: Reporter) -> None:
        done = self.step / self.plan.steps
        reporter.progress(done, f"loss {figures.query:.3f} + {figures.alignment:.3f}")
        self._recent.append(figures)
        if self.step % LOG_EVERY and self.step != self.plan.steps:
            return
        recent, self._recent = self._recent, []
        line = {
            "step": self.step,
            "episodes": self.step * self.plan.batch,
            "seconds": round(self.seconds, 1),
            "rate_share": round(self.plan.rate_share(self.step - 1), 5),
            "query": round(fmean(one.query for one in recent), 5),
            "alignment": round(fmean(one.alignment for one in recent), 5),
        }
        with (self._folder / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def _copied(self) -> dict[str, Tensor]:
        return {k: v.detach().clone() for k, v in self.learner.module.state_dict().items()}

    def _momentum(self) -> dict[str, Tensor]:
        """The buffers of the optimiser by the names of their parameters."""
        found = {}
        for name, parameter in self.learner.module.named_parameters():
            buffer = self._optimiser.state.get(parameter, {}).get("momentum_buffer")
            if buffer is not None:
                found[name] = buffer
        return found

    def _resume(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        place = latest_checkpoint(self._folder)
        if place is None:
            return
        parts, state = load_checkpoint(place)
        if state.get("plan") != asdict(self.plan) or state.get("pool") != self.pool.fingerprint:
            raise EngineError(
                f"{self._folder} holds a run with other settings or pictures; name another folder."
            )
        self.learner.module.load_state_dict(parts["model"])
        where = self._device.torch_device
        self._average = {name: one.to(where) for name, one in parts.get("average", {}).items()}
        for name, parameter in self.learner.module.named_parameters():
            if name in parts.get("momentum", {}):
                buffer = parts["momentum"][name].to(where)
                self._optimiser.state[parameter] = {"momentum_buffer": buffer}
        self.step = int(str(state["step"]))
        self._shorten_log()
        self.seconds = float(str(state["seconds"]))

    def _shorten_log(self) -> None:
        """Lines of steps that a kill undid are written again when they are done again."""
        file = self._folder / "log.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        kept = [line for line in lines if _step_of(line) <= self.step]
        if len(kept) < len(lines):
            write_whole(file, "".join(f"{line}\n" for line in kept).encode())


def _step_of(line: str) -> float:
    """Of a line of the log; a torn one counts as not done."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf
