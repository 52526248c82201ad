"""Whole loops in a real browser, as the people of the demo city: only clicks and keys, and every number held against the API's."""
