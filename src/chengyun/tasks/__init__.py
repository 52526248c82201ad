"""PURE. Open steps as work lists: which queue a case waits in, for whom, and what is on a phone today.

A task is not kept anywhere: it is the case's state seen by the one whose turn it is, so a list can never disagree with the case.
"""
