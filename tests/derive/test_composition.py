"""Networks as graphs: LeNet's table row by row, shapes that do not fit, a tensor used twice and a shared weight."""

from collections.abc import Callable

import pytest

from derive.catalogue import op
from derive.errors import OperationError
from derive.language.show import show, show_index
from derive.networks.composition import Builder, Graph, graph
from derive.networks.network import lenet

TABLE = [
    ("conv1", "conv2d", "N 6 28 28", (6 * 25 + 6)),
    ("act1", "relu", "N 6 28 28", 0),
    ("pool1", "max_pool2d", "N 6 14 14", 0),
    ("conv2", "conv2d", "N 16 10 10", 16 * 6 * 25 + 16),
    ("act2", "relu", "N 16 10 10", 0),
    ("pool2", "max_pool2d", "N 16 5 5", 0),
    ("flat", "flatten", "N 400", 0),
    ("fc1", "linear", "N 120", 400 * 120 + 120),
    ("act3", "relu", "N 120", 0),
    ("fc2", "linear", "N 84", 120 * 84 + 84),
    ("act4", "relu", "N 84", 0),
    ("fc3", "linear", "N 10", 84 * 10 + 10),
    ("loss", "cross_entropy", "", 0),
]


def shape(g: Graph, tensor: str) -> str:
    return " ".join(show_index(n) for n in g.shapes[tensor])


def table(g: Graph) -> list[tuple[str, str, str, int | None]]:
    return [(r.name, r.op, " ".join(map(show_index, r.shape)), r.parameters.constant) for r in g.table()]


@pytest.mark.parametrize("image", [32, 28])
def test_lenet_has_the_table_of_the_decks(image: int):
    assert table(lenet(image)) == TABLE


@pytest.mark.parametrize("image", [32, 28])
def test_lenet_trains_61706_numbers(image: int):
    assert lenet(image).parameter_count.constant == 61_706 == sum(row[3] for row in TABLE)


def test_an_image_of_28_is_padded_by_2_and_one_of_32_is_not():
    for image, padding in ((28, "2"), (32, "0")):
        g = lenet(image)
        assert shape(g, "image") == f"N 1 {image} {image}"
        assert {v for n, v in g.node("conv1").op.settings if n.startswith("P_")} == {padding}
        assert {v for n, v in g.node("conv2").op.settings if n.startswith("P_")} == {"0"}


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("pooling", ["max_pool2d", "avg_pool2d"])
def test_another_activation_or_pooling_changes_those_rows_and_no_shape(activation: str, pooling: str):
    renamed = {"relu": activation, "max_pool2d": pooling}
    found = table(lenet(activation=activation, pooling=pooling))
    assert found == [(name, renamed.get(law, law), size, own) for name, law, size, own in TABLE]


def test_the_batch_is_a_symbol_until_it_is_a_number():
    assert shape(lenet(batch=64), "pool2") == "64 16 5 5"
    assert shape(lenet(batch="B"), "pool2") == "B 16 5 5"


def test_parameters_are_named_by_node_and_argument_and_have_torchs_shapes():
    g = lenet()
    assert {p: shape(g, p) for p in g.parameters} == {
        "conv1.weight": "6 1 5 5",
        "conv1.bias": "6",
        "conv2.weight": "16 6 5 5",
        "conv2.bias": "16",
        "fc1.weight": "120 400",
        "fc1.bias": "120",
        "fc2.weight": "84 120",
        "fc2.bias": "84",
        "fc3.weight": "10 84",
        "fc3.bias": "10",
    }


def test_lenet_reads_images_and_integer_labels_and_predicts_from_the_last_linear_layer():
    g = lenet()
    assert (g.inputs, g.integers, g.scores) == (("image", "label"), frozenset({"label"}), "fc3")


# -- the reverse sweep -------------------------------------------------------------------------------------------------


def test_the_sweep_over_lenet_goes_from_the_loss_to_the_first_layer_and_gives_every_parameter_one_use():
    g = lenet()
    found = g.backward()
    assert [c.of for c in found] == [*(n.name for n in reversed(g.nodes[:-1])), *g.parameters]
    assert all(len(c.uses) == 1 for c in found)


def test_the_sweep_leaves_the_image_out_unless_it_is_wanted():
    assert "image" not in {c.of for c in lenet().backward()}
    assert lenet().backward(["image"])[-1].of == "image"


