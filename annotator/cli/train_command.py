"""The train commands: `annotator train panet` and `vocabulary`, their options, what they say."""

import argparse
from pathlib import Path

from annotator.cli.output import Output, count
from annotator.flows import training_flow, vocabulary_flow

SUMMARY = (
    "Train PANet on episodes of labelled pictures: a neck on a frozen backbone, or a network as a "
    "whole. The result is a backbone that the method 'panet' works on. Run the same command again "
    "to go on with a run that was stopped."
)

VOCABULARY_SUMMARY = (
    "Train the closed vocabulary of a backbone: words that can be looked for without a text "
    "network. It learns from labelled pictures whose classes have names and from vectors of names. "
    "Run the same command again to go on with a run that was stopped."
)


def add_panet_options(verb: argparse.ArgumentParser) -> None:
    """The options of `annotator train panet`."""
    add = verb.add_argument
    add("--data", type=Path, required=True, metavar="DIR",
        help="folder with coco_mini and coco_mval, or with images and masks")  # fmt: skip
    add("--backbone", default="resnet18_layer3", metavar="B",
        help="what to train on; vgg16_panet is trained whole, as published")  # fmt: skip
    add("--out", type=Path, required=True, metavar="DIR", help="checkpoints, log and samples")
    add("--name", metavar="NAME", help="of the result (default: panet_B or panet_B_foldF)")
    add("--fold", type=_fold, metavar="F", help="classes held out, 0 to 3 (default: none)")
    add("--episodes", type=_count, metavar="N", help="in all (default: 1,600; vgg16_panet 30,000)")
    add("--batch", type=_count, metavar="N", help="episodes per step")
    add("--ways", type=_count, metavar="N", help="classes per episode (default: 2; vgg16_panet 1)")
    add("--shots", type=_count, metavar="K", help="supports per class (default: 1)")
    add("--size", type=_count, metavar="PX", help="working size of the long side")
    add("--width", type=_whole, metavar="C", help="channels of the neck; 0 for none")
    add("--rate", type=_rate, metavar="R", help="learning rate of the neck")
    add("--network-rate", type=_rate, metavar="R", help="of the network; 0 leaves it as it is")
    add("--average", type=_share, metavar="A", help="moving mean of what is trained, such as 0.99")
    add("--seed", type=_whole, metavar="N", help="of every random draw (default: 1234)")
    add("--device", metavar="D", help="cpu, cuda or mps (default: measured)")


def train_panet(wish: argparse.Namespace, output: Output) -> int:
    """Train, put the result on the shelf, say how to use it."""
    asked = training_flow.PanetWish(
        data=wish.data, out=wish.out, backbone=wish.backbone, name=wish.name, fold=wish.fold,
        episodes=wish.episodes, batch=wish.batch, ways=wish.ways, shots=wish.shots,
        size_px=wish.size, width=wish.width, rate=wish.rate, network_rate=wish.network_rate,
        averaging=wish.average, seed=wish.seed, device=wish.device,
    )  # fmt: skip
    with output.reporter("Training") as reporter:
        trained = training_flow.train_panet(asked, reporter)
    name = trained.names[-1]
    output.say(f"Trained on {trained.pool}: {count(trained.episodes, 'episode')} "
               f"in {trained.seconds / 60:.1f} min.")  # fmt: skip
    output.say(f"It is the backbone '{name}'; use it with --method panet --backbone {name}.")
    output.say(f"Log: {trained.log}; samples: {trained.samples}")
    output.fact(
        names=list(trained.names), pretraining=trained.pretraining, episodes=trained.episodes,
        seconds=round(trained.seconds, 1), pool=trained.pool, log=str(trained.log),
        samples=str(trained.samples),
    )  # fmt: skip
    return 0


def add_vocabulary_options(verb: argparse.ArgumentParser) -> None:
    """The options of `annotator train vocabulary`."""
    add = verb.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="folder of the labelled sets")
    add("--models", type=Path, required=True, metavar="DIR",
        help="folder with clip_rn50_text.safetensors and its names")  # fmt: skip
    add("--backbone", default="embedded", metavar="B", help="whose features are read (frozen)")
    add("--out", type=Path, required=True, metavar="DIR", help="checkpoints, log and samples")
    add("--name", default="text_vocabulary", metavar="NAME", help="of the result")
    add("--hold-out", type=_count, metavar="N",
        help="keep every N-th name of COCO out, to measure unseen words (default: 0)")  # fmt: skip
    add("--steps", type=_count, metavar="N", help="in all")
    add("--batch", type=_count, metavar="N", help="cells per step")
    add("--rate", type=_rate, metavar="R", help="learning rate")
    add("--seed", type=_count, metavar="N", help="of every random draw (default: 1234)")
    add("--device", metavar="D", help="cpu, cuda or mps (default: measured)")


def train_vocabulary(wish: argparse.Namespace, output: Output) -> int:
    """Train, put the vocabulary on the shelf, say how to use it."""
    asked = vocabulary_flow.VocabularyWish(
        data=wish.data, texts=wish.models, out=wish.out, backbone=wish.backbone, name=wish.name,
        hold_out=wish.hold_out or 0, steps=wish.steps, batch=wish.batch, rate=wish.rate,
        seed=wish.seed, device=wish.device,
    )  # fmt: skip
    with output.reporter("Training") as reporter:
        trained = vocabulary_flow.train_vocabulary(asked, reporter)
    output.say(f"{count(trained.words, 'word')} after {count(trained.steps, 'step')} "
               f"in {trained.seconds / 60:.1f} min: {trained.pretraining}.")  # fmt: skip
    output.say(f"Use it with --method text --backbone {wish.backbone}.")
    output.say(f"Log: {trained.log}; samples: {trained.samples}")
    output.fact(
        name=trained.name, words=trained.words, steps=trained.steps,
        seconds=round(trained.seconds, 1), held_out=list(trained.held_out),
        threshold=trained.threshold, pretraining=trained.pretraining, log=str(trained.log),
        samples=str(trained.samples),
    )  # fmt: skip
    return 0


def _fold(text: str) -> int:
    if text not in ("0", "1", "2", "3"):
        raise argparse.ArgumentTypeError(f"'{text}' is no fold; folds are 0, 1, 2 and 3")
    return int(text)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of 0 or more")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number above 0")
    return int(text)


def _rate(text: str) -> float:
    return _between(text, 100.0)


def _share(text: str) -> float:
    return _between(text, 1.0)


def _between(text: str, limit: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < limit:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 0 to below {limit:g}")
    return value
