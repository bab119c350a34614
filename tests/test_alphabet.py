"""Latvian order, compared with the real database's, and search without diacritics."""

import random

import pymongo

from stratplan.alphabet import fold, sort_key

WORDS = (
    "āboli abols Ābols 2.4 2.4.1 2.10 SM2 SM10 Cēsis cirks čakls čiekurs Daugavpils ēna elle Gaiziņš ģimene "
    "Hanza ieva īve ikdiena yacht jūra Kandava Ķekava kuģis Lielvārde ļaudis liepa maize Ņina Nereta nauda "
    "ogas ozols ōla Rīga ŗēns rudzi saule šalle sala Talsi ūdens upe Užava Ventspils vējš Ūzulēni whisky xenon "
    "zāle žagari zeme Žīguri ZEME Zeme 007 7a 10 §2 (a) – „pēdiņas” a-b ab a\u00a0b"
)


def test_latvian_letters_stand_in_their_own_places() -> None:
    assert sorted(["žagari", "zeme", "šalle", "sala", "taka", "Ķekava", "kuģis", "laiva"], key=sort_key) == [
        "kuģis", "Ķekava", "laiva", "sala", "šalle", "taka", "zeme", "žagari",
    ]  # fmt: skip


def test_marks_then_case_decide_only_between_equal_letters_and_numbers_go_by_value() -> None:
    assert sorted(["Āb", "āa", "ab", "Ab", "āb"], key=sort_key) == ["āa", "ab", "Ab", "āb", "Āb"]
    assert sorted(["2.10", "2.4.1", "SM10", "2.4", "SM2"], key=sort_key) == [
        "2.4", "2.4.1", "2.10", "SM2", "SM10",
    ]  # fmt: skip


def test_the_order_is_the_databases_order(mongo_uri: str) -> None:
    chance = random.Random(2015)
    letters = "aābcčdeēgģiīyjkķlļnņoōrŗsštuūvzžAĀČEŅYIŠ -–.,()/&%0123456789éöб„”"
    made = {"".join(chance.choices(letters, k=chance.randint(1, 6))) for _ in range(1500)}
    words = list(dict.fromkeys([*WORDS.split(" "), *sorted(made)]))
    with pymongo.MongoClient[dict[str, str | int]](mongo_uri) as client:
        collection = client["test_alphabet"]["words"]
        collection.drop()
        collection.insert_many([{"word": word, "place": place} for place, word in enumerate(words)])
        found = collection.find().sort([("word", 1), ("place", 1)])
        theirs = [row["word"] for row in found.collation({"locale": "lv", "numericOrdering": True})]
        client.drop_database("test_alphabet")
    assert sorted(words, key=sort_key) == theirs


def test_searching_without_diacritics_finds_words_with_them() -> None:
    assert fold("kekava") in fold("Brauciens uz ĶEKAVU\u00a0un Ķekava")
    assert fold("Šķūņu iela") == "skunu iela"