def test_the_sweep_goes_only_where_a_wanted_tensor_leads():
    assert [c.of for c in lenet().backward(["fc3.weight"])] == ["fc3", "fc3.weight"]
    assert [c.of for c in lenet().backward(["fc2.bias"])] == ["fc3", "act4", "fc2", "fc2.bias"]


def test_the_same_law_is_derived_once_for_all_its_nodes():
    uses = {c.of: c.uses[0].derivation for c in lenet().backward()}
    assert uses["fc1.weight"] is uses["fc3.weight"]
    assert uses["conv1"] is uses["conv2"]


def build_twice_used() -> Graph:
    """scores = V relu(h) + relu(h) with h = V image: the tensor `r` and the weight `V` are used twice."""
    b = start()
    weight = b.parameter("V", 8, 8)
    b.add("h", op("linear"), {"input": "row", "weight": weight})
    b.add("r", op("relu"), "h")
    b.add("g", op("linear"), {"input": "r", "weight": weight})
    b.add("s", op("add"), {"input": "g", "other": "r"})
    b.add("loss", op("cross_entropy"), {"input": "s", "target": "label"})
    return b.build("s")


def start() -> Builder:
    b = graph("net")
    b.input("image", "N", 1, 8, 8)
    b.input("row", "N", 8)
    b.input("label", "N")
    return b


def test_a_tensor_used_twice_and_a_shared_weight_have_a_derivation_for_every_use():
    uses = {c.of: [(u.node.name, u.letter) for u in c.uses] for c in build_twice_used().backward()}
    assert uses["r"] == [("g", "X"), ("s", "Y")]
    assert uses["V"] == [("h", "W"), ("g", "W")]
    assert uses["h.bias"] == [("h", "b")]


def test_the_paths_of_a_tensor_used_twice_are_those_of_its_two_laws():
    (r,) = (c for c in build_twice_used().backward() if c.of == "r")
    assert [show(u.derivation.formula, bounds=False) for u in r.uses] == ["sum[k] dE/dO[...,k]*W[k,c]", "dE/dO[...]"]


def test_one_node_that_reads_a_tensor_twice_uses_it_twice():
    b = start()
    b.add("h", op("linear"), "row", K=8)
    b.add("s", op("add"), {"input": "h", "other": "h"})
    b.add("loss", op("cross_entropy"), {"input": "s", "target": "label"})
    (h,) = (c for c in b.build("s").backward() if c.of == "h")
    assert [u.letter for u in h.uses] == ["X", "Y"]


def test_a_weight_shared_under_a_name_of_its_own_has_one_gradient_with_a_use_for_every_node():
    b = start()
    b.parameter("V", 8, 8)
    for name, source in (("g", "row"), ("h", "g"), ("s", "h")):
        b.add(name, op("linear"), {"input": source, "weight": "V", "bias": None})
    b.add("loss", op("cross_entropy"), {"input": "s", "target": "label"})
    g = b.build("s")
    assert g.parameters == ("V",)
    assert g.parameter_count.constant == 64
    assert [u.node.name for c in g.backward() if c.of == "V" for u in c.uses] == ["g", "h", "s"]


def test_an_optional_input_that_is_left_out_is_no_parameter_and_no_feed():
    b = start()
    b.add("fc", op("linear"), {"input": "row", "bias": None}, K=3)
    assert b.parameters == ["fc.weight"]
    assert b.nodes[-1].feeds == (("X", "row"), ("W", "fc.weight"))


def test_the_value_of_a_graph_may_be_a_number_that_any_law_gives():
    b = start()
    b.add("E", op("O = sum[n,c] w*X[n,c]^2; scalar w"), {"X": "row"})
    g = b.build("row")
    assert g.parameters == ("E.w",)
    assert show(g.backward()[0].uses[0].derivation.formula, bounds=False) == "dE/dO*sum[n,c] X[n,c]^2"


def test_multiply_adds_are_counted_from_the_law():
    rows = {r.name: show_index(r.multiply_adds) for r in lenet().table()}
    assert rows["conv1"] == f"{6 * 28 * 28 * 25}*N"
    assert rows["fc1"] == f"{400 * 120}*N"
    assert rows["pool1"] == rows["act1"] == rows["flat"] == rows["loss"] == "0"


def test_a_shared_weight_is_counted_once_and_stands_in_both_rows():
    g = build_twice_used()
    assert g.parameter_count.constant == 64 + 8 + 8
    assert [r.parameters.constant for r in g.table() if r.op == "linear"] == [72, 72]


