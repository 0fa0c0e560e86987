"""Why an instance stands where it stands: every second, every milestone, every policy that was asked."""

from domain.explaining.explanation import Explanation, RecordedHistory, explain

__all__ = ["Explanation", "RecordedHistory", "explain"]
