from hypothesis import given
from hypothesis import strategies as st

from postal_service.accounts.permissions import Caller, Scope
from postal_service.web.callers import ADMIN_SCOPE
from postal_service.web.callers import Caller as WebCaller

scopes = st.sampled_from(Scope)


@given(held=st.frozensets(scopes), asked=scopes)
def test_a_caller_may_do_what_it_holds_and_admin_everything(held: frozenset[Scope], asked: Scope) -> None:
    caller: WebCaller = Caller("c", held)
    assert caller.allows(asked) is (asked in held or Scope.ADMIN in held)
    assert caller.allows(str(asked)) is caller.allows(asked)


@given(agency=st.text(), bound=st.none() | st.text())
def test_a_caller_bound_to_an_agency_sees_that_one_alone(agency: str, bound: str | None) -> None:
    assert Caller("c", frozenset(), bound).may_see(agency) is (bound is None or bound == agency)


def test_the_web_and_the_accounts_mean_the_same_admin() -> None:
    assert ADMIN_SCOPE == Scope.ADMIN
