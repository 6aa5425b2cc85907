"""What is true: exact values of the loss and its relatives, decided by enclosures.

The oracle shares nothing with what it judges but the formats and the definition of the ulp. Two libraries
give two opinions: mpmath (always there) and Arb (extra ``suite``; its error bounds are proved).
"""

from stablelce.oracle.batch import Expected, expected
from stablelce.oracle.exact import Exact, exact, ulp_error

__all__ = ["Exact", "Expected", "exact", "expected", "ulp_error"]
