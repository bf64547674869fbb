from postal_service.outbox.service import CHANGE
from postal_service.storage.listening import RESYNC
from postal_service.tracking.queries import View
from postal_service.tracking.remembered import REMEMBERED, REMEMBERED_SECONDS, Remembered


def view(number: int = 0) -> View:
    return View(f"code {number}", f"request {number}", 1, 1, b"{}")


def test_a_view_is_remembered_in_its_language_for_a_moment() -> None:
    remembered = Remembered()
    remembered.put(view(), "vi", 10.0)
    assert remembered.get("code 0", "vi", 10.1) == view()
    assert remembered.get("code 0", "en", 10.1) is None
    assert remembered.get("code 0", "vi", 10.0 + REMEMBERED_SECONDS) is None


def test_what_changed_since_its_reading_began_is_not_believed_even_when_it_came_later() -> None:
    remembered = Remembered()
    remembered.heard(CHANGE, "request 0", 10.5)
    remembered.put(view(), "vi", 10.0)
    assert remembered.get("code 0", "vi", 10.6) is None
    remembered.put(view(), "vi", 10.6)
    assert remembered.get("code 0", "vi", 10.7) == view()


def test_the_change_of_one_request_leaves_the_others() -> None:
    remembered = Remembered()
    remembered.put(view(1), "vi", 10.0)
    remembered.heard(CHANGE, "request 2", 10.5)
    assert remembered.get("code 1", "vi", 10.6) == view(1)


def test_after_lost_signals_nothing_is_believed() -> None:
    remembered = Remembered()
    remembered.put(view(), "vi", 10.0)
    remembered.heard(RESYNC, "", 10.5)
    assert remembered.get("code 0", "vi", 10.6) is None


def test_it_keeps_few_views_and_no_old_changes() -> None:
    remembered = Remembered()
    for number in range(REMEMBERED * 2):
        remembered.put(view(number), "vi", 10.0)
        remembered.heard(CHANGE, f"other {number}", 10.0 + number)
    assert remembered.get("code 0", "vi", 10.0) is None
    assert remembered.get(f"code {REMEMBERED * 2 - 1}", "vi", 10.0) is not None
    assert len(remembered._views) == REMEMBERED
    assert len(remembered._changed) <= REMEMBERED_SECONDS + 1
