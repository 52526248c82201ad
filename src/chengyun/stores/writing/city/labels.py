"""P1 labels of the `city` tables: the standing city is public, its people are not."""

from chengyun.stores.writing.labels import Label, Labels, Level, label

_VALIDITY = "tenant row valid_from valid_to"


def _public(columns: str, purpose: str) -> dict[str, Label]:
    return label(Level.PUBLIC, purpose, "versions", f"{_VALIDITY} {columns}")


LABELS: Labels = {
    "Organisation": _public("id code parent kind name_zh name_en display_order loop area phone", "who is in charge"),
    "Area": _public("id code parent kind name_zh name_en area_class rings", "which grid a place lies in"),
    "Component": _public("identifier category name_zh name_en lon lat cell unit_grid owner maintenance state", "public facilities"),
    "CodeSet": _public("scheme standard title_zh title_en confidence", "which code set"),
    "Category": _public(
        "code scheme kind number major major_zh major_en name_zh name_en field maps_to linked_component translated local pinyin geometry"
        " source confidence",
        "what kind of matter",
    ),
    "StandardEntry": _public(
        "id version category condition_no filing_zh filing_en limit closing_zh closing_en area_class source confidence translated",
        "when to file, how long, when to close",
    ),
    "CategoryField": label(
        Level.PUBLIC, "what is asked", "versions", "tenant row category key label_zh label_en kind required choices personal_level"
    ),
    "DutyRow": label(
        Level.INTERNAL,
        "who handles what",
        "versions",
        f"{_VALIDITY} id version number category major area owner hours handling_unit trade_department assisting ladder area_class"
        " signed_by source",
    ),
    "WorkCalendar": _public("id version name_zh name_en zone weekly days published_through round_the_clock full_day", "working time"),
    "Person": label(Level.INTERNAL, "who acts", "with_person", "tenant row id number org language active"),
    "PersonName": label(Level.INTERNAL, "whose name", "with_person", "tenant row person")
    | label(Level.PERSONAL, "calling a colleague", "with_person", "name_zh name_en phone"),
    "RoleAssignment": label(Level.INTERNAL, "who may do what", "with_person", f"{_VALIDITY} person role area org fields deputy_for"),
    "Shift": label(Level.INTERNAL, "who is on duty", "with_person", "tenant row person starts ends area"),
    "Absence": label(Level.INTERNAL, "who stands in for whom", "with_person", "tenant row person deputy from_day to_day registered_by")
    | label(Level.INTERNAL, "who stands in for whom", "with_person", "registered_at")
    | label(Level.PERSONAL, "why somebody is away", "with_person", "reason"),
    "Handover": label(Level.INTERNAL, "what one shift gives over to the next", "audit", "tenant row giver taker at counts")
    | label(Level.PERSONAL, "what one shift gives over to the next; may speak of people", "audit", "note"),
}
