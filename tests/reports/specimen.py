"""A document with every kind of block in it: the gradient of a convolution, as a narrator would tell it."""

from reports.document import (
    Callout,
    Claim,
    Code,
    Definition,
    Definitions,
    Document,
    Emphasis,
    Entries,
    Entry,
    Equation,
    Figure,
    Items,
    Link,
    Math,
    Prose,
    Section,
    Source,
    Step,
    StepGroup,
    StepTable,
    Strong,
    Table,
    Verdict,
    spans,
)

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40" width="120" height="40">'
    '<title>A square</title><rect x="2" y="2" width="36" height="36" class="fill-input" fill="#268bd2"/>'
    '<text x="60" y="24" class="fill-ink" fill="currentColor">X</text></svg>'
)

G = r"\frac{\partial E}{\partial O_{n,k,i,j}}"
DF = r"\frac{\partial E}{\partial F_{k,c,p,q}}"
X_AT = r"X_{n,c,\,s i + d p - P,\,s j + d q - P}"

LAW = Equation(
    r"O_{n,k,i,j} = \sum_{c,p,q} X_{n,c,\,s i + d p - P,\,s j + d q - P}\, F_{k,c,p,q} + b_k",
    "O[n,k,i,j] = sum[c,p,q](X[n,c,s*i+d*p-P,s*j+d*q-P]*F[k,c,p,q]) + b[k]",
    "1",
)

_START = Math(DF, "dE/dF[k,c,p,q]")
_CHAIN = Math(
    r"\sum_{n',k',i,j} \focus{\frac{\partial E}{\partial O_{n',k',i,j}}"
    r" \frac{\partial O_{n',k',i,j}}{\partial F_{k,c,p,q}}}",
    "sum[n',k',i,j] dE/dO[n',k',i,j] * d(O[n',k',i,j])/dF[k,c,p,q]",
)
_LINEAR = Math(
    r"\sum_{n',k',i,j} \frac{\partial E}{\partial O_{n',k',i,j}} \sum_{c',p',q'}"
    r" X_{n',c',\,s i + d p' - P,\,s j + d q' - P}\, \focus{\frac{\partial F_{k',c',p',q'}}{\partial F_{k,c,p,q}}}",
    "sum[n',k',i,j] dE/dO[n',k',i,j] * sum[c',p',q'] X[n',c',s*i+d*p'-P,s*j+d*q'-P] * d(F[k',c',p',q'])/dF[k,c,p,q]",
)
_DELTA = Math(
    r"\sum_{n',k',i,j} \frac{\partial E}{\partial O_{n',k',i,j}} \sum_{c',p',q'}"
    r" X_{n',c',\,s i + d p' - P,\,s j + d q' - P}\,"
    r" \focus{\delta_{k' k}\, \delta_{c' c}\, \delta_{p' p}\, \delta_{q' q}}",
    "sum[n',k',i,j] dE/dO[n',k',i,j] * sum[c',p',q'] X[n',c',s*i+d*p'-P,s*j+d*q'-P] * [k'==k]*[c'==c]*[p'==p]*[q'==q]",
)
_DONE = Math(
    rf"\sum_{{n,i,j}} {G}\, \focus{{{X_AT}}}",
    "sum[n,i,j] dE/dO[n,k,i,j] * X[n,c,s*i+d*p-P,s*j+d*q-P]",
)
_GUARD = Math(
    r"\sum_{k,p,q} \frac{\partial E}{\partial O_{n,k,\frac{a + P - d p}{s},\frac{b + P - d q}{s}}}\, F_{k,c,p,q}"
    r" \left[ s \mid a + P - d p \right] \left[ s \mid b + P - d q \right]"
    r" \left[ 0 \le \tfrac{a + P - d p}{s} < H' \right] \left[ 0 \le \tfrac{b + P - d q}{s} < W' \right]",
    "sum[k,p,q] dE/dO[n,k,(a+P-d*p)/s,(b+P-d*q)/s]*F[k,c,p,q]*[s | a+P-d*p]*[s | b+P-d*q]"
    "*[0<=(a+P-d*p)/s<H']*[0<=(b+P-d*q)/s<W']",
)

