"""How the named results of derivations are written; what a name means stands beside it in every document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from derive.expressions.expr import Apply, Entry
from derive.language.show import ATOM, SUM
from reports.mathematics.latex_index import brackets

if TYPE_CHECKING:
    from reports.mathematics.latex_nodes import Printer

# By the stem of the definition's name: {0}, {1} and {2} are its tensors.
_NAMED = {
    "correlation": r"\left({0} \circledast {1}\right)",
    "dilated_correlation": r"\left({0} \circledast {1}\right)",
    "filtered": r"\left({0} \circledast {1}\right)",
    "strided": r"\left({0} \circledast {1}\right)",
    "full_convolution": r"\left({0} \ast {1}\right)",
    "stuffed_convolution": r"\left({{\uparrow}}{0} \ast {1}\right)",
    "rot180": r"\left(\operatorname{{rot}}_{{180}} {0}\right)",
    "stuffed": r"\left({{\uparrow}}{0}\right)",
    "transposed_product": r"\left({0}^{{\mathsf T}} {1}\right)",
    "outer_product": r"\left({0}\,{1}^{{\mathsf T}}\right)",
    "logistic_slope": r"\left({0}\,(1 - {0})\right)",
    "tanh_slope": r"\left(1 - {0}^2\right)",
    "centred_slope": r"\left({0}\right)^{{\perp 1,\,{1}}}",
    "centred_slope_scaled": r"\left({0}\,{2}\right)^{{\perp 1,\,{1}}}",
    "channel_sums": r"\left({{\textstyle\sum}}\,{0}\right)",
    "one_hot": r"\operatorname{{onehot}}({0})",
}
_FORM = re.compile(r"(_\dd|_plain|_channels|_groups)+$")


def named(p: Printer, e: Apply) -> tuple[str, int]:
    """An entry of a named result, and how tightly it binds."""
    tensors = [p.text(Entry(t, ()), SUM) for t in e.tensors]
    template = _NAMED.get(_FORM.sub("", e.definition))
    below = f"_{{{p.indices(e.indices)}}}" if e.indices else ""
    if template is not None:
        return template.format(*tensors) + below, ATOM
    word, _, rest = e.definition.partition("_")
    inside = r",\,".join([p.names[rest]] if rest and not tensors else tensors)
    return brackets(rf"\operatorname{{{word}}} {inside}") + below, ATOM
