"""PURE. The case: lifecycle, responsibility, deadlines, correlation, access.

A case is its event log. `decide(case, action, rules, now)` answers Accepted(events) or Refused(reason); `evolve(case, event)` folds.
Time is an argument. Effects happen in `desk.py`, through the ports handed in.
"""
