"""The shelf of weights: one safetensors file and one card per network, checked on every load."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engines.errors import MissingWeights, UnusableWeights
from engines.folders import embedded_models, models_folder

if TYPE_CHECKING:  # the window reads cards and never loads torch
    from torch import Tensor

CARD_FORMAT = 1
WEIGHTS_SUFFIX = ".safetensors"
_CARD_LIMIT_BYTES = 256 * 1024  # a card is a few hundred bytes; more is not a card
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OPTIONAL = frozenset({"maps", "origin", "origin_digest", "base", "base_digest"})
_STRIDES, _CHANNELS = range(1, 129), range(1, 65_537)  # what a map may have


@dataclass(frozen=True, slots=True)
class WeightsCard:
    """What stands beside a weights file.

    ``stages`` are the complete stages, finest first; ``digest`` the sha256 of the weights file;
    ``source`` the name of the file it was imported from; ``date`` ISO 8601. ``maps`` are (name,
    stride, channels) of each stage where the architecture is a network of another library, which
    no table here knows. ``origin`` is the address of a file that was fetched, ``origin_digest``
    its sha256.
    """

    name: str
    architecture: str
    stages: tuple[str, ...]
    preprocessing: str
    pretraining: str
    digest: str
    source: str
    dtype: str
    date: str
    licence: str = ""
    maps: tuple[tuple[str, int, int], ...] = ()
    origin: str = ""
    origin_digest: str = ""
    base: str = ""  # of a neck: the backbone it was trained on
    base_digest: str = ""


def list_weights(models_dir: Path | None = None) -> tuple[WeightsCard, ...]:
    """All weights on this machine by name: imported ones first, then embedded ones.

    Cards that cannot be read are left out; `shelf_problems` tells them.
    """
    found: dict[str, WeightsCard] = {}
    for folder in _folders(models_dir):
        for place in sorted(folder.glob("*.json")):
            if _NAME.fullmatch(place.stem) and place.stem not in found:
                try:
                    found[place.stem] = _read_card(place)
                except UnusableWeights:
                    continue
    return tuple(found[name] for name in sorted(found))


def shelf_problems(models_dir: Path | None = None) -> tuple[str, ...]:
    """One sentence per card that cannot be read, for whoever looks after the machine."""
    problems = []
    for folder in _folders(models_dir):
        for place in sorted(folder.glob("*.json")):
            try:
                _read_card(place)
            except UnusableWeights as error:
                problems.append(str(error))
    return tuple(problems)


def find_weights(name: str, models_dir: Path | None = None) -> WeightsCard:
    """The card of that name, or `MissingWeights` telling how to get one."""
    return _read_card(_card_place(name, models_dir))


def weights_bytes(card: WeightsCard, models_dir: Path | None = None) -> int | None:
    """How large the file of weights is; None where it is gone."""
    try:
        return _weights_place(card, models_dir).stat().st_size
    except (OSError, MissingWeights):
        return None


def load_weights(card: WeightsCard, models_dir: Path | None = None) -> "dict[str, Tensor]":
    """The tensors that belong to a card, in their stored dtype.

    Raises `MissingWeights` where the file is gone, `UnusableWeights` where it is another one.
    """
    from engines.weight_files import read_verified

    file = _weights_place(card, models_dir)
    if not file.is_file():
        raise MissingWeights(f"The weights {file} are gone, only their card is left; {_advice()}")
    return read_verified(file, sha256=card.digest)


def store_weights(
    tensors: "Mapping[str, Tensor]", card: WeightsCard, models_dir: Path | None = None
) -> WeightsCard:
    """Put tensors and card on the shelf and return the card with the digest of the file.

    Weights go first: a kill in between leaves a digest that does not match, never a wrong network.
    Raises `UnusableWeights` for a name that is no plain file name or a folder that refuses.
    """
    from engines.weight_files import pack, write_whole

    check_name(card.name)
    folder = models_dir or models_folder()
    content = pack(tensors)
    card = replace(card, digest=hashlib.sha256(content).hexdigest())
    try:
        write_whole(folder / (card.name + WEIGHTS_SUFFIX), content)
        write_whole(folder / f"{card.name}.json", _card_text(card))
    except OSError as error:
        raise UnusableWeights(f"The weights cannot be kept in {folder}: {error}.") from error
    return _as_card(_facts(card), card.name)


def store_card(card: WeightsCard, models_dir: Path | None = None) -> WeightsCard:
    """Write the card of weights that are on the shelf already anew, and return it as it is read."""
    from engines.weight_files import write_whole

    check_name(card.name)
    folder = models_dir or models_folder()
    try:
        write_whole(folder / f"{card.name}.json", _card_text(card))
    except OSError as error:
        raise UnusableWeights(f"The card cannot be kept in {folder}: {error}.") from error
    return _as_card(_facts(card), card.name)


def check_name(name: str) -> None:
    """Raise `UnusableWeights` unless ``name`` is a plain file stem that stays in its folder."""
    if not _NAME.fullmatch(name):
        raise UnusableWeights(
            f"'{name}' cannot name weights: use at most 64 letters, digits, '_', '-' and '.', "
            "beginning with a letter or digit; rename the file."
        )


def _facts(card: WeightsCard) -> dict[str, object]:
    """What a card says; what it leaves open is not written, so that older versions read it."""
    return {name: value for name, value in asdict(card).items() if value or name not in _OPTIONAL}


def _card_text(card: WeightsCard) -> bytes:
    return (json.dumps({"format": CARD_FORMAT} | _facts(card), indent=1) + "\n").encode()


def _advice() -> str:
    return "get the file from its publisher and run `annotator models import FILE`."


def _folders(models_dir: Path | None) -> list[Path]:
    embedded = embedded_models()
    return [models_dir or models_folder(), *([embedded] if embedded else [])]


def _card_place(name: str, models_dir: Path | None) -> Path:
    if _NAME.fullmatch(name):
        for folder in _folders(models_dir):
            place = folder / f"{name}.json"
            if place.is_file():
                return place
    raise MissingWeights(f"No weights called '{name}' are on this machine; {_advice()}")


def _weights_place(card: WeightsCard, models_dir: Path | None) -> Path:
    return _card_place(card.name, models_dir).with_name(card.name + WEIGHTS_SUFFIX)


def _read_card(place: Path) -> WeightsCard:
    try:
        if place.stat().st_size > _CARD_LIMIT_BYTES:
            raise UnusableWeights(
                f"{place.name} is too large for a card; import the weights again."
            )
        facts = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnusableWeights(
            f"The card {place.name} cannot be read ({type(error).__name__}); "
            "import the weights again."
        ) from error
    if not isinstance(facts, dict) or facts.pop("format", None) != CARD_FORMAT:
        raise UnusableWeights(
            f"{place.name} is not a card of weights this version writes; import the weights again."
        )
    return _as_card(facts, place.stem)


def _as_card(facts: Mapping[str, object], stem: str) -> WeightsCard:
    """A card out of decoded JSON, every field checked; ``stem`` is the file it stands in."""
    texts = {key: value for key, value in facts.items() if isinstance(value, str)}
    maps = _as_maps(facts.get("maps", ()), stem)
    stages = facts.get("stages")
    if not isinstance(stages, list | tuple) or not all(isinstance(one, str) for one in stages):
        raise UnusableWeights(f"The card {stem}.json lists no stages; import the weights again.")
    try:
        card = WeightsCard(stages=tuple(stages), maps=maps, **texts)
    except TypeError as error:
        raise UnusableWeights(
            f"The card {stem}.json lacks a field or has a foreign one; import the weights again."
        ) from error
    if card.name != stem or not _SHA256.fullmatch(card.digest):
        raise UnusableWeights(
            f"The card {stem}.json names other weights or no digest; import the weights again."
        )
    return card


def _as_maps(rows: object, stem: str) -> tuple[tuple[str, int, int], ...]:
    """(name, stride, channels) of each map out of decoded JSON."""
    if not isinstance(rows, list | tuple):
        raise UnusableWeights(f"The card {stem}.json lists maps badly; import the weights again.")
    maps = []
    for row in rows:
        match row:
            case [str(name), int(stride), int(channels)] if (
                stride in _STRIDES and channels in _CHANNELS
            ):
                maps.append((name, stride, channels))
            case _:
                raise UnusableWeights(
                    f"The card {stem}.json lists a map that cannot be; import the weights again."
                )
    return tuple(maps)
