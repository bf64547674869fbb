"""Reference data: `load_reference(folder)` reads the TOML files beside this package into one checked `Reference`."""

from config.reference.errors import Finding, ReferenceDataError
from config.reference.loading import load_reference
from postal_service.kit.reference import Reference

__all__ = ["Finding", "Reference", "ReferenceDataError", "load_reference"]
