"""A client of the fee service for tests, written from docs/protocol.md and docs/openapi.yaml alone."""
