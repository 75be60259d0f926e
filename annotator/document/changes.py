"""Changes: what a gesture touched, so that everybody who shows it knows what to look at again."""

from dataclasses import dataclass

from annotator.document.images import ImageId


@dataclass(frozen=True, slots=True)
class Changes:
    """``images``: their entry, cues or labels changed; the flags speak for the whole project."""

    images: frozenset[ImageId] = frozenset()
    classes: bool = False
    image_list: bool = False
    prompts: bool = False
    settings: bool = False

    def __or__(self, other: "Changes") -> "Changes":
        """Both together."""
        return Changes(
            self.images if other.images <= self.images else self.images | other.images,
            self.classes or other.classes,
            self.image_list or other.image_list,
            self.prompts or other.prompts,
            self.settings or other.settings,
        )

    def __bool__(self) -> bool:
        return self != Changes()
