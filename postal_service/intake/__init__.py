"""Online requests: filing, acceptance, additions, refusal, issue, withdrawal, and the legal clock."""
