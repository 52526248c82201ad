"""Tenants, accounts, idempotency, outbox, audit, settings: what every other stage leans on."""
