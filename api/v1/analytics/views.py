"""Scrubbe's analytics. Minutes and rates have two decimals, the uptime has four."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from api.v1.translation.policies import MINUTES, PERCENTAGES, priority_of, terms_of
from domain.analytics.figures import Group
from domain.analytics.periods import Period
from domain.analytics.rates import Tally
from domain.instants import MINUTE
from domain.policy.policies import UPTIME, Policy
from domain.policy.priorities import Priority
from domain.scrubbe.uptime import Month, Uptime
from store.analytics.compliance import Average, ComplianceFigures

NAMES = {type_: field.removesuffix("TimeMinutes") for type_, field in MINUTES.items()}
"""`response` and `resolve`, by the type of target."""


def analytics_view(kept: ComplianceFigures, period: Period, month: Month) -> dict[str, Any]:
    policies = {priority_of(policy): policy for policy in kept.policies}
    return {
        "period": _period_view(period),
        "breachesByPriority": _breaches(kept.groups, *NAMES),
        **{f"{name}BreachesByPriority": _breaches(kept.groups, type_) for type_, name in NAMES.items()},
        "excusedByPriority": {
            priority.value: _tally(group for group in kept.groups if group.priority == priority).excused
            for priority in Priority
        },
        **_averages(kept.averages),
        "policies": [_policy_view(policies[priority], kept) for priority in Priority if priority in policies],
        "uptime": [_uptime_view(priority, policies.get(priority), kept, month) for priority in Priority],
    }


def _period_view(period: Period) -> dict[str, Any]:
    return {
        "startDate": period.start_date.isoformat(),
        "endDate": period.end_date.isoformat(),
        "timezone": period.timezone,
    }


def _breaches(groups: Sequence[Group], *types: str) -> dict[str, int]:
    of_types = [group for group in groups if group.type in types]
    return {
        priority.value: _tally(group for group in of_types if group.priority == priority).breached
        for priority in Priority
    }


def _policy_view(policy: Policy, kept: ComplianceFigures) -> dict[str, Any]:
    terms = terms_of(policy)
    view = {"policyId": policy.id, "name": policy.name, "priority": terms["priority"]}
    for type_, name in NAMES.items():
        tally = _tally(group for group in kept.groups if (group.policy_id, group.type) == (policy.id, type_))
        threshold = policy.compliance.get(type_)
        view |= {
            f"{name}Compliance": tally.compliance_rate,
            f"{name}Threshold": terms[PERCENTAGES[type_]],
            f"{name}Compliant": None if threshold is None else tally.reaches(threshold),
        }
    return view | _averages([average for average in kept.averages if average.policy_id == policy.id])


def _uptime_view(priority: Priority, policy: Policy | None, kept: ComplianceFigures, month: Month) -> dict[str, Any]:
    target = None if policy is None else policy.compliance.get(UPTIME)
    uptime = Uptime(month, kept.downtime_of(priority), target)
    return {
        "priority": priority.value,
        "uptimeTarget": None if policy is None else terms_of(policy)[PERCENTAGES[UPTIME]],
        "uptime": uptime.percent,
        "downtimeMinutes": _minutes(uptime.down),
        "allowedDowntimeMinutes": _minutes(uptime.allowed),
        "remainingDowntimeMinutes": _minutes(uptime.remaining),
        "targetMet": uptime.target_met,
        "excusedDowntimeMinutes": _minutes(kept.excused_downtime_of(priority)),
    }


def _averages(averages: Sequence[Average]) -> dict[str, float | None]:
    return {
        f"average{name.capitalize()}Minutes": _average([one for one in averages if one.type == type_])
        for type_, name in NAMES.items()
    }


def _average(averages: Sequence[Average]) -> float | None:
    number = sum(one.number for one in averages)
    return _minutes(sum(one.worked * one.number for one in averages) / number) if number else None


def _minutes(length: float | None) -> float | None:
    return None if length is None else round(length / MINUTE, 2)


def _tally(groups: Iterable[Group]) -> Tally:
    return sum((group.tally for group in groups), Tally())
