"""Every law of a derivation in a lecturer's words and signs; what a law does is told here and nowhere else."""

from __future__ import annotations

import re
from typing import NamedTuple

from reports.document import Code, Math, Spans, spans

TOTAL = "total derivative"
_DERIVATIVE = re.compile(r"D<(.*?)>")


class Statement(NamedTuple):
    """A law in words and in signs; `D<f>` in the signs is the derivative of f by an entry of X."""

    words: str
    signs: str

    @property
    def latex(self) -> str:
        """The signs as LaTeX."""
        return _DERIVATIVE.sub(lambda m: rf"\frac{{\partial {m[1]}}}{{\partial X_a}}", self.signs)


STATEMENTS: dict[str, Statement] = {
    TOTAL: Statement(
        "the loss depends on it through every entry of the output",
        r"D<E> = \sum_i \frac{\partial E}{\partial O_i}\,D<O_i>",
    ),
    # differentiate
    "definition": Statement("put in what the law says", r"O_i = f_i \;\Rightarrow\; D<O_i> = D<f_i>"),
    "linearity": Statement("the derivative of a sum is the sum of the derivatives", r"D< >\sum_i f_i = \sum_i D<f_i>"),
    "independent": Statement("what does not read the tensor does not change with it", r"D<e> = 0"),
    "constant factor": Statement("a factor that does not read the tensor stays", r"D<(c f)> = c\,D<f>"),
    "product rule": Statement("one factor at a time", r"D<(f g)> = D<f>\,g + f\,D<g>"),
    "quotient rule": Statement("of a fraction", r"D< >\frac{f}{g} = \frac{1}{g}\,D<f> - \frac{f}{g^2}\,D<g>"),
    "power rule": Statement("of a power", r"D<f^n> = n\,f^{n-1}\,D<f>"),
    "chain rule": Statement("outer derivative times inner derivative", r"D<f(u)> = f'(u)\,D<u>"),
    "same tensor": Statement("an entry changes with itself and with no other", r"D<X_i> = \left[i = a\right]"),
    "maximum": Statement(
        "the larger side passes its derivative on",
        r"D<\max(f,g)> = \left[g < f\right] D<f> + \left[f \le g\right] D<g>",
    ),
    "selection": Statement(
        "a maximum changes with its winner",
        r"D< >\max_p f_p = \sum_p \left[p = \operatorname*{argmax}_{q} f_q\right] D<f_p>",
    ),
    "cases": Statement("branch by branch", r"D<f> \text{ in each case}"),
    # why a shifted softmax is the softmax
    "unfold": Statement("put in what the operation computes", r"O_i = f_i"),
    "exponential": Statement("the exponential of a difference", r"e^{a-b} = \frac{e^a}{e^b}"),
    "logarithm": Statement("the logarithm of a quotient", r"\log \frac{a}{e^b} = \log a - b"),
    "cancel": Statement("what stands above and below goes out", r"\frac{a/c}{b/c} = \frac{a}{b}"),
    # contract
    "zero branch": Statement(
        "a choice between a value and 0 is a bracket",
        r"\begin{cases} f & \text{if } b \\ 0 & \text{else} \end{cases} = \left[b\right] f",
    ),
    "merge sums": Statement("sums move outwards and become one", r"a \sum_i b_i = \sum_i a\,b_i"),
    "distribute": Statement("multiply out", r"a\,(b + c) = a\,b + a\,c"),
    "contract a delta": Statement(
        "of a sum against a delta only the term that the delta selects is left",
        r"\sum_i \left[i = a\right] f_i = \left[0 \le a < I\right] f_a",
    ),
    "divide with a rest": Statement(
        "every number is a multiple of the width and a rest in one way, so one window and one place in it are left",
        r"\sum_{i,\,p<K} \left[K i + p = a\right] f_{i,p} = \left[0 \le \left\lfloor\frac{a}{K}\right\rfloor < I\right]"
        r" f_{\left\lfloor a/K \right\rfloor,\, a \bmod K}",
    ),
    "undo a division": Statement(
        "where the bracket is not 0, the division leaves no rest and can be undone",
        r"\left[0 \le \tfrac{a}{s} < I\right] f_{s \cdot a/s} = \left[0 \le \tfrac{a}{s} < I\right] f_a",
    ),
    "clear a quotient": Statement("multiply by the divisor", r"\left[\tfrac{a}{s} = b\right] = \left[a = s\,b\right]"),
    "block by block": Statement(
        "run through the blocks, and through each block: one index is a block and a place in it",
        r"\sum_{k<GK} f_{k,\, \left\lfloor k/K \right\rfloor,\, k \bmod K} = \sum_{g<G}\sum_{k<K} f_{gK+k,\, g,\, k}",
    ),
    "mixed radix": Statement(
        "quotient and rest together are the number",
        r"\left[q = \left\lfloor\frac{a}{W}\right\rfloor\right]\left[r = a \bmod W\right] = \left[q W + r = a\right]",
    ),
    "range": Statement("a bracket that always holds is 1", r"\left[0 \le e < N\right] = 1"),
    "zero outside": Statement(
        "a tensor read outside its range, or between two entries, is 0 already",
        r"\left[0 \le e < N\right] X_e = X_e",
    ),
    "deviations": Statement("deviations from their mean add up to 0", r"\sum_n \left(f_n - \bar f\right) = 0"),
    "labels": Statement("a label is one of the classes", r"\left[0 \le T_n < C\right] = 1"),
    # write down
    "fold": Statement(
        "the law read from right to left", r"f_i = O_i,\quad \sum_{i,\,j} a_i\,f_{i,j} = \sum_i a_i\,O_i"
    ),
    "whole windows": Statement(
        "run along the tensor that is read at a quotient: outside, both tensors are 0",
        r"\sum_i Y_i\, X_{(i-r)/s} = \sum_h Y_{s h + r}\, X_h",
    ),
    "pull out": Statement("what does not depend on the index leaves the sum", r"\sum_i a\,b_i = a \sum_i b_i"),
    "factor out": Statement(
        "what the terms share",
        r"a\,b + a\,c = a\,(b + c),\quad \sum_i a_i\,b_i + \sum_i a_i\,c_i = \sum_i a_i\,(b_i + c_i)",
    ),
    "one quotient": Statement("one fraction", r"a \cdot \frac{b}{c} = \frac{a\,b}{c}"),
    "complete the denominator": Statement(
        "add and subtract what the denominator has more",
        r"\frac{f}{(c + f)^n} = \frac{1}{(c + f)^{n-1}} - \frac{c}{(c + f)^n}",
    ),
    # name
    "reverse": Statement("run through the taps backwards", r"\sum_p f_p = \sum_p f_{K - 1 - p}"),
    "introduce": Statement(
        "the turned filter and the gradient with zeros between its entries",
        r"F_{K-1-p} = \left(\operatorname{rot}_{180} F\right)_p,\quad G_{i/s} = \left({\uparrow}G\right)_i",
    ),
    "name": Statement("the definition of a name, read from right to left", ""),
    "hypothesis": Statement("what is assumed of the targets", r"\sum_c T_{n,c} = 1"),
}


def statement(law: str, notation: str) -> Spans:
    """A law in words and in signs; one that has no lecturer's words yet, as its own notation says it."""
    found = STATEMENTS.get(law)
    if found is None:
        return spans(Code(notation))
    return spans(found.words, ": ", Math(found.latex, notation)) if found.signs else spans(found.words)
