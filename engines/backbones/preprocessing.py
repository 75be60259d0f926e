"""How images are prepared for networks, by the name of the habit they were trained with."""

from collections.abc import Mapping

from engines.backbones.backbone import Preprocessing
from engines.errors import UnknownName

PREPROCESSINGS: Mapping[str, Preprocessing] = {
    "imagenet": Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    "tf": Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), padding="tensorflow"),
    "centred": Preprocessing(mean=(0.5, 0.5, 0.5)),
    "caffe": Preprocessing(order="bgr", scale=255.0, mean=(103.939, 116.779, 123.68)),
    "clip": Preprocessing(
        mean=(0.48145466, 0.4578275, 0.40821073), std=(0.26862954, 0.26130258, 0.27577711)
    ),
    "half": Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
    "plain": Preprocessing(),
}


def preprocessing_named(name: str) -> Preprocessing:
    """A preparation of the table by its name, else `UnknownName`."""
    if name not in PREPROCESSINGS:
        known = ", ".join(PREPROCESSINGS)
        raise UnknownName(f"No preprocessing is called '{name}'. Choose one of {known}.")
    return PREPROCESSINGS[name]


def preprocessing_name(
    mean: tuple[float, float, float], std: tuple[float, float, float]
) -> str | None:
    """The preparation of RGB in [0, 1] with this mean and deviation; None for an unknown one."""
    for name, one in PREPROCESSINGS.items():
        if one == Preprocessing(mean=mean, std=std):
            return name
    return None
