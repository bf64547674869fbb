"""What changes without a release: settings from the environment, and dated reference data."""
