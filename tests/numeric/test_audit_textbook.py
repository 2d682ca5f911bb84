"""Formulas as textbooks have them, each with a wrong sibling: the right one is proved, the wrong one has a witness."""

import pytest

from numeric.audit.formula import check_formula

SOFTPLUS, SILU, INVERSE = "O[i] = log(1+exp(X[i]))", "O[i] = X[i]*sigmoid(X[i])", "O[i] = 1/sqrt(X[i])"
RMS = "R = sqrt((sum[j] X[j]^2)/I + e); O[i] = w[i]*X[i]/R; X[i<I]"
UNTIED = "no two cells of a window are equal"

# operation, its settings, what is right, what is not in its place, the formula
TEXTBOOK = [
    (
        "max_pool1d",
        {},
        ("==O", "!=O"),
        "dE/dX[n,c,h] = sum[i,p] dE/dO[n,c,i]*[X[n,c,h]==O[n,c,i]]*[h==s*i+d*p-P]",
    ),
    (
        "layer_norm",
        {},
        ("^(-1/2)", "^(-3/2)"),
        "dE/dX[c] = (V+e)^(-1/2)*(w[c]*dE/dO[c] - (sum[d] w[d]*dE/dO[d])/C - Y[c]*(sum[d] w[d]*dE/dO[d]*Y[d])/C)",
    ),
    (
        "batch_norm",
        {},
        ("(-3/2)", "(-1/2)"),
        "dE/dV[c] = -1/2*(sum[n] dE/dO[n,c]*w[c]*(X[n,c]-M[c]))*(V[c]+e)^(-3/2)",
    ),
    (RMS, {}, ("R^3", "R"), "dE/dX[i] = w[i]*dE/dO[i]/R - X[i]*(sum[k] w[k]*dE/dO[k]*X[k])/(I*R^3)"),
    (INVERSE, {}, ("3", "1"), "dE/dX[i] = -1/2*dE/dO[i]*X[i]^(-3/2)"),
    ("softmax", {}, ("-O[i]*O[j]", "O[i]*O[j]"), "dO[i]/dX[j] = cases(i==j, O[i]*(1-O[i]), -O[i]*O[j])"),
    ("softmax", {}, ("[j!=i]*", ""), "dE/dX[i] = dE/dO[i]*O[i]*(1-O[i]) - (sum[j] [j!=i]*dE/dO[j]*O[j]*O[i])"),
    ("log_softmax", {}, ("exp(O[i])", "O[i]"), "dE/dX[i] = dE/dO[i] - exp(O[i])*(sum[j] dE/dO[j])"),
    ("log_softmax", {}, ("log(P", "exp(P"), "O[i] = log(P[i])"),
    ("cross_entropy", {"target": "probabilities"}, ("-(", "("), "O = -(sum[n,c] T[n,c]*log(P[n,c]))/N"),
    (
        "cross_entropy",
        {"target": "probabilities"},
        ("- (sum[c]", "+ (sum[c]"),
        "O = (sum[n] (log(sum[c] exp(X[n,c])) - (sum[c] T[n,c]*X[n,c])))/N",
    ),
    ("cross_entropy", {}, ("log(", "exp("), "O = -(sum[n] log(P[n,T[n]]))/N"),
    (SOFTPLUS, {}, ("1-", ""), "O[i] = -log(1-sigmoid(X[i]))"),
    (SILU, {}, ("1-O", "1+O"), "dE/dX[i] = dE/dO[i]*(O[i] + sigmoid(X[i])*(1-O[i]))"),
    ("elu", {}, ("exp(X", "exp(-X"), "dE/dX[i] = dE/dO[i]*cases(X[i]>0, 1, a*exp(X[i]))"),
    ("prelu", {}, ("<=0", ">=0"), "dE/da[c] = sum[n] dE/dO[n,c]*X[n,c]*[X[n,c]<=0]"),
    ("leaky_relu", {}, ("a*X", "X"), "O[i] = cases(X[i]>0, X[i], a*X[i])"),
    ("relu", {}, ("[O[i]>0]", "[O[i]<0]"), "dE/dX[i] = dE/dO[i]*[O[i]>0]"),
    (
        "conv_transpose2d",
        {"stride": 1, "dilation": 1},
        ("p-(K_h-1-P_h)", "p-P_h"),
        "O[n,k,i,j] = sum[c,p,q] X[n,c,i+p-(K_h-1-P_h),j+q-(K_w-1-P_w)]*F[c,k,K_h-1-p,K_w-1-q] + b[k]",
    ),
]


@pytest.mark.parametrize(("op", "set_to", "slip", "text"), TEXTBOOK, ids=[f"{t[0]}: {t[3]}"[:60] for t in TEXTBOOK])
def test_a_textbook_formula_is_proved_and_its_wrong_sibling_refuted(op, set_to, slip, text) -> None:
    right, wrong = slip
    assert right in text
    found = check_formula(text, op, **set_to)
    assert found.good
    assert found.reason.startswith("proved for all sizes")
    assert (UNTIED in found.hypothesis) == op.startswith("max_pool")
    refuted = check_formula(text.replace(right, wrong), op, **set_to)
    assert refuted.verdict == "refuted"
    assert refuted.witness is not None
