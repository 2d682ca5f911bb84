"""Claims about sizes and counts: `I = floor((H + 2*P - K)/s) + 1`, `parameters = K*C*K_h*K_w + K`."""

from __future__ import annotations

from numeric.audit.claims import Claim
from numeric.audit.verdict import Verdict


def judge_number(claim: Claim) -> Verdict:
    raise NotImplementedError
