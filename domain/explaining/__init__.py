"""Why an instance stands where it stands: every second, every milestone, every policy that was asked."""

from domain.explaining.explanation import Explanation, Past, explain

__all__ = ["Explanation", "Past", "explain"]
