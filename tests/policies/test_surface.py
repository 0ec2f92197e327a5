"""What is counted of a question."""

import re
import zlib
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.contracts.policy import Question
from cosmosql.policies.ngrams import BUCKETS, count_matrix, dampened, hashes, topics
from cosmosql.policies.surface import READ, SURFACE, parts, surface, words_of

questions = st.builds(
    Question,
    row=st.just("1"),
    text=st.text(max_size=80),
    options=st.lists(st.text(max_size=12), max_size=5).map(tuple),
)


@settings(max_examples=60)
@given(question=questions)
def test_any_question_has_every_feature(question):
    found = surface(question)
    assert len(found) == len(SURFACE)
    assert np.isfinite(found).all()


@settings(max_examples=60)
@given(question=questions)
def test_a_row_of_the_matrix_is_the_question_alone(question):
    places, values = dampened(hashes(question))
    row = count_matrix([Question(row="0", text="other words"), question])[[1]].toarray()[0]
    assert row[places].tolist() == values.tolist()
    assert np.count_nonzero(row) == len(places)


@settings(max_examples=100)
@given(text=st.one_of(st.text(max_size=80), st.text(st.characters(codec="ascii"), max_size=80)))
def test_words_are_what_the_expression_finds(text):
    assert words_of(text) == re.findall(r"\w+", text)


@settings(max_examples=60)
@given(question=questions)
def test_words_and_pairs_are_hashed_in_order(question):
    added = [option for option in question.options if option not in question.text]
    text = "\n".join([question.text, *added]).lower()
    words = re.findall(r"\w\w+|[^\w\s]", text)
    single = [zlib.crc32(word.encode("utf-8", "replace")) for word in words]
    pairs = [(first * 0x3779B1 + second) >> 7 for first, second in pairwise(single)]
    assert hashes(question).tolist() == [place % BUCKETS for place in [*single, *pairs]]


def test_places_are_distinct_and_counts_dampened():
    places, values = dampened(np.array([7, 2, 7, 7, 9], np.int64))
    assert places.tolist() == [2, 7, 9]
    assert values.tolist() == [1.0, 1.0 + np.log(3), 1.0]
    assert [len(found) for found in dampened(np.empty(0, np.int64))] == [0, 0]


def test_negations_and_compound_options_are_whole_words():
    def named(text: str, *options: str) -> tuple[float, float]:
        found = dict(
            zip(SURFACE, surface(Question(row="1", text=text, options=options)), strict=True)
        )
        return found["negation"], found["options_compound"]

    assert named("Which is NOT so?", "all of them", "x") == (1.0, 1.0)
    assert named("Which knot is falsehood?", "small of", "ii onlyx") == (0.0, 0.0)
    assert named("Except this?", "II only", "y") == (1.0, 1.0)
    assert named("So?", "all  of", "allof") == (0.0, 0.0)


def test_options_that_are_letters_are_looked_up_in_the_text():
    text = "Where is it?\nA. Paris\nB. Lyon, of all places\nAnswer:"
    asked, options = parts(Question(row="1", text=text, options=("A", "B")))
    assert asked == "Where is it?\n"
    assert options == ("Paris", "Lyon, of all places")


def test_options_that_the_text_does_not_list_stay_as_they_are():
    asked, options = parts(Question(row="1", text="Yes?", options=("y", "n")))
    assert (asked, options) == ("Yes?", ("y", "n"))


def test_of_a_long_text_both_ends_are_read():
    asked, _ = parts(Question(row="1", text="a" * 5000 + "b" * 5000))
    assert len(asked) == READ + 1
    assert asked[0] == "a" and asked[-1] == "b"


def test_topics_part_what_texts_speak_of():
    texts = ["red apple pear", "apple red plum", "steel iron bolt", "bolt iron screw"] * 5
    matrix = count_matrix([Question(row=str(row), text=text) for row, text in enumerate(texts)])
    found = topics(matrix, 2, seed=0).of(matrix)
    fruit, metal = found[[0, 1]], found[[2, 3]]
    assert np.abs(fruit @ metal.T).max() < 0.1 < np.abs(fruit[0] @ fruit[1])
    assert matrix.shape == (20, BUCKETS)
