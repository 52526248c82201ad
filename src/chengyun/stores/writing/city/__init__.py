"""Organisations, areas, people, catalogue, duty list and calendars, with their versions; readers give the frozen records of `city`."""
