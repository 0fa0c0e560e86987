"""A form that nobody has touched says what was there. Pure."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from domain.calendar import Calendar
from domain.policy.policies import Policy
from service.policies.patch import patched_policy
from tests.support.strategies import brief, calendars, long_policies, policies
from web.http.forms import Draft, nested
from web.pages.bodies import PolicyPatch, read_as
from web.pages.calendars import drafts as of_hours
from web.pages.policies.editor.drafts import document_of, draft_of, inputs_of, without_blanks


def sent(draft: Draft, at: str = "") -> list[tuple[str, str]]:
    """The fields of the form as a browser sends them."""
    found: list[tuple[str, str]] = []
    for name, value in draft.items():
        if isinstance(value, str):
            found.append((f"{at}{name}", value))
        elif isinstance(value, dict):
            found += sent(value, f"{at}{name}.")
        else:
            found += [one for index, row in enumerate(value) for one in sent(row, f"{at}{name}.{index}.")]
    return found


def is_typed(document: Any) -> bool:
    """Whether its texts are such as a form brings back: without space around them, which nobody sees there."""
    if isinstance(document, dict):
        return all(map(is_typed, (*document, *document.values())))
    if isinstance(document, list | tuple):
        return all(map(is_typed, document))
    return not isinstance(document, str) or (document == document.strip() and not {"\r", "\0"} & set(document))


@brief
@given((policies() | long_policies).filter(lambda policy: is_typed(policy.to_json())))
def test_a_policy_that_was_opened_in_the_form_and_not_touched_stays_as_it_was(policy: Policy) -> None:
    draft = without_blanks(nested(sent(draft_of(policy))))
    assert patched_policy(policy, read_as(PolicyPatch, document_of(draft, policy))) == policy


@brief
@given(calendars.filter(lambda calendar: is_typed(calendar.to_json())))
def test_hours_that_were_opened_in_the_form_and_not_touched_stay_as_they_were(calendar: Calendar) -> None:
    draft = of_hours.without_blanks(nested(sent(of_hours.draft_of("Hours", 1, calendar))))
    document = of_hours.document_of(draft, made_of_others=calendar.combined is not None)
    del document["name"]
    kept = {} if calendar.always_open else calendar.to_json()
    assert Calendar.from_json({**kept, **document}) == calendar


def test_a_fault_of_the_document_is_shown_at_the_input_that_says_it() -> None:
    draft = {"pauses": [{"cause": "a"}, {"cause": "b.c"}]}
    shown = {
        "targets.3.hours": "targets.3.amount",
        "targets.0.by.time": "targets.0.amount",
        "targets.0.pauses_when.0.value": "targets.0.pause_value",
        "targets.1": "targets.1.type",
        "escalations.0.trigger_percent": "escalations.0.amount",
        "escalations.0.repeat_at_most": "escalations.0.repeat",
        "escalations.2.actions.1.team_id": "escalations.2.actions.1.value",
        "escalations.2.actions.1.type": "escalations.2.actions.1.type",
        "pauses_at_most.b.c.hours": "pauses.1.amount",
        "business_hours_id": "hours",
        "conditions.0.value": "conditions.0.value",
        "name": "name",
    }
    assert {field: inputs_of(draft)(field) for field in shown} == shown
