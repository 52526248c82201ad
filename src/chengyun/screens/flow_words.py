"""States and acts in the words of the flow a case follows: a department's own, else the usual ones."""

from chengyun.cases.lifecycle import Lifecycle
from chengyun.cases.records import Case
from chengyun.cases.rules import Rules
from chengyun.screens.words import Language, has, say
from chengyun.stores.reading.beside import Beside


def state_word(flow: Lifecycle | None, state: str, language: Language) -> str:
    return _word(flow, f"state.{state}", state, language)


def action_word(flow: Lifecycle | None, action: str, language: Language) -> str:
    return _word(flow, f"action.{action}", action, language)


def own_word(flow: Lifecycle | None, key: str, language: Language) -> str | None:
    """The department's own word, if its flow gives one."""
    pair = flow.labels.get(key) if flow is not None else None
    return None if pair is None else pair[0 if language == "zh" else 1]


def title_of(flow: Lifecycle, language: Language) -> str:
    return own_word(flow, "title", language) or say("lifecycle.title", language)


def flow_of(case: Case | Beside, rules: Rules) -> Lifecycle | None:
    """The flow in the version the case began with; None if it is not kept here, then the usual words serve."""
    return rules.flow(case.flow, case.flow_version)


def _word(flow: Lifecycle | None, key: str, plain: str, language: Language) -> str:
    return own_word(flow, key, language) or (say(key, language) if has(key, language) else plain)
