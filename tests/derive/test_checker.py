"""The checker accepts what follows, refuses every edit that changes a meaning, and knows every law of the deriver."""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sympy

import derive
from derive import checker
from derive.catalogue import op
from derive.certificate import dumps, expression, written
from derive.checker import differentiation, normal, trees
from derive.expressions.functions import FUNCTIONS
from derive.expressions.traversal import put
from derive.laws.law import LAWS
from derive.laws.stability import Proof, shift_proofs
from derive.meaning.linevalues import assuming
from tests.derive.certificate_edits import (
    NODE_EDITS,
    PARTS,
    Pool,
    edit,
    indices_of,
    is_node,
    means_the_same,
    places,
    worth,
)
from tests.derive.derivations import CASES, certified, derived, operation, title

ROOT = Path(__file__).resolve().parents[2]
# How many edits of each of ten certificates, and a tenth as many of all others; a longer run:
# BACKPROOF_EDITS=3000 pytest tests/derive -k edit
EDITS = int(os.environ.get("BACKPROOF_EDITS", "30"))
CONV_STRIDED = next(c for c in CASES if ("s_h", "2") in operation(c[0]).settings)
POOLED = next(c for c in CASES if operation(c[0]).name == "max_pool2d")
FLAT = next(c for c in CASES if operation(c[0]).name == "flatten")
SOFTMAX = next(c for c in CASES if operation(c[0]).name == "softmax")
RELU = next(c for c in CASES if operation(c[0]).name == "relu")
LABELLED = next(c for c in CASES if operation(c[0]).name == "cross_entropy")
ASSUMED = next(c for c in CASES if operation(c[0]).hypotheses)
GROUPED = [c for c in CASES if "(X[k//K*C+c" in title(c)]
EDITED = [*GROUPED, (0, "X"), (0, "F"), CONV_STRIDED, POOLED, FLAT, SOFTMAX, RELU, LABELLED, ASSUMED, CASES[-1]]


def refusal(data: dict[str, Any]) -> str:
    """Why a certificate is refused; empty where it is accepted."""
    try:
        checker.verdict(data)
    except (checker.Refuted, checker.Malformed) as error:
        return str(error)
    return ""


# -- laws --------------------------------------------------------------------------------------------------------------


def without_entry(laws: list[str]) -> list[str]:
    return sorted(set(laws) - set(checker.LAWS))


def test_every_law_of_the_deriver_has_an_entry_and_no_entry_is_idle():
    for module in pkgutil.iter_modules(derive.__path__):
        importlib.import_module(f"derive.{module.name}")
    assert without_entry(list(LAWS)) == []
    assert set(checker.LAWS) == set(LAWS)


def test_a_law_without_an_entry_is_found():
    assert without_entry([*LAWS, "wishful thinking"]) == ["wishful thinking"]


def test_every_entry_accepts_a_move_of_some_derivation():
    words = ("sigmoid", "mse_loss", "cases(", "sin(", "X[i]/4", "X[2*i+p]^2", "(X[k//K*C+c", "M[c] = ")
    some = [*EDITED, *(c for c in CASES if any(w in title(c) for w in words))]
    used = {s.law for c in some for s in derived(c).steps} | {s.law for p in PROOFS for s in p.steps}
    assert used == set(checker.LAWS)


PROOFS = [p for name in ("softmax", "log_softmax", "cross_entropy") for p in shift_proofs(op(name)).values()]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.title)
def test_the_steps_of_shift_invariance_are_accepted(proof: Proof):
    claim = claim_of(proof)
    for step in proof.steps:
        line = step.before
        for move in step.moves:
            data = {"at": list(move.path), "to": written(move.after), "line": written(move.line)}
            claim.move(step.law, claim.line(written(line)), data)
            line = move.line


