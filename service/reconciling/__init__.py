"""Comparing the store with Temporal, both ways, and repairing what differs, so that no stopped clock goes unnoticed."""

from service.reconciling.findings import Finding, Report, Trouble
from service.reconciling.reconciler import Reconciler
from service.reconciling.runs import Runs
from service.reconciling.suspects import Suspects, Suspicion

__all__ = ["Finding", "Reconciler", "Report", "Runs", "Suspects", "Suspicion", "Trouble"]
