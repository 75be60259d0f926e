"""Writing a trained student down: half-precision weights and their card, as every network has."""

from datetime import UTC, datetime
from pathlib import Path

import torch

from engines.backbones.architectures import architecture, tensor_shapes
from engines.distillation.trainer import Trainer
from engines.weights import WeightsCard, store_weights


def put_on_shelf(
    trainer: Trainer, design: str, name: str, folder: Path, *, data: str
) -> WeightsCard:
    """Store the smoothed student as float16 under ``name``; the card that was written."""
    plan = architecture(design)
    names = {}
    for number, stage in enumerate(plan.stages):
        for place, module in enumerate(stage.modules):
            names[f"parts.{number}.{place}."] = f"{module}."
    wanted = tensor_shapes(design)
    tensors = {}
    for key, value in trainer.average.items():
        prefix = next(one for one in names if key.startswith(one))
        own = names[prefix] + key.removeprefix(prefix)
        if own in wanted:
            tensors[own] = value.to(torch.float16).cpu()
    card = WeightsCard(
        name=name,
        architecture=design,
        stages=tuple(stage.spec.name for stage in plan.stages),
        preprocessing=plan.preprocessing,
        pretraining=f"distilled without labels, {trainer.step} steps; {data}".rstrip("; "),
        digest="",
        source="engines.distillation",
        dtype="float16",
        date=datetime.now(UTC).date().isoformat(),
        licence="research and other non-commercial use: trained on images under such terms",
    )
    return store_weights(tensors, card, folder)