# -- what is refused ---------------------------------------------------------------------------------------------------


def twice() -> None:
    b = start()
    b.add("a", op("relu"), "image")
    b.add("a", op("relu"), "image")


def unequal() -> None:
    b = start()
    b.input("V", 3, 4)
    b.add("fc", op("linear"), {"input": "row", "weight": "V"})


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "an input that must be there left out": (
        lambda: start().add("fc", op("linear"), {"input": "row", "weight": None}, K=3),
        "net: fc: weight: got None, expected a tensor; leave out optional inputs only",
    ),
    "a parameter whose name is taken": (
        lambda: start().parameter("row", 3),
        "net: got the name 'row' twice, expected new ones; rename the node",
    ),
    "a node that nobody made": (
        lambda: start().add("fc", op("linear"), "nothing", K=3),
        "net: fc reads 'nothing', expected one of image, row, label; add it before",
    ),
    "a node in a graph that has none": (
        lambda: graph("q").add("a", op("relu"), "nope"),
        "q: a reads 'nope', expected an input or node of the graph; add it before",
    ),
    "a name used twice": (twice, "net: got the name 'a' twice, expected new ones; rename the node"),
    "a size that nobody gives": (
        lambda: start().add("fc", op("linear"), "row"),
        "net: fc: weight: got no extent K, expected a number; give it to the node",
    ),
    "too few axes": (
        lambda: start().add("c", op("conv2d"), "label", K=1, K_h=2, K_w=2),
        "net: c: input: got shape (N), expected 4 axes (X[n,c,h,w]); reshape it or flatten before",
    ),
    "too many axes": (
        lambda: start().add("loss", op("cross_entropy"), {"input": "image", "target": "label"}),
        "net: loss: input: got shape (N, 1, 8, 8), expected 2 axes (X[n,c]); reshape it or flatten before",
    ),
    "a window larger than the image": (
        lambda: start().add("c", op("conv2d"), "image", K=1, K_h=9, K_w=2),
        "net: c: got an output of extent 0, expected at least 1; use a larger input or a smaller window",
    ),
    "extents that differ": (
        unequal,
        "net: fc: weight: got extent 4 on axis c, expected 8; change the layer before or this one",
    ),
    "an input that the law does not have": (
        lambda: start().add("fc", op("linear"), {"inputs": "row"}, K=3),
        "linear: got tensor 'inputs', expected one of X (input), W (weight), b (bias); name an input of the law",
    ),
    "a graph without a node": (
        lambda: start().build("image"),
        "net: got a last node that is no single number, expected a loss; add one",
    ),
    "a node that the graph does not have": (
        lambda: lenet().node("x"),
        "lenet: got node 'x', expected one of conv1, act1, pool1, conv2, act2, pool2, flat, fc1, act3, fc2, act4,"
        " fc3, loss; name a node of the graph",
    ),
    "an image size that LeNet does not have": (
        lambda: lenet(30),
        "lenet: got image=30, expected 32, or 28 with padding; choose one",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line(case: str):
    build, text = REFUSED[case]
    with pytest.raises(OperationError) as error:
        build()
    assert str(error.value) == text


@pytest.mark.parametrize("argument", ["activation", "pooling"])
def test_a_layer_that_the_catalogue_does_not_have_is_refused_with_those_it_has(argument: str):
    with pytest.raises(OperationError, match=r"got 'swish', expected one of .*conv2d, .*max_pool2d"):
        lenet(**{argument: "swish"})


def test_the_cotangent_of_a_tensor_that_the_graph_does_not_have_is_refused():
    with pytest.raises(OperationError, match="lenet: got no tensor 'nothing', expected one of image"):
        lenet().backward(["nothing"])


def test_an_input_whose_name_is_taken_is_refused():
    with pytest.raises(OperationError, match="got the name 'image' twice"):
        start().input("image", 3)


def test_an_extent_that_the_law_does_not_have_is_refused():
    with pytest.raises(OperationError, match="fc: got extent Q, expected one of C, K, L"):
        start().add("fc", op("linear"), "row", K=3, Q=5)


def test_scores_that_the_graph_does_not_have_are_refused():
    b = start()
    b.add("loss", op("cross_entropy"), {"input": "row", "target": "label"})
    with pytest.raises(OperationError, match="got scores='nothing', expected one of"):
        b.build("nothing")