STEPS = StepTable(
    (
        Step(
            1,
            "chain rule",
            spans("every output entry depends on ", Math("F", "F"), ", so each one is summed over"),
            _START,
            _CHAIN,
        ),
        StepGroup(
            spans("Differentiate the law of ", Math("O", "O")),
            (
                Step(
                    2,
                    "linearity of the derivative",
                    spans(Math(r"\partial (\alpha f + g) = \alpha\, \partial f + \partial g", "d(a*f+g) = a*df + dg")),
                    _CHAIN,
                    _LINEAR,
                    (spans(Math("b_k", "b[k]"), " does not contain ", Math("F", "F"), ", so its derivative is 0"),),
                ),
                Step(
                    3,
                    "an entry by an entry of the same tensor",
                    spans(
                        Math(
                            r"\frac{\partial F_{a}}{\partial F_{b}} = \delta_{a b}",
                            "d(F[a])/d(F[b]) = [a==b]",
                        )
                    ),
                    _LINEAR,
                    _DELTA,
                ),
            ),
        ),
        Step(
            4,
            "contraction of a delta",
            spans(Math(r"\sum_{i} \delta_{i a} f_i = f_a \; [0 \le a < N]", "sum[i<N] [i==a]*f[i] = f[a]*[0<=a<N]")),
            _DELTA,
            _DONE,
            (
                spans(Math(r"0 \le k < K", "0<=k<K"), " because ", Math("k", "k"), " is an index of ", Math("F", "F")),
                spans(Math(r"0 \le c < C,\; 0 \le p < R,\; 0 \le q < S", "0<=c<C, 0<=p<R, 0<=q<S"), " likewise"),
            ),
            spans("Evaluated exactly at 12 entries on 3 sizes: the line before and this one agree."),
        ),
    )
)

KERNEL = '''def weight_gradient(dy, x, stride, padding, dilation):
    """dE/dF[k,c,p,q] = sum[n,i,j] dE/dO[n,k,i,j] * X[n,c,s*i+d*p-P,s*j+d*q-P]"""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))  # reads outside are 0
    windows = sliding_windows(x, dy.shape[2:], stride, dilation)
    return np.einsum("nkij,ncpqij->kcpq", dy, windows, optimize=True)
'''


