"""Reads the reference files of a folder into one checked `Reference`."""

import hashlib
import json
import tomllib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from config.reference_agencies import agency_periods, check_agencies
from config.reference_errors import Finding, ReferenceError
from config.reference_files import (
    AgenciesFile,
    CalendarFile,
    DatedModel,
    FeesFile,
    PostOfficesFile,
    ProcedureModel,
    ProceduresFile,
    WordsModel,
)
from postal_service.kit.fee_book import FeeBook, PostageRule, StateFeeRule, Subsidy
from postal_service.kit.reference import (
    AgentRule,
    Document,
    Form,
    PostOfficeEntry,
    Procedure,
    Reference,
)
from postal_service.kit.words import Words
from postal_service.kit.working_days import WorkingCalendar
