"""EDGE IN. Where the city reaches us: channels of people, devices, exchange with other systems, and the files they send.

Data comes in here and leaves rightwards, to observations and cases, through `desk.py` functions whose ports `runtime` hands in.
Two doors of this stage have no second one anywhere in the product:

- `attachments.take_in` is the one sanitiser: every file of every channel goes through it before it is kept (promises F1-F4);
- `outbound.send` is the one client: every request that leaves the building goes through it (promise F7).
"""
