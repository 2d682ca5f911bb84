"""Plans are what they are for conv2d, the same on every run; printed text holds nothing of a user's but names."""

import ast
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import derive
from derive.operation import Op
from numeric.kernels import kernel
from numeric.plans.lower import plan
from numeric.plans.plan import Gather, Map, Matmul, Merge, Pad, Scatter, Split, Wins
from numeric.printing.printer import plain
from numeric.printing.wrapping import wrapped
from tests.numeric.laws import LAWS, Law
from tests.numeric.small_cases import CASES, Case

CONV2D = """\
X_padded[n,c,h,w] = pad X[n,c,h,w] by 0..0, 0..0, \
P_h..max(0, s_h*I+d_h*K_h+1-P_h-s_h-d_h-H), P_w..max(0, s_w*J+d_w*K_w+1-P_w-s_w-d_w-W) with 0
X_windows[n,c,i,p,j,q] = view X_padded[n,c,s_h*i+d_h*p,s_w*j+d_w*q]
X_columns[c,p,q,n,i,j] = copy X_windows[n,c,i,p,j,q]
product[k,n,i,j] = F[k ; c,p,q] @ X_columns[c,p,q ; n,i,j]
O[n,k,i,j] = product[k,n,i,j] + b[k]
product1[c,p,q,n,i,j] = F[c,p,q ; k] @ dE/dO[k ; n,i,j]
scattered[c,n,h,w] = for p<K_h,q<K_w: add product1[c,p,q,n,i,j] at h = s_h*i+d_h*p-P_h, w = s_w*j+d_w*q-P_w
dE/dX[n,c,h,w] = scattered[c,n,h,w]
product2[c,p,q,k] = X_columns[c,p,q ; n,i,j] @ dE/dO[n,i,j ; k]
dE/dF[k,c,p,q] = product2[c,p,q,k]
dE/db[k] = sum[n<N,i<I,j<J] dE/dO[n,k,i,j]
"""

STACKED = """\
X_columns[n,c,p,q,i,j] = copy X_windows[n,c,i,p,j,q]
product[n,k,i,j] = F[k ; c,p,q] @ X_columns[n | c,p,q ; i,j]
O[n,k,i,j] = product[n,k,i,j] + b[k]
product1[n,c,p,q,i,j] = F[c,p,q ; k] @ dE/dO[n | k ; i,j]
dE/dX[n,c,h,w] = for p<K_h,q<K_w: add product1[n,c,p,q,i,j] at h = s_h*i+d_h*p-P_h, w = s_w*j+d_w*q-P_w
product2[n,c,p,q,k] = X_columns[n | c,p,q ; i,j] @ dE/dO[n | i,j ; k]
total[c,p,q,k] = sum[n<N] product2[n,c,p,q,k]
dE/dF[k,c,p,q] = total[c,p,q,k]
dE/db[k] = sum[n<N,i<I,j<J] dE/dO[n,k,i,j]
"""

MAX_POOL = """\
O[n,c,i,j] = for p<K_h,q<K_w: max[] X_windows[n,c,i,p,j,q]
wins[p1,q1,n,c,i,j] = first[p1<K_h,q1<K_w] X_windows[n,c,i,p1,j,q1] == O[n,c,i,j] \
where [0<=s_h*i+d_h*p1-P_h<H]*[0<=s_w*j+d_w*q1-P_w<W]
dE/dX[n,c,h,w] = for p<K_h,q<K_w: add dE/dO[n,c,i,j]*wins[p,q,n,c,i,j] \
at h = s_h*i+d_h*p-P_h, w = s_w*j+d_w*q-P_w
"""


def source(op: str | Op, backend: str = "numpy") -> str:
    return kernel(op, backend=backend).source


def test_the_plan_of_conv2d_is_this() -> None:
    assert str(plan(derive.op("conv2d"))) == CONV2D


def test_the_plan_of_conv2d_with_stacked_matrices_is_this() -> None:
    assert str(plan(derive.op("conv2d"), stacked=True)).endswith(STACKED)


def test_the_plan_of_max_pooling_finds_the_winners_once() -> None:
    assert str(plan(derive.op("max_pool2d"))).endswith(MAX_POOL)


def test_nothing_is_padded_where_every_window_ends_inside() -> None:
    found = plan(derive.op("max_pool2d", kernel_size=3, stride=2, padding=0, dilation=1, ceil_mode=False))
    assert [i for i in found.instructions if isinstance(i, Pad)] == []
    assert [i.where for i in found.instructions if isinstance(i, Wins)] == [()]
    assert any(isinstance(i, Pad) for i in plan(derive.op("O[i] = max[p<K] X[i+p]; X[h<H]; size i = H")).instructions)


def test_a_transposed_convolution_is_the_plan_of_a_convolution_turned_round() -> None:
    law = next(law for law in LAWS if law.name == "transposed convolution")
    kinds = [type(i) for i in plan(derive.op(law.text)).instructions]
    assert kinds.count(Matmul) == 3
    assert kinds.count(Scatter) == 1


