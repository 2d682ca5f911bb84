"""The rules of the house, each a small function from a source tree to the places that break it."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# A room may import itself and the rooms before it.
ROOMS = {"derive": {"derive"}, "numeric": {"derive", "numeric"}, "reports": {"derive", "numeric", "reports"}}

# What a room may use in any of its files, besides the standard library.
EVERYWHERE = {"derive": {"sympy"}, "numeric": {"numpy"}, "reports": {"jinja2", "markupsafe", "numpy"}}

# What only these files may use, because it is heavy, optional or replaceable; a name that ends in / is a folder.
ONLY_IN = {
    "torch": {
        "numeric/to_torch.py",
        "numeric/to_triton.py",
        "numeric/audit/kernel/torch_subjects.py",
        "numeric/bench/torch_operations.py",
        "numeric/bench/torch_steps.py",
        "numeric/oracle/",
        "numeric/networks/network_oracle.py",
        "numeric/training/devices.py",
        "reports/examples/",
    },
    "triton": {"numeric/to_triton.py"},
    "z3": {"numeric/proof/solver.py"},
    "pooch": {"numeric/training/download.py"},
    "joblib": {"numeric/checks/cluster.py"},
    "distributed": {"numeric/checks/cluster.py"},
    "ray": {"numeric/checks/cluster.py"},
    "nbformat": {"reports/writers/notebook.py"},
    "pygments": {"reports/writers/html_spans.py"},
    "quickjs": {"reports/writers/mathml.py"},
    "click": {"reports/cli.py"},
    "typer": {"reports/cli.py", "reports/options.py", "reports/commands/"},
    "rich": {"reports/progress.py"},
}

# Shares no code with what it checks.
STANDARD_LIBRARY_ONLY = "derive/checker/"

# Turns a plan's own source into functions; nothing else may execute text.
EXECUTES_PLANS = {"numeric/printing/loader.py"}

EVALUATORS = {"eval", "exec", "compile", "__import__"}
PARSERS_THAT_EVALUATE = {"sympify", "parse_expr", "lambdify"}
UNSAFE_FORMATS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
SHARES_WORK = {"joblib.Parallel", "joblib.delayed", "joblib.parallel_config"}

# Whoever writes one of these has guessed how far apart two numbers may be.
TOLERANCES = {
    "allclose", "isclose", "approx", "assert_allclose", "assert_close", "assert_almost_equal", "assertAlmostEqual",
    "assert_array_almost_equal", "assert_array_almost_equal_nulp", "assert_array_max_ulp", "assert_approx_equal",
    "rtol", "atol", "rel_tol", "abs_tol",
}  # fmt: skip
LEAST_CONSTANT = 1e-3

# Places and people of the making have no place in what was made.
WORKPLACE = re.compile(r"/(?:work|tmp|farm)/|\bissue #?\d+\b|\bas an AI\b", re.IGNORECASE)
TEXT = {".py", ".pyi", ".md", ".toml", ".yaml", ".yml", ".txt", ".cfg", ".sh", ".j2", ".json", ".css", ".js"}
SKIPPED = {".git", ".venv", "out", "build", "dist", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


@dataclass(frozen=True)
class Import:
    """One import: of which dotted name, on which line, inside a function or not, for types only or not."""

    name: str
    line: int
    local: bool
    typing_only: bool

    @property
    def top(self) -> str:
        return self.name.split(".")[0]


@dataclass(frozen=True)
class Module:
    """One file of a room, parsed."""

    path: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.path.split("/")[0]

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(_imports(self.tree, self._package, local=False, typing_only=False))

    @property
    def _package(self) -> str:
        return self.name if self.path.endswith("__init__.py") else self.name.rpartition(".")[0]


def _imports(node: ast.AST, package: str, local: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for name in _imported_names(child, package):
            yield Import(name, getattr(child, "lineno", 0), local, typing_only)
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            for inner in child.body:
                yield from _imports(ast.Module([inner], []), package, local, typing_only=True)
            for inner in child.orelse:
                yield from _imports(ast.Module([inner], []), package, local, typing_only)
        else:
            inside = local or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, package, inside, typing_only)


def _imported_names(node: ast.AST, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parents, *([base] if base else [])])
        return [f"{base}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and _called(node) == "import_module" and node.args:
        target = node.args[0]
        return [target.value] if isinstance(target, ast.Constant) and isinstance(target.value, str) else []
    return []


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


@dataclass(frozen=True)
class House:
    """A source tree: its root and the parsed files of its rooms."""

    root: Path

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        files = [path for room in ROOMS for path in sorted((self.root / room).rglob("*.py"))]
        return tuple(
            Module(path.relative_to(self.root).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
            for path in files
        )

    @cached_property
    def every_tree(self) -> tuple[tuple[str, ast.Module], ...]:
        """The parsed files of the rooms, of their tests and of the tools."""
        files = [path for folder in (*ROOMS, "tests", "tools") for path in sorted((self.root / folder).rglob("*.py"))]
        return tuple(
            (path.relative_to(self.root).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in files
        )

    @cached_property
    def names(self) -> set[str]:
        return {module.name for module in self.modules}

    def module_of(self, dotted: str) -> str | None:
        """The module of this house that a dotted name lives in: `derive.sizes.x` lives in `derive.sizes`."""
        while dotted:
            if dotted in self.names:
                return dotted
            dotted = dotted.rpartition(".")[0]
        return None


Rule = Callable[[House], list[str]]


def doors_open_one_way(house: House) -> list[str]:
    """derive imports no other room, numeric never imports reports."""
    return [
        f"{module.path}:{found.line} imports {found.name}: the door opens the wrong way"
        for module in house.modules
        for found in module.imports
        if found.top in ROOMS and found.top not in ROOMS[module.room]
    ]


def packages_stay_in_their_files(house: House) -> list[str]:
    """A package from outside appears only where the tables above allow it."""
    return [
        f"{module.path}:{found.line} imports {found.name}: not a package of this file"
        for module in house.modules
        for found in module.imports
        if not _package_allowed(module, found)
    ]


def _package_allowed(module: Module, found: Import) -> bool:
    top = found.top
    if module.path.startswith(STANDARD_LIBRARY_ONLY):
        own = STANDARD_LIBRARY_ONLY.rstrip("/").replace("/", ".")
        return top in sys.stdlib_module_names or found.name.startswith(f"{own}.")
    if top in ONLY_IN:
        return any(module.path == p or (p.endswith("/") and module.path.startswith(p)) for p in ONLY_IN[top])
    return top in sys.stdlib_module_names or top in ROOMS or top in EVERYWHERE[module.room]


def local_imports_are_of_optional_packages(house: House) -> list[str]:
    """An import inside a function is of a package of ONLY_IN, or of a module that uses one: a backend."""
    backends = {
        path.removesuffix(".py").removesuffix("/").replace("/", ".") for paths in ONLY_IN.values() for path in paths
    }
    return [
        f"{module.path}:{found.line} imports {found.name} inside a function"
        for module in house.modules
        for found in module.imports
        if found.local and found.top not in ONLY_IN and house.module_of(found.name) not in backends
    ]


def imports_make_no_cycle(house: House) -> list[str]:
    """Imports at module level, types left out, form no cycle."""
    edges = {
        module.name: sorted(
            {
                target
                for found in module.imports
                if not found.local and not found.typing_only
                if (target := house.module_of(found.name)) is not None and target != module.name
            }
        )
        for module in house.modules
    }
    finished: set[str] = set()
    cycles: list[str] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            cycles.append("cycle of imports: " + " -> ".join((*trail[trail.index(name) :], name)))
        elif name not in finished:
            for target in edges.get(name, ()):
                visit(target, (*trail, name))
            finished.add(name)

    for name in sorted(edges):
        visit(name, ())
    return cycles


def public_names(module: Module) -> list[str]:
    """The keys of a room's table PUBLIC."""
    for node in module.tree.body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == "PUBLIC" and isinstance(node, ast.AnnAssign):
            table = node.value
            if isinstance(table, ast.Dict):
                return [key.value for key in table.keys if isinstance(key, ast.Constant)]
    return []


