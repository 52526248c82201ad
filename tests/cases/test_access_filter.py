"""A table and its map agree: the filter made in advance lets through exactly what the single question allows (A1)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chengyun.base.ids import AreaCode, OrgId, PersonId, TenantId
from chengyun.cases.access import READS, RULES, Allowed, Kind, Reader, ReporterRef, Target, compile_filter, matches, may
from chengyun.city.records import Role
from chengyun.city.roles import TIED_TO_A_UNIT, OrgTree, Post

PARENTS = {OrgId(n): OrgId(p) if p else None for n, p in ((1, 0), (10, 1), (11, 10), (12, 11), (13, 10), (20, 1), (21, 20), (5, 1))}
TREE = OrgTree(PARENTS)
AREAS = ["110108", "110108001", "110108001002", "110108001002003", "110108002", "110108002001001", "110109"]
FIELDS = ["facilities", "environment", "traffic"]

orgs = st.sampled_from(sorted(PARENTS))
people = st.integers(1, 4).map(PersonId)
case_operations = st.sampled_from(
    sorted(o for o in RULES if o in READS | {"case.act", "case.act_many"} if not o.startswith("evaluation.u"))
)


@st.composite
def posts(draw):
    role = draw(st.sampled_from(list(Role)))
    org = draw(st.none() | orgs)
    scope = TREE.below(org) if org is not None and (role in TIED_TO_A_UNIT or draw(st.booleans())) else None
    if role in TIED_TO_A_UNIT and scope is None:
        scope = frozenset()
    return Post(
        role,
        draw(st.none() | st.lists(st.sampled_from(AREAS), max_size=2).map(tuple)),
        org,
        scope,
        TREE.above(org) if org is not None else frozenset(),
        draw(st.none() | st.frozensets(st.sampled_from(FIELDS), max_size=2)),
        draw(st.none() | people),
    )


@st.composite
def readers(draw):
    person = draw(people | st.none())
    return Reader(TenantId(draw(st.integers(1, 2))), person, tuple(draw(st.lists(posts(), max_size=3))))


@st.composite
def cases(draw):
    return Target(
        tenant=TenantId(draw(st.integers(1, 2))),
        kind=Kind.CASE,
        area=draw(st.none() | st.sampled_from(AREAS).map(AreaCode)),
        orgs=draw(st.frozensets(orgs, max_size=2)),
        past_orgs=draw(st.frozensets(orgs, max_size=2)),
        trade_department=draw(st.none() | orgs),
        field=draw(st.none() | st.sampled_from(FIELDS)),
        reporters=tuple(draw(st.lists(st.builds(ReporterRef, st.none() | people, st.booleans()), max_size=2))),
        reported_by=draw(st.none() | people),
        handler=draw(st.none() | people),
        checker=draw(st.none() | people),
        staff_of=draw(st.none() | orgs),
    )


@settings(max_examples=600, deadline=None)
@given(readers(), case_operations, cases())
def test_the_filter_and_the_single_question_agree(reader, operation, case):
    if operation == "attachment.read":
        operation = "case.read"  # files follow their case and narrow it further (review); they have no list of their own
    assert matches(compile_filter(reader, operation), case) == isinstance(may(reader, operation, case), Allowed)


@settings(max_examples=200, deadline=None)
@given(readers(), case_operations, cases())
def test_what_can_be_done_can_be_read(reader, operation, case):
    if isinstance(may(reader, operation, case), Allowed) and not any(p.role is Role.SYSTEM for p in reader.posts):
        assert isinstance(may(reader, "case.read", case), Allowed)


@settings(max_examples=200, deadline=None)
@given(readers(), case_operations, cases())
def test_a_further_post_never_takes_a_case_away(reader, operation, case):
    fewer = Reader(reader.tenant, reader.person, reader.posts[:-1])
    if matches(compile_filter(fewer, operation), case):
        assert matches(compile_filter(reader, operation), case)
