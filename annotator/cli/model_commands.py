"""Commands about the engine: models list, models import, models fetch, doctor."""

import argparse
import sys

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
        ("method", "learns from", "what it does"),
        [(row.name, row.needs, row.summary.split(". ")[0].rstrip(".") + ".") for row in methods],
    )
    output.say(f"\nModels folder: {engine_shelf.models_folder()}")
    output.say("Missing weights: `annotator models fetch` lists those that can be fetched.")
    output.fact(
        backbones=[engine_shelf.as_json(row) for row in backbones],
        methods=[engine_shelf.as_json(row) for row in methods],
        folder=str(engine_shelf.models_folder()),
    )
    return 0


def import_model(wish: argparse.Namespace, output: Output) -> int:
    """Check a weights file, name its network, and keep it in the models folder."""
    imported = engine_shelf.import_weights(
        wish.file, network=wish.network, preprocess=wish.preprocess, name=wish.name
    )
    _say(imported, output)
    return 0


def fetch_model(wish: argparse.Namespace, output: Output) -> int:
    """Bring published weights after their licence was accepted; without a name, list them."""
    if wish.name is None:
        return _list_fetchable(output)
    row = engine_shelf.fetch_row(wish.name)
    output.say(f"{row.title}, about {row.about_mb:,.0f} MB, from {row.url}")
    output.say(f"Licence: {row.licence}.")
    agreed = wish.yes or _agrees(output)
    with output.reporter(f"Fetching {row.name}") as reporter:
        fetched = engine_shelf.fetch(row.name, reporter, agreed=agreed)
    _say(fetched, output)
    return 0


def _list_fetchable(output: Output) -> int:
    rows = engine_shelf.fetchable()
    output.table(
        ("name", "what", "MB", "licence"),
        [(row.name, row.title, round(row.about_mb), row.licence) for row in rows],
    )
    output.fact(fetchable=[engine_shelf.as_json(row) for row in rows])
    return 0


def _agrees(output: Output) -> bool:
    """Whether a person at a terminal says yes; a machine says --yes."""
    if output.as_json or not sys.stdin.isatty():
        return False
    output.say("Fetch it under these terms? Type yes or no:")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(imported: engine_shelf.ImportedModel, output: Output) -> None:
    for line in imported.lines:
        output.say(line)
    output.fact(**imported.facts)


def doctor(wish: argparse.Namespace, output: Output) -> int:
    """Versions, device, dtype, memory, models found, what is missing and how to get it."""
    findings = engine_shelf.examine()
    output.table(("what", "found"), findings.rows)
    for advice in findings.advice:
        output.say(f"- {advice}")
    output.fact(found=dict(findings.rows), advice=list(findings.advice))
    return 0
