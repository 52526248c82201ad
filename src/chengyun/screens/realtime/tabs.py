"""The tabs of somebody's workbench as questions, by the same words as the list behind each."""

from collections.abc import Mapping

from chengyun.cases.access import CaseFilter, Reader, compile_filter
from chengyun.screens.api.asking import Asking
from chengyun.screens.api.narrowing import asked_in_queue
from chengyun.stores.reading.filters import Asked
from chengyun.stores.reading.lists import count_cases
from chengyun.tasks.queues import queues_for


def questions(reader: Reader) -> Mapping[str, tuple[CaseFilter, Asked]]:
    """Every tab of the reader, in the order of the flow."""
    only = compile_filter(reader, "queue.read")
    if only is None:
        return {}
    ask = Asking(reader, reader.tenant, reader.person, None, "zh")
    return {queue.key: (only, asked_in_queue(queue, ask, Asked())) for queue in queues_for(post.role for post in reader.posts)}


def count_tabs(reader: Reader) -> dict[str, int]:
    return {key: count_cases(*question).cases for key, question in questions(reader).items()}
