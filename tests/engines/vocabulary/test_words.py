"""Promises of the list of words: what people type finds the name, or what is near, or nothing."""

import pytest

from engines.vocabulary.words import WordList, spoken, unknown_sentence

WORDS = WordList(
    ("car", "car_(automobile)", "race_car", "tvmonitor", "person:hair", "dog:nose", "cat:nose",
     "knife", "giraffe", "glass_(drink_container)", "battery", "fire_truck", "wine bottle")
)  # fmt: skip


def found(word: str) -> tuple[list[str], bool]:
    answer = WORDS.find(word)
    return [WORDS.names[place] for place in answer.places], answer.exact


def test_a_name_is_spoken_without_brackets_bars_and_capitals() -> None:
    assert spoken("Car_(automobile)") == "car"
    assert spoken("person:hair") == "person hair"
    assert spoken(" T-shirt ") == "t shirt"


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("car", ["car", "car_(automobile)"]),
        ("Cars", ["car", "car_(automobile)"]),
        ("TV monitor", ["tvmonitor"]),
        ("firetruck", ["fire_truck"]),
        ("knives", []),
        ("batteries", ["battery"]),
        ("person hair", ["person:hair"]),
        ("hair", ["person:hair"]),
        ("noses", ["dog:nose", "cat:nose"]),
    ],
)
def test_known_words_are_found_in_other_spellings_and_as_plurals(
    word: str, names: list[str]
) -> None:
    got, exact = found(word)
    if names:
        assert (got, exact) == (names, True)
    else:
        assert not exact  # an irregular plural is only near


def test_an_unknown_word_is_read_by_its_last_word() -> None:
    assert found("old red car") == (["car", "car_(automobile)"], False)


def test_a_typing_error_finds_the_nearest() -> None:
    assert found("girafe") == (["giraffe"], False)
    assert found("milk bottle")[0] == ["wine bottle"]


@pytest.mark.parametrize("word", ["xyzzy", "grass", "value 7", "", "class 1"])
def test_what_is_near_to_nothing_finds_nothing(word: str) -> None:
    assert found(word) == ([], False)


def test_a_very_long_word_is_not_compared_forever() -> None:
    assert found("a" * 100_000) == ([], False)


def test_the_sentence_names_what_is_read_and_how_to_get_every_word() -> None:
    text = unknown_sentence("red car", ("car", "race_car"), 1800)
    assert "'car', 'race car'" in text
    assert "1,800" in text
    assert "annotator models fetch" in text
    assert "none is near" in unknown_sentence("xyzzy", (), 1800)