def specimen() -> Document:
    """The document; the same on every call."""
    return Document(
        "The gradient of conv2d with respect to its weight",
        (
            Section(
                spans("The law"),
                (
                    Prose(
                        spans(
                            "A two-dimensional ",
                            Emphasis("cross-correlation"),
                            " with stride ",
                            Math("s", "s"),
                            ", dilation ",
                            Math("d", "d"),
                            " and padding ",
                            Math("P", "P"),
                            " multiplies each window of ",
                            Math(r"\mathbf X", "X"),
                            " by the filter and adds a bias. A read outside of ",
                            Math(r"\mathbf X", "X"),
                            " is 0. It is ",
                            Code("torch.nn.functional.conv2d"),
                            ", term by term; see ",
                            Link("the notation", "notation.html"),
                            ".",
                        )
                    ),
                    LAW,
                    Definitions(
                        (
                            Definition(
                                spans(Math(r"O_{n,k,i,j}", "O[n,k,i,j]")),
                                spans(
                                    "output, ",
                                    Math(
                                        r"H' = \left\lfloor \frac{H + 2P - d(R-1) - 1}{s} \right\rfloor + 1",
                                        "H' = floor((H+2P-d*(R-1)-1)/s)+1",
                                    ),
                                    " rows",
                                ),
                            ),
                            Definition(
                                spans(Math(r"\delta_{a b}", "[a==b]")),
                                spans("1 where ", Math("a=b", "a=b"), ", else 0"),
                            ),
                        )
                    ),
                    Figure(SVG, "A window of the input", spans("The window of ", Math("O_{1,1}", "O[1,1]"))),
                ),
            ),
            Section(
                spans("The derivation"),
                (
                    Prose(spans("Each line equals the one before it by the ", Strong("one"), " law named beside it.")),
                    STEPS,
                    Callout(
                        "result",
                        spans(
                            "cross-correlation of ",
                            Math("X", "X"),
                            " with the cotangent; the stride becomes the dilation",
                        ),
                        (
                            Equation(
                                rf"{DF} = \sum_{{n,i,j}} {G}\, {X_AT}",
                                "dE/dF[k,c,p,q] = sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,s*i+d*p-P,s*j+d*q-P]",
                                "2",
                            ),
                        ),
                    ),
                ),
            ),
            Section(
                spans("With respect to the input ", Math(r"\mathbf X", "X")),
                (
                    Prose(spans("As a gather over the taps, with every guard that is needed and none that is not:")),
                    Equation(
                        rf"\frac{{\partial E}}{{\partial X_{{n,c,a,b}}}} = {_GUARD.latex}",
                        f"dE/dX[n,c,a,b] = {_GUARD.plain}",
                        "3",
                    ),
                    Equation(
                        r"\mathbf{W}^{\mathsf T} \mathbf g \quad \begin{bmatrix} 1 & 2 \\ -3 & 4 \end{bmatrix}"
                        r" \circledast"
                        r" \begin{bmatrix} 0 & 1 \\ 1 & 0 \end{bmatrix} ="
                        r" \begin{cases} 1 & x > 0 \\ 0 & \text{otherwise} \end{cases}"
                        r" \qquad \sum_{\substack{0 \le p < R \\ s \mid a + P - d p}} \max_{p<K}"
                        r" \mathbb{E}\, \hat y_{\mathrm{pred}}",
                        "W^T g",
                    ),
                    Table(
                        (spans("size"), spans("entries"), spans("ratio")),
                        (
                            (spans(Math(r"3 \times 3", "3x3")), spans("9"), spans("1.00")),
                            (spans(Math(r"28 \times 28", "28x28")), spans("784"), spans("87.11")),
                        ),
                        spans("Sizes"),
                        "lrr",
                    ),
                    Callout(
                        "note", spans("Leftover rows"), (Prose(spans("They were never read: their gradient is 0.")),)
                    ),
                    Callout("warning", spans(), (Items((spans("a tie"), spans("a kink")), ordered=True),)),
                ),
            ),
            Section(
                spans("The kernel"),
                (
                    Source("python", KERNEL, spans("numpy, from equation (2)"), LAW),
                    Source("python", "1 + 1", runnable=True),
                ),
            ),
            Section(
                spans("Verdicts"),
                (
                    Verdict(
                        (
                            Claim(
                                spans("each of the 4 lines follows by its law"),
                                "1 steps",
                                "proved",
                                spans("by ", Code("derive.checker"), ", which shares no code with the deriver"),
                                True,
                            ),
                            Claim(
                                spans("kernel equals the definition"),
                                "6 kernels",
                                "tested",
                                spans("bit for bit on 120 shapes"),
                                True,
                            ),
                            Claim(
                                spans("index relations for all sizes"),
                                "2 indices",
                                "undecided",
                                spans("z3 is not installed"),
                                None,
                            ),
                            Claim(
                                spans("the un-flipped filter gives ", Math(r"\partial E/\partial X", "dE/dX")),
                                "3 algebra",
                                "refuted",
                                spans("at ", Math("[0,0,1,2]", "[0,0,1,2]"), ": 3 for 5"),
                                False,
                            ),
                        ),
                        spans("Which layer of the verification says what"),
                    ),
                ),
            ),
            Section(
                spans("More"),
                (
                    Entries(
                        (
                            Entry("max_pool2d", "max_pool2d.html", spans("The gradient goes to the winner."), 7, 0, 1),
                            Entry(
                                "softmax",
                                "softmax.html",
                                spans("Rows sum to 0: ", Math(r"\sum_c p_c = 1", "sum p = 1")),
                                3,
                                1,
                                0,
                            ),
                        )
                    ),
                ),
                collapsed=True,
            ),
        ),
        spans(
            "One line of notation, every step by a named law, checked on paper and in ", Math(r"\mathbb{F}_p", "F_p")
        ),
        (("backproof", "0.1.0"), ("seed", "0"), ("options", "stride = s, padding = P, dilation = d")),
    )
