"""The trainer: cells and words in, a vocabulary out; goes on where it was stopped, bit for bit."""

import json
import math
import time
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.checkpoints import latest_checkpoint, load_checkpoint, save_checkpoint
from engines.errors import Cancelled, EngineError
from engines.reporting import Reporter
from engines.vocabulary.model import Vocabulary
from engines.vocabulary.words import WordList
from engines.vocabulary_training.cells import Cells
from engines.vocabulary_training.objective import WordLearner, word_loss
from engines.vocabulary_training.plan import VocabularyPlan
from engines.vocabulary_training.teaching import Teaching
from engines.weight_files import write_whole

SAVE_EVERY_S = 30.0
LOG_EVERY = 50  # steps
RARE_POWER = 0.5  # a class is drawn with its number of cells to this power
LEAST_SPREAD = 1e-3
_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a run learns from; ``fingerprint`` is equal for equal pictures, words and features."""

    cells: Cells
    teaching: Teaching
    fingerprint: str


class VocabularyTrainer:
    """One run in one folder. `run` may be stopped and called again in another process."""

    def __init__(self, plan: VocabularyPlan, lesson: Lesson, folder: Path) -> None:
        """Goes on with the run in ``folder``; `EngineError` where that is another one."""
        self.plan, self.lesson, self._folder = plan, lesson, folder
        cells = lesson.cells
        if not len(cells.classes):
            raise EngineError("The labelled pictures show no class with a name; check the folder.")
        self.learner = WordLearner(
            lesson.teaching, int(cells.inputs.shape[1]), hidden=plan.hidden,
            backgrounds=plan.backgrounds, seed=plan.seed,
        )  # fmt: skip
        self._standardise(cells.inputs)
        self._optimiser = torch.optim.AdamW(
            self.learner.parameters(), lr=plan.rate, weight_decay=plan.decay
        )
        self._average = {k: v.detach().clone() for k, v in self.learner.state_dict().items()}
        self._positive = torch.nonzero(lesson.teaching.own.any(dim=0)).flatten()
        self._weights = _rare_first(cells.classes)
        self._recent: list[float] = []
        self.step, self.seconds = 0, 0.0
        self._resume()

    def run(self, reporter: Reporter, *, save_every_s: float = SAVE_EVERY_S) -> None:
        """Train to the end. When cancelled, a checkpoint is written first."""
        started, before = time.perf_counter(), self.seconds
        saved = started
        try:
            while self.step < self.plan.steps:
                loss = self._one_step()
                self.step += 1
                self.seconds = before + time.perf_counter() - started
                self._tell(loss, reporter)
                if time.perf_counter() - saved >= save_every_s:
                    self.save()
                    saved = time.perf_counter()
                reporter.raise_if_cancelled()
        except Cancelled:
            self.save()
            raise
        self.save()

    def save(self) -> None:
        """Write a checkpoint."""
        parts = {"model": self.learner.state_dict(), "average": self._average}
        parts |= {moment: self._moments(moment) for moment in _MOMENTS}
        save_checkpoint(
            self._folder, self.step, parts, self._identity() | {"seconds": self.seconds}
        )

    @torch.no_grad()
    def vocabulary(self, threshold: float = 0.0) -> Vocabulary:
        """What was learned, the smoothed parameters; the run may go on after it."""
        now = {k: v.detach().clone() for k, v in self.learner.state_dict().items()}
        self.learner.load_state_dict(self._average)
        learner, teaching = self.learner, self.lesson.teaching
        found = Vocabulary(
            words=WordList(teaching.names),
            vectors=learner.vectors().clone(),
            taught=teaching.taught,
            background=F.normalize(learner.background, dim=1),
            projection=deepcopy(learner.projection).eval().requires_grad_(False),
            scale=float(learner.scale.detach()),
            threshold=threshold,
            offsets=torch.zeros(len(teaching.names)),
        )
        self.learner.load_state_dict(now)
        return found

    def _one_step(self) -> float:
        plan, cells, teaching = self.plan, self.lesson.cells, self.lesson.teaching
        draw = torch.Generator().manual_seed(plan.seed * 1_000_003 + self.step)
        picked = torch.multinomial(self._weights, plan.batch, replacement=True, generator=draw)
        kept = torch.rand(plan.batch, plan.hidden, generator=draw) >= plan.forget
        columns = torch.cat([self._positive, _some(teaching.strangers, plan.negatives, draw)])
        for group in self._optimiser.param_groups:
            group["lr"] = plan.rate * plan.rate_share(self.step)
        self._optimiser.zero_grad(set_to_none=True)
        scaled = kept / (1 - plan.forget)
        logits = self.learner.logits(cells.inputs[picked].float(), columns, scaled)
        loss = word_loss(logits, cells.classes[picked], teaching, columns)
        if not bool(torch.isfinite(loss)):
            raise EngineError(f"Training went astray at step {self.step}; use a lower rate.")
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self._follow()
        return float(loss.detach())

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self.plan.smoothing, (1 + self.step) / (10 + self.step))
        for name, value in self.learner.state_dict().items():
            self._average[name].lerp_(value, 1 - keep)

    def _standardise(self, inputs: Tensor) -> None:
        sample = inputs[:: max(1, len(inputs) // 20_000)].float()
        self.learner.projection.mean.copy_(sample.mean(dim=0))
        self.learner.projection.spread.copy_(sample.std(dim=0).clamp_min(LEAST_SPREAD))

    def _tell(self, loss: float, reporter: Reporter) -> None:
        reporter.progress(self.step / self.plan.steps, f"loss {loss:.3f}")
        self._recent.append(loss)
        if self.step % LOG_EVERY and self.step != self.plan.steps:
            return
        recent, self._recent = self._recent, []
        line = {
            "step": self.step,
            "seconds": round(self.seconds, 1),
            "loss": round(fmean(recent), 5),
            "scale": round(float(self.learner.scale.detach()), 3),
        }
        with (self._folder / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def _moments(self, moment: str) -> dict[str, Tensor]:
        state = self._optimiser.state
        named = self.learner.named_parameters()
        return {name: state[one][moment] for name, one in named if moment in state.get(one, {})}

    def _identity(self) -> dict[str, object]:
        return {"plan": asdict(self.plan), "lesson": self.lesson.fingerprint}

    def _resume(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        place = latest_checkpoint(self._folder)
        if place is None:
            return
        parts, state = load_checkpoint(place)
        if any(state.get(key) != value for key, value in self._identity().items()):
            raise EngineError(
                f"{self._folder} holds a run with other settings, pictures or weights; name "
                "another folder."
            )
        self.learner.load_state_dict(parts["model"])
        self._average = parts["average"]
        self.step, self.seconds = int(str(state["step"])), float(str(state["seconds"]))
        for name, parameter in self.learner.named_parameters():
            moments = {one: parts[one][name] for one in _MOMENTS if name in parts.get(one, {})}
            if moments:
                self._optimiser.state[parameter] = {
                    "step": torch.tensor(float(self.step)), **moments,
                }  # fmt: skip
        self._shorten_log()

    def _shorten_log(self) -> None:
        """Lines of steps that a kill undid are written again when they are done again."""
        file = self._folder / "log.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        kept = [line for line in lines if _step_of(line) <= self.step]
        if len(kept) < len(lines):
            write_whole(file, "".join(f"{line}\n" for line in kept).encode())


def _rare_first(classes: Tensor) -> Tensor:
    """(n,) float64 weights to draw cells by."""
    counts = torch.bincount(classes).double()
    return counts.clamp_min(1.0)[classes] ** (RARE_POWER - 1)


def _some(flags: Tensor, count: int, draw: torch.Generator) -> Tensor:
    """Places of at most ``count`` of the flags that are up."""
    places = torch.nonzero(flags).flatten()
    return places[torch.randperm(len(places), generator=draw)[:count]]


def _step_of(line: str) -> float:
    """Of a line of the log; a torn one counts as not done."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf
