"""Policies with their targets and escalations, of both kinds."""

from __future__ import annotations

from api.v2.policies import escalations, policies, targets
from api.v2.policies.kinds import for_both_kinds

router = for_both_kinds(policies=policies.router, targets=targets.router, escalations=escalations.router)
