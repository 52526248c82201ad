"""A tab of somebody's workbench as a question to the lists: which filter, narrowed to what (`tasks.queues` says which tabs there are)."""

from collections.abc import Mapping
from dataclasses import replace

from chengyun.base.ids import OrgId
from chengyun.cases.access import CaseFilter, Reader, compile_filter
from chengyun.stores.reading.filters import Asked
from chengyun.stores.reading.lists import Count, count_cases
from chengyun.tasks.queues import Mine, Queue, queues_for


def question(reader: Reader, queue: Queue) -> tuple[CaseFilter, Asked] | None:
    """What to ask for one tab: by the posts that have it, no others. None: the reader has no such tab."""
    posts = tuple(post for post in reader.posts if post.role in queue.roles)
    only = compile_filter(replace(reader, posts=posts), "queue.read") if posts else None
    if only is None:
        return None
    asked = Asked(states=queue.states)
    units = frozenset[OrgId]().union(*(post.orgs or ({post.org} if post.org is not None else frozenset()) for post in posts))
    match queue.mine:
        case Mine.HOLDER:
            asked = replace(asked, holders=units)
        case Mine.HANDLER:
            asked = replace(asked, handler=reader.person, or_unassigned=True, holders=units)
        case Mine.CHECKER:
            asked = replace(asked, checker=reader.person)
        case Mine.SUPERVISED:
            asked = replace(asked, supervised=True)
        case Mine.APPEALED:
            asked = replace(asked, appealed=True)
    return only, asked


def questions(reader: Reader) -> Mapping[str, tuple[CaseFilter, Asked]]:
    """Every tab of the reader, in the order of the flow."""
    roles = {post.role for post in reader.posts}
    return {queue.key: found for queue in queues_for(roles) if (found := question(reader, queue)) is not None}


def count_tabs(reader: Reader) -> Mapping[str, Count]:
    return {key: count_cases(*asked) for key, asked in questions(reader).items()}
