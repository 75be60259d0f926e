"""Edits as blobs and back, for the journal."""

from collections.abc import Callable

from annotator.document.classes import ClassId
from annotator.document.codec import DamagedPayload, Header, seal, unseal, whole_number, words
from annotator.document.cue_codec import pack_cue, pack_mask, unpack_cue, unpack_mask
from annotator.document.edits import (
    AddClass,
    AddCue,
    AddImages,
    ChangeClass,
    ChangeImage,
    DropClass,
    Edit,
    LabelPatch,
    PixelValues,
    RemoveCue,
    RemoveImages,
    ReorderClasses,
    ReplaceCue,
    SetSetting,
)
from annotator.document.images import ImageId
from annotator.document.table_codec import class_of, class_row, pack_entries, unpack_entries

Parts = list[bytes]


def pack_edit(edit: Edit) -> bytes:
    """An edit as one sealed blob."""
    header, parts = _record(edit)
    return seal({"kind": type(edit).__name__} | header, parts)


def unpack_edit(blob: bytes) -> Edit:
    """The edit in a blob; `DamagedPayload` for anything that is no sound edit."""
    header, parts = unseal(blob)
    make = _MAKERS.get(words(header, "kind"))
    if make is None:
        raise DamagedPayload("unknown kind of edit")
    try:
        return make(header, parts)
    except (KeyError, IndexError, TypeError, ValueError) as cause:
        raise DamagedPayload("edit unsound") from cause


def _record(edit: Edit) -> tuple[Header, Parts]:
    match edit:
        case AddImages(entries) | RemoveImages(entries):
            header, part = pack_entries(entries)
            return header, [part]
        case ChangeImage(before, after):
            header, part = pack_entries((before, after))
            return header, [part]
        case AddClass(row) | DropClass(row):
            return {"row": class_row(row)}, []
        case ChangeClass(old, new):
            return {"before": class_row(old), "after": class_row(new)}, []
        case ReorderClasses(first, then):
            return {"before": list(map(int, first)), "after": list(map(int, then))}, []
        case AddCue(image_id, cue) | RemoveCue(image_id, cue):
            return {"image": _home(image_id)}, [pack_cue(cue)]
        case ReplaceCue(image_id, was, becomes):
            return {"image": _home(image_id)}, [pack_cue(was), pack_cue(becomes)]
        case LabelPatch():
            return _label_patch_record(edit)
        case SetSetting(key, text, new_text):
            return {"key": key, "before": text, "after": new_text}, []


def _home(image_id: ImageId | None) -> int | None:
    return None if image_id is None else int(image_id)


def _label_patch_record(edit: LabelPatch) -> tuple[Header, Parts]:
    header, bits = pack_mask(edit.mask)
    header |= {"image": int(edit.image_id), "count": edit.after.count}
    before, after = edit.before, edit.after
    return header, [bits, before.classes, before.provenance, after.classes, after.provenance]


def _image_id(header: Header) -> ImageId | None:
    return None if header["image"] is None else ImageId(whole_number(header, "image"))


def _class_ids(ids: list[int]) -> tuple[ClassId, ...]:
    if any(type(class_id) is not int for class_id in ids):
        raise DamagedPayload("order of classes broken")
    return tuple(map(ClassId, ids))


def _text_or_none(header: Header, key: str) -> str | None:
    return None if header[key] is None else words(header, key)


def _change_image(header: Header, parts: Parts) -> Edit:
    before, after = unpack_entries(header, parts[0])
    return ChangeImage(before, after)


def _replace_cue(header: Header, parts: Parts) -> Edit:
    return ReplaceCue(_image_id(header), unpack_cue(parts[0]), unpack_cue(parts[1]))


def _make_label_patch(header: Header, parts: Parts) -> Edit:
    bits, old_classes, old_provenance, classes, provenance = parts
    count = whole_number(header, "count")
    before = PixelValues(count, old_classes, old_provenance)
    after = PixelValues(count, classes, provenance)
    image_id = ImageId(whole_number(header, "image"))
    return LabelPatch(image_id, unpack_mask(header, bits), before, after)


def _set_setting(header: Header, parts: Parts) -> Edit:
    before, after = _text_or_none(header, "before"), _text_or_none(header, "after")
    return SetSetting(words(header, "key"), before, after)


_MAKERS: dict[str, Callable[[Header, Parts], Edit]] = {
    "AddImages": lambda header, parts: AddImages(unpack_entries(header, parts[0])),
    "RemoveImages": lambda header, parts: RemoveImages(unpack_entries(header, parts[0])),
    "ChangeImage": _change_image,
    "AddClass": lambda header, parts: AddClass(class_of(header["row"])),
    "DropClass": lambda header, parts: DropClass(class_of(header["row"])),
    "ChangeClass": lambda header, parts: ChangeClass(
        class_of(header["before"]), class_of(header["after"])
    ),
    "ReorderClasses": lambda header, parts: ReorderClasses(
        _class_ids(header["before"]), _class_ids(header["after"])
    ),
    "AddCue": lambda header, parts: AddCue(_image_id(header), unpack_cue(parts[0])),
    "RemoveCue": lambda header, parts: RemoveCue(_image_id(header), unpack_cue(parts[0])),
    "ReplaceCue": _replace_cue,
    "LabelPatch": _make_label_patch,
    "SetSetting": _set_setting,
}