def claim_of(proof: Proof) -> checker.Claim:
    axes = [b.name for b in proof.op.tensor("X").axes]
    tensors = {t.name: [written(b.extent) for b in t.axes] for t in proof.op.tensors}
    equations = [["equation", e.target, list(e.names), written(e.body)] for e in proof.op.equations]
    return checker.Claim([tensors, equations, ["gradient", proof.op.output.name, "X", axes], [], [], {}, {}, []])


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_scalar_derivatives_are_those_of_sympy(name):
    z = sympy.Symbol("z")
    function = scalar(name, z)
    ours = in_sympy(differentiation.DERIVATIVES[name](("name", "z")))
    assert sympy.simplify(ours - sympy.diff(function, z)) == 0
    assert sympy.simplify(ours - sympy.diff(function, z) - 1) != 0


def scalar(name: str, z: sympy.Expr) -> sympy.Expr:
    return 1 / (1 + sympy.exp(-z)) if name == "sigmoid" else getattr(sympy, name)(z)


def in_sympy(e: trees.Tree) -> sympy.Expr:
    match e:
        case "num", p, q:
            return sympy.Rational(p, q)
        case "name", n:
            return sympy.Symbol(n)
        case "fn", name, f:
            return scalar(name, in_sympy(f))
    below = [in_sympy(p) for p in trees.parts(e)]
    return {"add": sympy.Add, "mul": sympy.Mul, "pow": sympy.Pow, "div": lambda a, b: a / b}[e[0]](*below)


def test_a_move_that_changes_nothing_is_an_instance_of_no_law():
    random = Random(1)
    for case in EDITED:
        data = certified(case)
        lines = [data["start"], *(s["moves"][-1]["line"] for s in data["steps"])]
        places_ = [(line, *place) for line in lines for place in positions(line)]
        for line, path, node in random.sample(places_, min(12, len(places_))):
            for law in checker.LAWS:
                assert not accepted(data, law, line, {"at": list(path), "to": node, "line": line}), (law, line, path)


def positions(v: Any, path: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], Any]]:
    kinds = "e." if v[0] == "d" else PARTS[v[0]]
    below = [p for kind, x in zip(kinds, v[1:], strict=True) if kind in "eE" for p in (x if kind == "E" else [x])]
    return [(path, v), *(found for k, p in enumerate(below) for found in positions(p, (*path, k)))]


def accepted(data: dict[str, Any], law: str, line: Any, move: dict[str, Any]) -> bool:
    claim = checker.Claim([data[k] for k in checker.STATED.split()])
    try:
        claim.move(law, claim.line(line), move)
    except (checker.Refuted, checker.Malformed):
        return False
    return True


