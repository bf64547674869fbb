import re

import pytest

from carriers.status import Leg, Status
from postal_service.intake.story import RequestStatus
from postal_service.kit.words import Words
from postal_service.tracking.words import Saying, Stage, read_catalogue

CATALOGUE = read_catalogue()
TELLS_WHAT_IT_IS = re.compile(
    r"lý lịch|tư pháp|án tích|công an|criminal|record|police|certificate|birth|marital", re.IGNORECASE
)


def every_word() -> list[Words]:
    sayings = [
        *CATALOGUE.request.values(),
        *(saying for leg in CATALOGUE.legs.values() for saying in leg.values()),
        CATALOGUE.counter,
    ]
    return [
        *(words for saying in sayings for words in (saying.text, saying.next)),
        *CATALOGUE.stages.values(),
    ]


@pytest.mark.parametrize("leg", [Leg.PICKUP, Leg.DELIVERY])
@pytest.mark.parametrize("status", list(Status))
def test_every_state_has_its_own_words_on_both_legs_in_both_languages(leg: Leg, status: Status) -> None:
    saying = CATALOGUE.legs[leg][status]
    assert all((saying.text.vi, saying.text.en, saying.next.vi, saying.next.en))
    others = [*CATALOGUE.legs[Leg.PICKUP].items(), *CATALOGUE.legs[Leg.DELIVERY].items()]
    same = [other for other, said in others if said.text.vi == saying.text.vi or said.text.en == saying.text.en]
    # Loss and destruction read the same in English on both legs; nothing else may.
    assert set(same) == {status}


@pytest.mark.parametrize("kind", [*(status.value for status in RequestStatus), "late"])
def test_every_step_of_a_request_has_words(kind: str) -> None:
    assert isinstance(CATALOGUE.request[kind], Saying)


def test_every_stage_has_a_name() -> None:
    assert set(CATALOGUE.stages) == set(Stage)


def test_no_word_tells_what_the_papers_are() -> None:
    assert [words for words in every_word() if TELLS_WHAT_IT_IS.search(f"{words.vi} {words.en}")] == []


def test_vietnamese_is_vietnamese_and_english_is_not() -> None:
    accented = re.compile(r"[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]", re.IGNORECASE)
    assert [words for words in every_word() if not accented.search(words.vi) or accented.search(words.en)] == []


def test_sentences_end_with_a_stop_and_headlines_without() -> None:
    sayings = [*CATALOGUE.request.values(), *(said for leg in CATALOGUE.legs.values() for said in leg.values())]
    for saying in sayings:
        assert saying.next.vi.endswith("."), saying.next.vi
        assert saying.next.en.endswith("."), saying.next.en
        assert not saying.text.vi.endswith("."), saying.text.vi
        assert not saying.text.en.endswith("."), saying.text.en
