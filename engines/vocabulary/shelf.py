"""Finding and keeping closed vocabularies: a card names its backbone by the digest of weights."""

from datetime import UTC, datetime
from pathlib import Path

from engines.backbones.backbone import BackboneCard
from engines.errors import UnusableWeights
from engines.vocabulary.model import Vocabulary, as_tensors, from_tensors
from engines.vocabulary.projection import input_channels
from engines.weights import WeightsCard, list_weights, load_weights, store_weights

ARCHITECTURE = "text_vocabulary"
STAGE = "words"
TERMS = "research and other non-commercial use: trained on images and labels under such terms"


def vocabulary_card(backbone: BackboneCard, models_dir: Path | None = None) -> WeightsCard | None:
    """The card of a vocabulary for these very weights; None where there is none."""
    digest = backbone.weights_digest
    for one in list_weights(models_dir):
        fits = one.base_digest == digest if digest else one.base == backbone.name
        if one.architecture == ARCHITECTURE and fits:
            return one
    return None


def open_vocabulary(
    card: WeightsCard, backbone: BackboneCard, models_dir: Path | None = None
) -> Vocabulary:
    """Read and check it; `UnusableWeights` where it does not fit the maps of the backbone."""
    vocabulary = from_tensors(load_weights(card, models_dir), source=card.name)
    if vocabulary.projection.first.in_features != input_channels(backbone.maps):
        raise UnusableWeights(
            f"The vocabulary '{card.name}' does not fit the maps of '{backbone.name}'; train it "
            "again with `annotator train vocabulary`."
        )
    return vocabulary


def store_vocabulary(
    vocabulary: Vocabulary,
    backbone: BackboneCard,
    models_dir: Path | None,
    *,
    name: str,
    origin: str,
    source: str,
) -> WeightsCard:
    """Put it on the shelf as ``name``; ``origin`` says what it learned, ``source`` the command."""
    card = WeightsCard(
        name=name,
        architecture=ARCHITECTURE,
        stages=(STAGE,),
        preprocessing="as its base",
        pretraining=origin,
        digest="",
        source=source,
        dtype="float16 and int8",
        date=datetime.now(UTC).date().isoformat(),
        licence=TERMS,
        maps=((STAGE, 8, int(vocabulary.vectors.shape[1])),),
        base=backbone.name,
        base_digest=backbone.weights_digest or "",
    )
    return store_weights(as_tensors(vocabulary), card, models_dir)