# -- edits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=title)
def test_an_edit_is_refused_unless_it_means_the_same(case):
    data, random = certified(case), Random(title(case))
    for _ in range(EDITS if case in EDITED else EDITS // 10):
        what, edited = edit(data, random)
        assert refusal(edited) or means_the_same(edited, data, operation(case[0])), what


def test_an_edit_that_changes_a_meaning_is_seen():
    data, edited = certified(CONV_STRIDED), deepcopy(certified(CONV_STRIDED))
    move = edited["steps"][-1]["moves"][-1]
    move["line"] = ["mul", [["num", 2, 1], move["line"]]]
    assert not means_the_same(edited, data, operation(CONV_STRIDED[0]))
    move["line"] = ["mul", [["num", 1, 1], data["steps"][-1]["moves"][-1]["line"]]]
    assert means_the_same(edited, data, operation(CONV_STRIDED[0]))


@pytest.mark.parametrize("case", EDITED, ids=title)
def test_a_forged_move_is_refused_unless_its_lines_have_one_value(case):
    # both the node after and the line are forged, so that only the law can refuse
    data, random, own = certified(case), Random(title(case)), assuming(operation(case[0]))
    moves = [(s.law, m, line) for s in derived(case).steps for m, line in zip(s.moves, lines_of(s), strict=True)]
    nodes = [n for _, n in places(data["steps"]) if is_node(n) and n[0] in trees.EXPRESSIONS]
    names = sorted({a for n in nodes for i in indices_of(n) for _, *atoms in i for a in atoms if isinstance(a, str)})
    for _ in range(40):
        law, move, line = random.choice(moves)
        after = deepcopy(written(move.after))
        inner = random.choice([n for _, n in [((), after), *places(after)] if is_node(n)])
        random.choice(NODE_EDITS)(inner, Pool(data, names, nodes, random))
        forged = put(line, move.path, expression(after))
        proof = {"range": m["range"]} if "range" in (m := move_in(data, law, move.path)) else {}
        if accepted(data, law, written(line), {"at": list(move.path), "to": after, "line": written(forged), **proof}):
            assert worth(line, own, data) == worth(forged, own, data), (law, after)


def lines_of(step: Any) -> list[Any]:
    return [step.before, *(m.line for m in step.moves[:-1])]


def move_in(data: dict[str, Any], law: str, path: tuple[int, ...]) -> dict[str, Any]:
    return next(m for s in data["steps"] if s["law"] == law for m in s["moves"] if m["at"] == list(path))


@pytest.mark.parametrize("case", EDITED, ids=title)
def test_dropped_doubled_and_swapped_steps_and_moves_are_refused(case):
    data = certified(case)
    steps = data["steps"]
    for k, step in enumerate(steps):
        kept = steps[:k] + steps[k + 1 :]
        edits = {"doubled": [*kept[:k], step, *steps[k:]]}
        if k:
            edits["swapped"] = [*kept[: k - 1], step, *kept[k - 1 :]]
        if k < len(steps) - 1:  # without its last step it may be a shorter proof
            edits["dropped"] = kept
        for m in range(len(step["moves"]) - (k == len(steps) - 1)):
            rest = step["moves"][:m] + step["moves"][m + 1 :]
            edits[f"without move {m}"] = [*steps[:k], {**step, "moves": rest}, *steps[k + 1 :]]
        for what, edited in edits.items():
            assert refusal({**data, "steps": edited}), f"step {k} {what}"


@pytest.mark.parametrize("case", EDITED, ids=title)
def test_no_step_is_an_instance_of_another_law(case):
    data = certified(case)
    line = data["start"]
    for step in data["steps"]:
        assert accepted(data, step["law"], line, step["moves"][0])
        for law in checker.LAWS.keys() - {step["law"]}:
            assert not accepted(data, law, line, step["moves"][0]), f"{step['law']} as {law}"
        line = step["moves"][-1]["line"]


def replaced(old: Any, new: Any, where: Any) -> bool:
    """Put `new` in place of the first `old` in a JSON value; whether there was one."""
    for path, v in places(where):
        if v == old:
            parent = where
            for k in path[:-1]:
                parent = parent[k]
            parent[path[-1]] = new
            return True
    return False


MISTAKES = [
    ("a guard is dropped", POOLED, 4, "line", ["in", [[1, "n"]], [[1, "N"]]], ["num", 1, 1], "does not give its line"),
    ("the stride is another", CONV_STRIDED, 6, "line", [[2]], [[3]], "does not give its line"),
    ("the padding has the other sign", (0, "X"), 6, "to", [1, "P_h"], [-1, "P_h"], "is no instance of the law"),
    ("a stride of the other axis", (0, "X"), 6, "to", [[1, "s_h"]], [[1, "s_w"]], "is no instance of the law"),
    ("a delta is about another index", (0, "F"), 4, "to", [[1, "p1"]], [[1, "q1"]], "is no instance of the law"),
    ("a delta is an inequality", (0, "F"), 4, "to", "==", "!=", "is no instance of the law"),
    ("a read is transposed", (0, "F"), 7, "line", "q", "p", "does not give its line"),
    ("a label is compared with another class", LABELLED, 15, "line", [[1, "c"]], [[1, "n"]], "does not give its line"),
    ("the first winner is another", POOLED, 1, "to", [1, "d_h", "p1"], [1, "d_h", "q1"], "is no instance of the law"),
    ("the other side of a kink counts", RELU, 1, "to", "<", "<=", "is no instance of the law"),
    ("a factor of a quotient is lost", SOFTMAX, 1, "to", ["num", 2, 1], ["num", 1, 1], "is no instance of the law"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "case", "step", "field", "old", "new", "why"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_known_mistake_is_refused_where_it_stands(what, case, step, field, old, new, why):
    edited = deepcopy(certified(case))
    assert any(replaced(old, new, move[field]) for move in edited["steps"][step]["moves"]), edited["steps"][step]
    assert why in refusal(edited)
    assert refusal(edited).startswith(f"step {step + 1} ")


# -- what is stated ----------------------------------------------------------------------------------------------------

SUPERFLUOUS = [
    ("minima", "K", 0, "minimum K 0 is not needed"),
    ("sizes", "I", [[1, "H"]], "size I is not needed"),
    ("conventions", None, "ties are split", "convention ties are split is not needed"),
    ("tensors", "Y", [None], "tensor Y is not needed"),
    ("hypotheses", None, ["one", [["n", None]], ["in", [[1, "n"]], [[1, "N"]]]], "hypothesis 0 is not needed"),
    ("equations", None, ["equation", "b", ["k"], ["num", 1, 1]], "defines b after it is read"),
    ("definitions", None, ["definition", "own", [], [], ["i"], ["val", [[1, "i"]]]], "definition own is not needed"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "name", "value", "why"), SUPERFLUOUS, ids=[s[0] for s in SUPERFLUOUS])
def test_what_is_stated_and_not_needed_is_refused(field, name, value, why):
    edited = deepcopy(certified((0, "X")))
    if name is None:
        edited[field].append(value)
    else:
        edited[field][name] = value
    assert refusal(edited) == why


@pytest.mark.parametrize("case", EDITED, ids=title)
def test_what_is_needed_and_not_stated_is_refused(case):
    data = certified(case)
    for field in checker.STATED.split():
        for k in list(data[field]) if isinstance(data[field], dict) else range(len(data[field])):
            edited = deepcopy(data)
            del edited[field][k]
            assert refusal(edited), f"{field} without {k}"
    for tensor, extents in data["tensors"].items():
        for k, extent in enumerate(extents):
            edited = deepcopy(data)
            edited["tensors"][tensor][k] = [[1, "N"]] if extent is None else None
            assert refusal(edited), f"extent {k} of {tensor}"


def test_a_weaker_and_a_stronger_assumption_are_refused():
    data = certified((0, "X"))
    for least in (0, 2):
        assert refusal({**data, "minima": {**data["minima"], "s_h": least}}) == "minimum s_h 1 is not stated"
    hypotheses = deepcopy(certified(LABELLED)["hypotheses"])
    hypotheses[0][1][0][1] = [[1, "N"]]
    assert "is no instance of the law" in refusal({**certified(LABELLED), "hypotheses": hypotheses})


NONSENSE = [
    ("equations out of order", lambda d: d["equations"].reverse(), "defines Z after it is read"),
    ("an equation of itself", lambda d: replaced("X", "U", d["equations"][0][3]), "defines U after it is read"),
    ("an equation of the input", lambda d: replaced("U", "X", d["equations"][0]), "defines X after it is read"),
    ("by an equation's target", lambda d: d["gradient"].__setitem__(2, "U"), "defines U after it is read"),
    ("an undeclared tensor", lambda d: replaced("dE/dO", "dE/dZ", d["start"]), "uses dE/dZ, which is not declared"),
    ("another rank", lambda d: d["tensors"]["X"].pop(), "expected an index for each axis of X"),
    ("no such output", lambda d: d["gradient"].__setitem__(1, "Q"), "uses Q, which is not declared"),
    ("a free index", lambda d: replaced("c1", "q", d["start"][2]), "uses q, which is free and not declared"),
]


@pytest.mark.parametrize(("what", "change", "why"), NONSENSE, ids=[n[0] for n in NONSENSE])
def test_a_claim_that_makes_no_sense_is_refused(what, change, why):
    edited = deepcopy(certified(SOFTMAX))
    change(edited)
    assert why in refusal(edited)


def test_an_equation_or_definition_holds_no_derivative():
    edited = deepcopy(certified(SOFTMAX))
    entry = ["entry", "X", [[[1, "..."]], [[1, "c"]]]]
    edited["equations"][0][3] = ["d", entry, entry]
    assert refusal(edited) == "holds a derivative by X"


def test_no_derivative_passes_through_an_index():
    tensors = {"Y": [None], "T": [[[1, "N"]]], "O": [[[1, "N"]]]}
    body = ["entry", "Y", [[[1, ["entry", "T", [[[1, "i"]]]]]]]]
    with pytest.raises(checker.Refuted, match="derives through an index of Y"):
        checker.Claim([tensors, [["equation", "O", ["i"], body]], ["gradient", "O", "T", ["n"]], [], [], {}, {}, []])


def test_an_unfinished_derivation_is_refused():
    data = certified((0, "b"))
    assert refusal({**data, "steps": data["steps"][:1]}) == "the last line still holds a derivative"


def test_a_divisor_that_may_be_zero_is_refused():
    # [h==p*i] is not [i==h/p]: the bound index p may be 0
    claim = checker.Claim(
        [{"X": [[[1, "H"]]], "O": [[[1, "I"]]]}, [], ["gradient", "O", "X", ["h"]], [], [], {}, {}, []]
    )
    sum_of = lambda e: ["sum", [["p", [[1, "H"]]]], e]  # noqa: E731
    delta = ["compare", "==", ["val", [[1, "p", "i"]]], ["val", [[1, "h"]]]]
    quotient = [[1, ["exact", [[1, "h"]], [[1, "p"]]]]]
    before = sum_of(["sum", [["i", [[1, "I"]]]], ["mul", [delta, ["entry", "O", [[[1, "i"]]]]]]])
    after = ["mul", [["in", quotient, [[1, "I"]]], ["entry", "O", [quotient]]]]
    with pytest.raises(checker.Refuted, match="is no instance of the law"):
        claim.move("contract a delta", claim.line(before), {"at": [0], "to": after, "line": sum_of(after)})


def test_a_guard_that_protects_a_neighbour_stays():
    # [0<=h<H]*X[h]/Y: where the guard is false the product is 0, and without it 0/Y, which may have no value
    claim = checker.Claim([{"X": [[[1, "H"]]], "O": []}, [], ["gradient", "O", "X", ["h"]], [], [], {}, {}, []])
    shifted = [[1, "h"], [1]]
    read, guard = ["entry", "X", [shifted]], ["in", shifted, [[1, "H"]]]
    for divisor, why in ((["entry", "O", []], "is no instance"), (["val", [[1, "H"]]], "")):
        line = ["div", ["mul", [guard, read]], divisor]
        move = {"at": [], "to": ["div", read, divisor], "line": ["div", read, divisor]}
        inner = {"at": [0], "to": read, "line": ["div", read, divisor]}
        with pytest.raises(checker.Refuted, match="is no instance"):
            claim.move("zero outside", claim.line(line), inner)
        if why:
            with pytest.raises(checker.Refuted, match=why):
                claim.move("zero outside", claim.line(line), move)
        else:
            claim.move("zero outside", claim.line(line), move)


# -- files -------------------------------------------------------------------------------------------------------------


def run(*paths: Path) -> tuple[int, str, str]:
    """The checker as a command, where nothing but the standard library can be imported."""
    command = [sys.executable, "-S", "-m", "derive.checker", *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_good_certificate_is_accepted_in_one_line_without_sympy(tmp_path):
    (tmp_path / "c").write_text(dumps(certified((0, "b"))))
    assert run(tmp_path / "c") == (0, f"{tmp_path / 'c'}: accepted: dE/db of O in 7 steps, 8 moves\n", "")


def test_a_refuted_certificate_names_step_move_and_reason_in_one_line(tmp_path):
    data = deepcopy(certified((0, "b")))
    data["steps"][3]["law"] = "linearity"
    (tmp_path / "c").write_text(dumps(data))
    words = "refuted: step 4 (linearity), move 1: is no instance of the law"
    assert run(tmp_path / "c") == (1, f"{tmp_path / 'c'}: {words}\n", "")


MALFORMED = {
    "nothing": b"",
    "no JSON": b"{",
    "no text": b"\xff\xfe\x00",
    "a number": b"7",
    "a list": b"[]",
    "no fields": b"{}",
    "a float": b'{"format": 1.5}',
    "NaN": b'{"format": NaN}',
    "infinity": b'{"format": -Infinity}',
    "a huge number": b'{"format": ' + b"9" * 5000 + b"}",
    "a deep nest": b"[" * 100_000 + b"]" * 100_000,
    "a field twice": b'{"format": 1, "format": 1}',
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_no_certificate_is_one_line_and_exit_code_2(what, tmp_path, capsys):
    (tmp_path / "c.json").write_bytes(MALFORMED[what])
    assert checker.main([str(tmp_path / "c.json")]) == 2
    out, err = capsys.readouterr()
    assert (out.count("\n"), err) == (1, "")
    assert out.startswith(f"{tmp_path / 'c.json'}: no certificate: ")
    assert len(out) < 300 + len(str(tmp_path))


def test_usage_missing_files_and_the_worst_of_several(tmp_path, capsys):
    assert checker.main([]) == checker.main(["--help"]) == 2
    assert capsys.readouterr().err.startswith("usage: ")
    (tmp_path / "good").write_text(dumps(certified((0, "b"))))
    (tmp_path / "bad").write_text(dumps({**certified((0, "b")), "start": ["num", 0, 1]}))
    assert checker.main([str(tmp_path / "good"), str(tmp_path / "bad")]) == 1
    assert checker.main([str(tmp_path / "bad"), str(tmp_path / "none"), str(tmp_path / "good")]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert checker.main([str(tmp_path)]) == 2


def malformed_edits() -> list[tuple[str, Any]]:
    return [
        ("an unknown field", lambda d: d.__setitem__("checksum", 0)),
        ("an unknown field of a step", lambda d: d["steps"][0].__setitem__("statement", "")),
        ("an unknown field of a move", lambda d: d["steps"][0]["moves"][0].__setitem__("note", "")),
        ("a witness of nothing", lambda d: d["steps"][0]["moves"][0].__setitem__("range", None)),
        ("a step without moves", lambda d: d["steps"].append({"law": "range", "moves": []})),
        ("true for 1", lambda d: replaced(1, True, d["start"])),
        ("a number beyond bounds", lambda d: replaced(1, 10**13, d["start"])),
        ("a power of powers", lambda d: d.__setitem__("start", tower(40))),
        ("a product of many sums", lambda d: d.__setitem__("start", ["val", wide_index()])),
        ("a long list", lambda d: d.__setitem__("start", ["add", [["num", 1, 1]] * 1000])),
        ("a deep expression", lambda d: d.__setitem__("start", deep(5000))),
        ("a zero denominator", lambda d: d.__setitem__("start", ["num", 1, 0])),
        ("a division by zero", lambda d: d.__setitem__("start", ["div", ["num", 1, 1], ["num", 0, 1]])),
        ("a name with a space", lambda d: d["gradient"][3].__setitem__(0, "n n")),
        ("a law that is no word", lambda d: d["steps"][0].__setitem__("law", ["range"])),
        ("an unknown law", lambda d: d["steps"][0].__setitem__("law", "by magic")),
        ("a position outside", lambda d: d["steps"][0]["moves"][0].__setitem__("at", [7])),
        ("a negative position", lambda d: d["steps"][0]["moves"][0].__setitem__("at", [-1])),
        ("another format", lambda d: d.__setitem__("format", "backproof certificate 2")),
    ]  # fmt: skip


def tower(height: int) -> Any:
    return ["num", 9, 1] if height == 0 else ["pow", tower(height - 1), ["num", 64, 1]]


def deep(depth: int) -> Any:
    e: Any = ["num", 1, 1]
    for _ in range(depth):
        e = ["mul", [e]]
    return e


def wide_index() -> Any:
    return [[1, *["N"] * 60], *([k, f"N{k}"] for k in range(1, 9))]


@pytest.mark.parametrize(("what", "change"), malformed_edits(), ids=[w for w, _ in malformed_edits()])
def test_a_malformed_or_monstrous_certificate_is_refused_at_once(what, change, tmp_path, capsys):
    data = deepcopy(certified((0, "b")))
    change(data)
    (tmp_path / "c.json").write_text(json.dumps(data) if what != "a deep expression" else text_of(data))
    assert checker.main([str(tmp_path / "c.json")]) in (1, 2)
    assert capsys.readouterr().out.count("\n") == 1


def text_of(data: dict[str, Any]) -> str:
    """JSON too deep for the library's writer."""
    rest = json.dumps({k: v for k, v in data.items() if k != "start"})
    return '{"start": ' + '["mul", [' * 5000 + '["num", 1, 1]' + "]]" * 5000 + ", " + rest[1:]


# -- normal forms ------------------------------------------------------------------------------------------------------


def test_expressions_of_one_normal_form_have_one_value():
    own = op("O[i] = sum[p<K] X[i+p]*F[p]; X[h<H]; F[p<K]")
    data = {"gradient": ["gradient", "O", "X", ["h"]]}
    claim = checker.Claim(
        [{"X": [[[1, "H"]]], "F": [[[1, "K"]]], "O": [[[1, "I"]]]}, [], data["gradient"], [], [], {}, {}, []]
    )
    random, seen = Random(1), {}
    for _ in range(4000):
        e = drawn(random, 3, ["h"])
        try:
            form = normal.show(normal.poly(claim.line(e), dict.fromkeys(claim.free, "@")))
        except checker.Refuted:
            continue
        seen.setdefault(form, []).append(e)
    shared = [es for es in seen.values() if len({json.dumps(e) for e in es}) > 1]
    assert len(shared) > 100
    for es in shared:
        found = [worth(expression(e), own, data) for e in es[:4]]
        for column in zip(*found, strict=True):
            # wherever two ways of writing it have a value, it is one value
            valued = [v for v in column if v != "no value"]
            assert all(v == valued[0] for v in valued), es[:4]


def drawn(random: Random, depth: int, names: list[str]) -> Any:
    """A small random expression over X[.], F[.], h and K."""
    index = lambda: [[random.choice([1, -1, 2]), random.choice([*names, "K"])] for _ in range(random.randint(1, 2))]  # noqa: E731
    kind = random.choice(
        ["num", "entry", "val"] if depth == 0 else ["num", "entry", "add", "mul", "div", "pow", "sum", "in", "compare"]
    )
    below = lambda: drawn(random, depth - 1, names)  # noqa: E731
    match kind:
        case "num":
            return ["num", random.randint(-1, 2), 1]
        case "entry":
            return ["entry", random.choice("XF"), [index()]]
        case "val":
            return ["val", index()]
        case "add" | "mul":
            return [kind, [below() for _ in range(random.randint(1, 3))]]
        case "div":
            return [kind, below(), below()]
        case "pow":
            return [kind, below(), ["num", random.randint(0, 2), 1]]
        case "sum":
            bound = random.choice(["p", "q"])
            return [kind, [[bound, [[1, "K"]]]], drawn(random, depth - 1, [*names, bound])]
        case "in":
            return [kind, index(), [[1, "K"]]]
    return ["compare", random.choice(["==", "<"]), ["val", index()], ["val", index()]]
