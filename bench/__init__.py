"""Reproducible measurements: `./run bench` runs all of them, `uv run python -m bench create --seconds 60` one of them."""
