import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, meta

from notifications.catalogue import CATALOGUE, Event, FieldValue, Kind
from notifications.ports import Channel
from notifications.rendering import LANGUAGES, TEMPLATES, RenderingError, render
from notifications.sms_text import Encoding, segments

TOLD = """
    filed accepted additions_requested refused issued withdrawn late
    pickup_assigned pickup_failed picked_up pickup_delivered
    out_for_delivery delivery_failed waiting_at_office delivered returned
"""
NEVER = re.compile(
    "lý lịch|ly lich|tư pháp|tu phap|án tích|an tich|tiền án|criminal|judicial|conviction|record", re.IGNORECASE
)


def longest(event: Event) -> dict[str, FieldValue]:
    return {name: field.longest for name, field in event.fields.items()}


def least(event: Event) -> dict[str, FieldValue]:
    return {name: None if field.optional else field.longest for name, field in event.fields.items()}


def every_text(channel: Channel) -> list[tuple[str, str]]:
    return [(name, lang) for name, event in CATALOGUE.items() if channel in event.channels for lang in LANGUAGES]


def test_the_catalogue_names_what_people_are_told() -> None:
    assert list(CATALOGUE) == TOLD.split()


@pytest.mark.parametrize(("event", "language"), every_text(Channel.SMS))
def test_an_sms_with_the_longest_real_values_is_paid_once(event: str, language: str) -> None:
    counted = segments(render(event, language, Channel.SMS, longest(CATALOGUE[event])).text)
    assert counted.encoding is Encoding.GSM7
    assert counted.segments == 1, counted


@pytest.mark.parametrize(("event", "language"), every_text(Channel.SMS))
def test_an_sms_with_every_choice_and_nothing_optional_is_paid_once(event: str, language: str) -> None:
    values = least(CATALOGUE[event])
    choices = [(f.name, c) for f in CATALOGUE[event].fields.values() for c in f.choices] or [("tracking_code", "X")]
    for name, choice in choices:
        text = render(event, language, Channel.SMS, values | {name: choice}).text
        assert segments(text).segments == 1
        assert "None" not in text


@pytest.mark.parametrize(("event", "language"), every_text(Channel.SMS))
def test_an_sms_leads_to_the_tracking_page_and_gives_nothing_away(event: str, language: str) -> None:
    for accented in (False, True):
        rendered = render(event, language, Channel.SMS, longest(CATALOGUE[event]), accented=accented)
        assert rendered.text.endswith(str(CATALOGUE[event].fields["tracking_url"].longest))
        assert not NEVER.search(rendered.text)
        assert "  " not in rendered.text
        assert rendered.subject is None
        assert rendered.html is None


@pytest.mark.parametrize(("event", "language"), every_text(Channel.EMAIL))
def test_an_email_has_a_discreet_subject_and_the_same_facts_in_both_parts(event: str, language: str) -> None:
    values = longest(CATALOGUE[event]) | {"agency_name": "Cơ quan A & B"}
    mail = render(event, language, Channel.EMAIL, values)
    assert mail.subject is not None
    assert mail.html is not None
    assert not NEVER.search(mail.subject + mail.text + mail.html)
    assert "\n" not in mail.subject
    assert len(mail.subject) <= 78
    assert "Cơ quan A & B" in mail.text
    assert "Cơ quan A &amp; B" in mail.html
    for part in (mail.text, mail.html):
        assert "7K2M-9QXA-4T1C" in part
        assert "None" not in part


@pytest.mark.parametrize(("event", "language"), every_text(Channel.EMAIL))
def test_an_email_without_optional_values_still_reads_well(event: str, language: str) -> None:
    mail = render(event, language, Channel.EMAIL, least(CATALOGUE[event]))
    assert "None" not in mail.text + str(mail.html)
    assert "\n\n\n" not in mail.text


