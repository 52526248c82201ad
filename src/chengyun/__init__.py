"""Chengyun 城运: one loop for everything a city must put right.

sources -> observations -> findings -> cases -> tasks -> evaluation -> screens. Data flows right; knowledge points left.
"""

__version__ = "0.1.0"
