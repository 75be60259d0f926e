"""Commands about the engine: models list, models import, doctor."""

import argparse

from annotator.cli.output import Output
from annotator.flows import engine_shelf


def list_models(wish: argparse.Namespace, output: Output) -> int:
    """Every backbone and method, and what each lacks."""
    backbones = engine_shelf.backbones()
    output.table(
        ("backbone", "maps (stride: channels)", "pre-training", "state"),
        [(row.name, row.maps, row.pretraining, row.state) for row in backbones],
    )
    methods = engine_shelf.methods()
    output.say("")
    output.table(
        ("method", "cues", "what it does"), [(row.name, row.cues, row.summary) for row in methods]
    )
    output.say(f"\nModels folder: {engine_shelf.models_folder()}")
    output.fact(
        backbones=[engine_shelf.as_json(row) for row in backbones],
        methods=[engine_shelf.as_json(row) for row in methods],
        folder=str(engine_shelf.models_folder()),
    )
    return 0


def import_model(wish: argparse.Namespace, output: Output) -> int:
    """Check a weights file, name its network, and keep it in the models folder."""
    imported = engine_shelf.import_weights(
        wish.file, network=wish.network, preprocess=wish.preprocess
    )
    for line in imported.lines:
        output.say(line)
    output.fact(**imported.facts)
    return 0


def doctor(wish: argparse.Namespace, output: Output) -> int:
    """Versions, device, dtype, memory, models found, what is missing and how to get it."""
    findings = engine_shelf.examine()
    output.table(("what", "found"), findings.rows)
    for advice in findings.advice:
        output.say(f"- {advice}")
    output.fact(found=dict(findings.rows), advice=list(findings.advice))
    return 0
