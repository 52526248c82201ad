"""The application's own interface: /api/v1/<stage>/... described at /api/openapi.json."""
