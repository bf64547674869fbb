"""The fee rules as plain values: what config reads from its files and `fees` calculates with. Amounts are whole đồng."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from postal_service.kit.words import Words

FeeClass = Literal["standard", "reduced", "exempt"]
Leg = Literal["pickup", "delivery"]
Zone = Literal["same_province", "other_province"]
"""Where the citizen's door lies, seen from the agency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFeeRule:
    """The State fee of some procedures: a base per class, which includes some copies, and an amount for each more."""

    name: Words
    procedures: frozenset[str]
    base_vnd: Mapping[FeeClass, int]
    copies_included: int
    extra_copy_vnd: int
    exempt_pay_extra_copies: bool
    """What most agencies do; the law is silent. `exceptions` are agencies that decided otherwise."""
    exceptions: frozenset[str]
    source: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsidy:
    """A part of the State fee that a province pays for its people who file through some channel."""

    name: Words
    agency: str
    channels: frozenset[str]
    procedures: frozenset[str]
    percent: int
    source: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostageRule:
    """What the post takes for one leg, VAT included. `agency` None holds for every agency without a rule of its own."""

    leg: Leg
    zone: Zone
    agency: str | None
    amount_vnd: int
    source: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeBook:
    """Every fee rule, past and present, and the version of the reference data they came with."""

    version: str
    state_fees: tuple[StateFeeRule, ...]
    subsidies: tuple[Subsidy, ...]
    postage: tuple[PostageRule, ...]
