"""What answers are made of. Plain models: ninja's own reads every field of every object through a getter, and once more on the way
out, which cost more than half of the time of a page of fifty lines.
"""

from pydantic import BaseModel


class Told(BaseModel):
    """Part of an answer. What comes in stays a ninja Schema: there the look at each field is wanted."""
