"""The modules that hold tables, for the ORM and its migrations."""

MODELS = (
    "postal_service.web.models",
    "postal_service.accounts.models",
    "postal_service.outbox.models",
    "postal_service.shipments.models",
    "postal_service.intake.models",
    "postal_service.messaging.models",
    "postal_service.tracking.models",
)