def no_module_has_a_public_name(house: House) -> list[str]:
    """Importing `derive/op.py` would replace the function `derive.op` by the module."""
    return [
        f"{module.path}: {module.name}.{name} is both a module and a public name"
        for module in house.modules
        if module.name in ROOMS
        for name in public_names(module)
        if f"{module.name}.{name}" in house.names
    ]


def no_text_is_executed(house: House) -> list[str]:
    """Text is parsed, never evaluated: no eval, exec, sympify or pickle; only the loader executes plans."""
    return [
        f"{module.path}:{line} {what}"
        for module in house.modules
        for line, what in _dangers(module)
        if not (module.path in EXECUTES_PLANS and what in {"calls exec", "calls compile"})
    ]


def _dangers(module: Module) -> Iterator[tuple[int, str]]:
    for found in module.imports:
        if found.top in UNSAFE_FORMATS and found.name not in SHARES_WORK:
            yield found.line, f"imports {found.name}"
        if found.top == "sympy" and ("parsing" in found.name or found.name.split(".")[-1] in PARSERS_THAT_EVALUATE):
            yield found.line, f"imports {found.name}"
    sympy_names = {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "sympy"
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            if _evaluates(node, sympy_names):
                yield node.lineno, f"calls {_called(node)}"
            for keyword in node.keywords:
                if keyword.arg == "allow_pickle" and not _is_false(keyword.value):
                    yield node.lineno, "allows pickle"


def _evaluates(call: ast.Call, sympy_names: set[str]) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in EVALUATORS
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(owner, ast.Name):
        return False
    forbidden = EVALUATORS if owner.id == "builtins" else PARSERS_THAT_EVALUATE if owner.id in sympy_names else set()
    return _called(call) in forbidden


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def every_module_says_why_it_exists(house: House) -> list[str]:
    """The first line of a module is a docstring."""
    return [f"{module.path}: no docstring" for module in house.modules if not ast.get_docstring(module.tree)]


def no_word_of_the_workplace(house: House) -> list[str]:
    """No text of the project names the machines or the process it was made with."""
    return [
        f"{path.relative_to(house.root).as_posix()}:{number} {line.strip()[:80]}"
        for path in sorted(house.root.rglob("*"))
        if path.is_file() and (path.suffix in TEXT or path.name == "Makefile")
        if not SKIPPED.intersection(path.relative_to(house.root).parts)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if WORKPLACE.search(line)
    ]


def no_tolerance_is_guessed(house: House) -> list[str]:
    """Numbers are equal, or within a bound that was computed: no allclose, no rtol, no small constant beside a size."""
    return [
        f"{path}:{line} {what}"
        for path, tree in house.every_tree
        for node in ast.walk(tree)
        for line, what in _tolerances(node)
    ]


def _tolerances(node: ast.AST) -> Iterator[tuple[int, str]]:
    name = getattr(node, "id", None) or getattr(node, "attr", None) or (getattr(node, "arg", None) or "")
    if isinstance(node, ast.Name | ast.Attribute | ast.keyword) and name in TOLERANCES:
        yield node.lineno, f"uses {name}"
    if isinstance(node, ast.ImportFrom):
        yield from ((node.lineno, f"imports {alias.name}") for alias in node.names if alias.name in TOLERANCES)
    if isinstance(node, ast.Compare) and not all(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
        inside = list(ast.walk(node))
        sizes = [n for n in inside if isinstance(n, ast.Call) and _called(n) in {"abs", "absolute", "fabs", "norm"}]
        for constant in (n for n in inside if isinstance(n, ast.Constant) and isinstance(n.value, float)):
            if sizes and 0 < abs(constant.value) < LEAST_CONSTANT:
                yield node.lineno, f"compares a size with {constant.value}"


RULES: tuple[Rule, ...] = (
    doors_open_one_way,
    packages_stay_in_their_files,
    local_imports_are_of_optional_packages,
    imports_make_no_cycle,
    no_module_has_a_public_name,
    no_text_is_executed,
    no_tolerance_is_guessed,
    every_module_says_why_it_exists,
    no_word_of_the_workplace,
)