class Page(HTMLParser):
    """Collects what an e-mail's HTML opens, closes and points at."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: set[str] = set()
        self.seen: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.addresses |= {value or "" for name, value in attrs if name in ("href", "src")}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(("event", "language"), every_text(Channel.EMAIL))
def test_an_email_is_well_formed_and_loads_nothing_from_elsewhere(event: str, language: str) -> None:
    page = Page(str(render(event, language, Channel.EMAIL, longest(CATALOGUE[event])).html))
    assert page.open == []
    assert page.seen.isdisjoint({"img", "script", "link", "style", "iframe"})
    assert page.addresses == {CATALOGUE[event].fields["tracking_url"].longest}


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*/*/*.*")), ids=lambda p: "/".join(p.parts[-3:]))
def test_a_template_belongs_to_an_event_and_uses_its_fields_only(path: Path) -> None:
    event, language, _ = path.parts[-3:]
    environment = Environment(autoescape=True)
    environment.filters.update(dict.fromkeys(("day", "part_of_day"), str))
    used = meta.find_undeclared_variables(environment.parse(path.read_text()))
    assert used - {"row", "table"} <= CATALOGUE[event].fields.keys()
    assert language in LANGUAGES


@pytest.mark.parametrize("event", CATALOGUE)
def test_a_missing_unknown_or_empty_value_is_found_before_sending(event: str) -> None:
    values = longest(CATALOGUE[event])
    for name, field in CATALOGUE[event].fields.items():
        if field.optional:
            continue
        for wrong in ({k: v for k, v in values.items() if k != name}, values | {name: None}, values | {name: " "}):
            with pytest.raises(RenderingError, match=name):
                render(event, "vi", Channel.EMAIL, wrong)
    with pytest.raises(RenderingError, match="national_id"):
        render(event, "vi", Channel.EMAIL, values | {"national_id": "001090012345"})


@pytest.mark.parametrize(
    ("event", "language", "channel"),
    [("filed", "fr", Channel.SMS), ("born", "vi", Channel.SMS), ("pickup_delivered", "vi", Channel.SMS)],
)
def test_a_text_that_does_not_exist_is_said_so(event: str, language: str, channel: Channel) -> None:
    with pytest.raises(RenderingError):
        render(event, language, channel, {})


def test_a_day_is_a_day_and_not_a_moment() -> None:
    values = longest(CATALOGUE["late"]) | {"new_date": datetime(2026, 12, 28, tzinfo=UTC)}
    with pytest.raises(RenderingError, match="new_date"):
        render("late", "vi", Channel.SMS, values)


def test_days_are_written_as_each_language_writes_them() -> None:
    values = longest(CATALOGUE["late"]) | {"new_date": date(2026, 5, 6)}
    assert "06/05/2026" in render("late", "vi", Channel.SMS, values).text
    assert "6 May 2026" in render("late", "en", Channel.SMS, values).text


def test_vietnamese_sms_have_tone_marks_only_when_the_agency_pays_for_them() -> None:
    values = longest(CATALOGUE["filed"])
    assert render("filed", "vi", Channel.SMS, values).text.startswith("Da nhan ho so")
    assert render("filed", "vi", Channel.SMS, values, accented=True).text.startswith("Đã nhận hồ sơ")


def test_what_a_person_typed_cannot_begin_a_new_line_or_become_html() -> None:
    values = longest(CATALOGUE["refused"]) | {"reason": "Thiếu <b>ảnh</b>\r\nBcc: someone@example.vn"}
    mail = render("refused", "vi", Channel.EMAIL, values)
    assert "Thiếu <b>ảnh</b> Bcc: someone@example.vn" in mail.text
    assert "<b>" not in str(mail.html)


WORDS = st.text(min_size=1, max_size=200).filter(lambda text: bool(text.strip()) and any(map(str.isalnum, text)))


@given(reason=WORDS, name=WORDS, office=WORDS)
def test_no_reason_name_or_office_makes_an_sms_dearer(reason: str, name: str, office: str) -> None:
    given_words: dict[str, FieldValue] = {"reason": reason, "worker_name": name, "office_name": office}
    for event, language in every_text(Channel.SMS):
        fields = CATALOGUE[event].fields
        values = longest(CATALOGUE[event]) | {key: value for key, value in given_words.items() if key in fields}
        assert segments(render(event, language, Channel.SMS, values).text).segments == 1


def test_lists_are_for_email_only() -> None:
    for event in CATALOGUE.values():
        for field in event.fields.values():
            if field.kind is Kind.LIST:
                sms = (TEMPLATES / event.name / "vi" / "sms.txt").read_text()
                assert field.name not in sms
