"""What a request costs, line by line. Pure: the rules come as a book, the day as an argument."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from postal_service.kit.dated import first_in_force, holds
from postal_service.kit.fee_book import FeeBook, FeeClass, Leg, PostageRule, StateFeeRule, Subsidy, Zone
from postal_service.kit.money import format_vnd
from postal_service.kit.words import Words

LineKind = Literal["state_fee", "postage_pickup", "postage_delivery", "subsidy"]
DueAt = Literal["pickup", "delivery", "paid"]

_CLASS: dict[FeeClass, Words] = {
    "standard": Words("mức thông thường", "standard"),
    "reduced": Words("đối tượng được giảm", "reduced"),
    "exempt": Words("đối tượng được miễn", "exempt"),
}
_POSTAGE: dict[Leg, tuple[LineKind, Words]] = {
    "pickup": ("postage_pickup", Words("Cước nhận gửi hồ sơ", "Postage, collecting the papers")),
    "delivery": ("postage_delivery", Words("Cước chuyển trả kết quả", "Postage, bringing the result")),
}
_ZONE: dict[Zone, Words] = {
    "same_province": Words("trong tỉnh, thành phố", "within the province"),
    "other_province": Words("tỉnh, thành phố khác", "another province"),
}


class NoFeeRule(LookupError):  # noqa: N818 - it says what the book lacks
    """The book has no rule for what was asked on that day. A fee is never guessed."""


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One amount in đồng with the reason for it. Only a subsidy is negative."""

    kind: LineKind
    amount_vnd: int
    due_at: DueAt
    why: Words

    def as_dict(self) -> dict[str, Any]:
        """Return the line as the API shows it and a request keeps it; `why` is Vietnamese, `why_en` English."""
        return {
            "kind": self.kind,
            "amount_vnd": self.amount_vnd,
            "due_at": self.due_at,
            "why": self.why.vi,
            "why_en": self.why.en,
        }


@dataclass(frozen=True, slots=True)
class Quote:
    """The lines of a request and the version of the rules they came from."""

    lines: tuple[FeeLine, ...]
    rule_version: str

    @property
    def total_vnd(self) -> int:
        """The sum of all lines, paid or not."""
        return sum(line.amount_vnd for line in self.lines)

    def due_vnd(self, at: DueAt) -> int:
        """Return what is asked at one door (or, for `paid`, what was taken before)."""
        return sum(line.amount_vnd for line in self.lines if line.due_at == at)


def quote(
    book: FeeBook,
    *,
    procedure: str,
    fee_class: FeeClass,
    copies: int,
    agency: str,
    channel: str,
    on: date,
    pickup_zone: Zone | None = None,
    delivery_zone: Zone | None = None,
    paid: bool = False,
) -> Quote:
    """Return what a request filed on that day costs. A zone of None means there is no such leg.

    The State fee is one gross line, due at pickup where there is a pickup leg, else at delivery (which is also what a
    counter without any leg says). A subsidy is a negative line of its own, postage one line a leg. `paid`: the portal
    has taken the money, no door asks for any. Raises `NoFeeRule`, and ValueError when no copy is asked for.
    """
    if copies < 1:
        raise ValueError("at least one copy is asked for")
    state_due: DueAt = "pickup" if pickup_zone else "delivery"
    rule = _state_fee_rule(book, procedure, on)
    state_fee = _state_fee_line(rule, fee_class, copies, agency, "paid" if paid else state_due)
    lines = [state_fee]
    subsidy = _subsidy(book, agency, channel, procedure, on)
    if subsidy and state_fee.amount_vnd:
        amount = state_fee.amount_vnd * subsidy.percent // 100
        lines.append(FeeLine("subsidy", -amount, state_fee.due_at, _with_source(subsidy.name, subsidy.source)))
    lines += _postage_lines(book, agency, on, paid=paid, zones={"pickup": pickup_zone, "delivery": delivery_zone})
    return Quote(tuple(lines), book.version)


def additions_quote(book: FeeBook, *, agency: str, on: date, pickup_zone: Zone | None) -> Quote:
    """Return what fetching additions costs: postage alone, never a second State fee. Raises `NoFeeRule`."""
    return Quote(tuple(_postage_lines(book, agency, on, paid=False, zones={"pickup": pickup_zone})), book.version)


def _state_fee_rule(book: FeeBook, procedure: str, on: date) -> StateFeeRule:
    rule = first_in_force((rule for rule in book.state_fees if procedure in rule.procedures), on)
    if rule is None:
        raise NoFeeRule(f"no State fee for {procedure} on {on}")
    return rule


def _postage_rule(book: FeeBook, leg: Leg, zone: Zone, agency: str, on: date) -> PostageRule:
    rules = [rule for rule in book.postage if (rule.leg, rule.zone) == (leg, zone)]
    own = (rule for rule in rules if rule.agency == agency)
    general = (rule for rule in rules if rule.agency is None)
    rule = first_in_force(own, on) or first_in_force(general, on)
    if rule is None:
        raise NoFeeRule(f"no postage for {leg}, {zone} on {on}")
    return rule


def _subsidy(book: FeeBook, agency: str, channel: str, procedure: str, on: date) -> Subsidy | None:
    for subsidy in book.subsidies:
        meant = subsidy.agency == agency and channel in subsidy.channels and procedure in subsidy.procedures
        if meant and holds(subsidy, on):
            return subsidy
    return None


def _state_fee_line(rule: StateFeeRule, fee_class: FeeClass, copies: int, agency: str, due_at: DueAt) -> FeeLine:
    extra = max(0, copies - rule.copies_included)
    exempt_pay = rule.exempt_pay_extra_copies != (agency in rule.exceptions)
    if fee_class == "exempt" and not exempt_pay:
        extra = 0
    base = rule.base_vnd[fee_class]
    kind = _CLASS[fee_class]
    vi = f"{rule.name.vi}, {kind.vi}: {format_vnd(base)}"
    en = f"{rule.name.en}, {kind.en}: {format_vnd(base)}"
    if extra:
        vi += f"; thêm {extra} bản × {format_vnd(rule.extra_copy_vnd)}"
        en += f"; {extra} more × {format_vnd(rule.extra_copy_vnd)}"
    why = _with_source(Words(vi, en), rule.source)
    return FeeLine("state_fee", base + extra * rule.extra_copy_vnd, due_at, why)


def _postage_lines(
    book: FeeBook, agency: str, on: date, *, paid: bool, zones: Mapping[Leg, Zone | None]
) -> Iterator[FeeLine]:
    for leg, zone in zones.items():
        if zone is None:
            continue
        rule = _postage_rule(book, leg, zone, agency, on)
        kind, what = _POSTAGE[leg]
        where = _ZONE[zone]
        why = Words(f"{what.vi}, {where.vi}", f"{what.en}, {where.en}")
        yield FeeLine(kind, rule.amount_vnd, "paid" if paid else leg, _with_source(why, rule.source))


def _with_source(words: Words, source: str) -> Words:
    return Words(f"{words.vi} ({source})", f"{words.en} ({source})")
