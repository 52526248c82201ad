"""Cases as their event log, the folded row, the erasable words and people beside it, timers and counters."""
