"""The demo city: a generator, and a day simulator that acts through the public interfaces only. No real persons."""