GROUPS = """\
X_split[n1,k1,c,h] = reshape X[n1,(k1,c),h]
X_split_padded[n1,k1,c,h] = pad X_split[n1,k1,c,h] by 0..0, 0..0, 0..0, P..max(0, s*I+d*Q+1-P-s-d-H) with 0
X_split_windows[n,k1,c,i,p] = view X_split_padded[n,k1,c,s*i+d*p]
F_split[k1,k2,c1,p1] = reshape F[(k1,k2),c1,p1]
X_split_columns[k1,c,p,n,i] = copy X_split_windows[n,k1,c,i,p]
product[k1,k2,n,i] = F_split[k1 | k2 ; c,p] @ X_split_columns[k1 | c,p ; n,i]
"""


def test_groups_are_a_stack_of_products() -> None:
    convolution, transposed = (plan(derive.op(law.text)) for law in LAWS if law.name.endswith("convolution in groups"))
    assert str(convolution).startswith(GROUPS)
    for found in (convolution, transposed):
        assert [i for i in found.instructions if isinstance(i, Gather)] == []
        assert all(i.left.stack for i in found.instructions if isinstance(i, Matmul))
        assert sum(isinstance(i, Matmul) for i in found.instructions) == 3


def test_an_index_is_written_in_digits_only_where_it_is_read_in_them() -> None:
    assert " reshape " not in str(plan(derive.op("O[i] = X[i//2]; X[h<H]; size i = 2*H-1")))


def test_flattening_and_its_gradient_are_reshapes() -> None:
    assert {type(i) for i in plan(derive.op("flatten")).instructions} == {Merge, Split, Map}


def test_a_guard_that_only_says_the_range_of_a_read_disappears_into_padding() -> None:
    with_guard = plan(derive.op("O[i] = sum[p] [0<=i+p-1<H]*X[i+p-1]*F[p]; X[h<H]; F[p<P]; size i = H"))
    without = plan(derive.op("O[i] = sum[p] X[i+p-1]*F[p]; X[h<H]; F[p<P]; size i = H"))
    forward = [str(i) for i in with_guard.needed(("O",))]
    assert forward == [str(i) for i in without.needed(("O",))]


def test_a_sum_against_labels_is_a_gather() -> None:
    text = str(plan(derive.op("O = sum[n,c] [c==T[n]]*X[n,c]; X[n<N,c<C]; T[n<N]; integer T")))
    assert "gather X[n,T[n]]" in text


def test_what_equations_and_gradients_share_is_made_once() -> None:
    text = str(plan(derive.op("cross_entropy")))
    assert text.count("exp(") == 1


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_the_source_is_the_same_in_every_process(backend: str) -> None:
    code = f"from numeric import kernel; print(kernel('max_pool2d', {backend!r}, kernel_size=2).source, end='')"
    texts = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONHASHSEED": seed}
        )
        assert done.returncode == 0, done.stderr
        texts.add(done.stdout)
    assert texts == {kernel("max_pool2d", backend, kernel_size=2).source}


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_source_opens_with_the_formulas_and_has_short_lines_of_plain_ascii(case: Case, backend: str) -> None:
    text = kernel(case.op, backend=backend, **case.settings).source
    tree = ast.parse(text)
    heading = ast.get_docstring(tree) or ""
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    assert heading.startswith(f"{case.op}: generated from")
    assert all(ast.get_docstring(f) for f in functions)
    assert text.isascii()
    code = [line for line in text.splitlines() if not any(f in line for f in heading.splitlines())]
    assert all(len(line) <= 130 for line in code if "[" not in line.split(" = ")[0]), code


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_no_name_of_a_user_shadows_what_the_text_needs(law: Law) -> None:
    tree = ast.parse(kernel(law.text, **law.settings).source)
    assigned = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    assigned |= {
        a.arg for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for a in f.args.args + f.args.kwonlyargs
    }
    # the helper functions' own locals are theirs
    assert not assigned & {"np", "as_strided", "pad", "lowest", "range", "int", "max", "list", "lambda"}


HOSTILE = ['"""', "'''", "\\", "\n", "\r", "\x00", "\u2028", "#", "__import__('os')", '""" + print(1) + """']


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_name_of_an_operation_cannot_leave_its_docstring(text: str) -> None:
    op = replace(derive.op("relu"), name=f"x{text}y{text}")
    printed = source(op)
    tree = ast.parse(printed)
    assert [type(n).__name__ for n in tree.body] == [type(n).__name__ for n in ast.parse(source("relu")).body]
    assert kernel(op).forward(np.array([-1.0, 1.0])).tolist() == [0, 1]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_name_of_a_tensor_becomes_an_identifier(text: str) -> None:
    op = derive.op("relu")
    hostile = replace(op.tensors[0], argument=f"a{text}")
    assert ast.parse(source(replace(op, tensors=(hostile, op.tensors[1]))))


def test_plain_keeps_notation_and_nothing_that_ends_a_string() -> None:
    notation = "O[n,k] = sum[c<C] X[n,(h+P)/s]*F[k,c]^2 + [c==T[n]] - 1.5 | a != b; x > y % 2"
    assert plain(notation) == notation
    assert not set("\"'\\\r\0") & set(plain("\"'\\\r\0"))


def test_long_calls_are_broken_at_their_arguments_and_mean_the_same() -> None:
    line = f"y = f({', '.join(f'({a}, {a} + 1)' for a in range(40))})"
    lines = wrapped(line)
    assert max(map(len, lines)) <= 116
    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(line))


def test_a_kernel_tells_its_plan_and_prints_as_its_source() -> None:
    k = kernel("conv2d")
    assert str(k.plan) == CONV2D
    assert str(k) == k.source
    assert kernel("conv2d", backend="reference").plan is None
