"""The mistakes that people make in gradients, numbered: 1 to 66 as in the catalogue of verification, then more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake: its number, a short name, what a reader is told of it, and where it is made."""

    number: int
    name: str
    sentence: str
    family: str


GENERAL = "anywhere"
"""The family of mistakes that are made in any gradient: what has a name of its own is tried before them."""

_ROWS = {
    "convolution's indices": (
        (1, "not-flipped", "the filter was not flipped"),
        (2, "kernel-transposed", "the filter's two axes were exchanged"),
        (3, "stride-forgotten", "the stride was forgotten"),
        (4, "dilation-forgotten", "the dilation of the filter was forgotten"),
        (5, "padding-off-by-one", "positions are off by one, as where a padding is, or indices that count from 1"),
        (6, "padding-twice", "K-1-P was taken where P is due"),
        (7, "not-cropped", "the padding was left out"),
        (8, "cropped-by-high", "the padding above was cropped where the one below is due"),
        (9, "low-high-swapped", "the paddings below and above were exchanged"),
        (10, "last-row-dropped", "the last row of the output was left out"),
        (11, "last-tap-dropped", "the last tap of the filter was left out"),
        (12, "offset-reversed", "the filter's index and the padding have the wrong signs: h-P+p stands for h+P-p"),
        (13, "leftover-rows", "the rows that no window reaches were left out of the gradient's size"),
        (14, "floor-for-ceil", "the first window was found by rounding down where rounding up is due"),
        (15, "divisibility-removed", "the test whether the stride divides was left out"),
        (16, "output-padding-omitted", "output_padding was left out"),
        (89, "padding-added", "the padding has the wrong sign"),
        (90, "stride-dilation-swapped", "the stride went with the filter's index, the dilation with the output's"),
        (91, "stride-on-taps", "the stride was multiplied with the filter's index, too"),
        (92, "stride-multiplied", "a position was multiplied by the stride where it must be divided by it"),
        (112, "taps-dropped", "the filter's index was left out of a position: i stands for i+p"),
        (93, "taps-reversed", "the filter's index has the wrong sign: i-p stands for i+p, or i+p for i-p"),
    ),
    "convolution's structure": (
        (17, "group-0-for-all", "the first group was taken for all groups"),
        (18, "input-groups-interleaved", "the input's groups were interleaved"),
        (19, "output-groups-interleaved", "the output's groups were interleaved"),
        (20, "strides-swapped", "the strides of the two axes were exchanged"),
        (21, "paddings-swapped", "the paddings of the two axes were exchanged"),
        (22, "dilations-swapped", "the dilations of the two axes were exchanged"),
        (23, "channels-swapped", "the filter's input and output channels were exchanged"),
        (24, "assigned", "= was written for +=: terms overwrite one another"),
        (25, "edge-padding", "the edge was repeated where zeros are due"),
        (26, "first-sample", "one sample alone was counted: the sum over the batch is missing"),
        (27, "weight-gradient-flipped", "the filter's gradient is flipped"),
        (28, "weight-gradient-transposed", "the filter's gradient has its two axes exchanged"),
        (29, "weight-gradient-over-n", "the weight's gradient was divided by the batch size"),
        (30, "bias-gradient-over-n", "the bias's gradient was divided by the batch size"),
        (31, "bias-gradient-mean", "the bias's gradient is a mean over space where a sum is due"),
        (32, "bias-gradient-one-row", "the bias's gradient was summed over one row"),
        (33, "over-strides", "the input's gradient was divided by the strides"),
        (34, "single-precision", "sums were accumulated in float32"),
        (35, "weight-axes-read-swapped", "the transposed convolution's weight (C, O) was read as (O, C)"),
    ),
    "pooling": (
        (36, "last-winner", "of equal cells the last one was taken, not the first"),
        (37, "all-winners", "every one of several equal cells received the whole gradient"),
        (38, "tie-split", "equal cells shared the gradient"),
        (39, "zero-padded-maximum", "padding took part in the maximum as 0, not as minus infinity"),
        (40, "overlap-assigned", "where windows overlap, one overwrote the other"),
        (41, "padding-in-divisor", "padding was counted in the divisor where it is excluded"),
        (42, "overhang-in-divisor", "the overhang of the last window was counted in the divisor"),
        (43, "ceil-correction-dropped", "the correction of windows that overhang was left out"),
        (44, "not-over-norm", "the gradient of the norm was not divided by the norm"),
        (45, "norm-at-zero", "the gradient of the norm has no value where the norm is 0"),
        (46, "winner-undilated", "the dilation was left out of the winner's position"),
        (94, "every-cell", "every cell of a window received the gradient, not the largest one alone"),
        (95, "maximum-as-average", "the gradient was shared by all cells of a window, as average pooling does"),
        (96, "divided-along-one-axis", "it was divided by the window's extent along one axis alone, not by its cells"),
    ),
    "activations": (
        (47, "kink", "another derivative was taken at the kink than the convention's"),
        (48, "s(1+s)", "s(1+s) was written for s(1-s)"),
        (49, "1-tanh", "1-tanh or (1-tanh)^2 was written for 1-tanh^2"),
        (97, "1+tanh^2", "1+tanh^2 was written for 1-tanh^2"),
        (98, "other-function", "another function's derivative was taken: s(1-s) is sigmoid's, 1-t^2 is tanh's"),
        (99, "value-for-mask", "the value, X or max(X,0), was taken for the mask [0<X]"),
        (100, "mask-of-cotangent", "the mask was taken of the gradient that comes in, not of the input"),
        (50, "without-alpha", "the factor alpha was left out"),
        (51, "slope-on-wrong-side", "the slopes of the two sides were exchanged"),
        (52, "slope-over-batch", "the slope's gradient was summed over the batch alone"),
        (53, "slope-from-positive", "the slope's gradient was taken from the positive inputs"),
    ),
    "losses and linear maps": (
        (54, "mean-dropped", "the division by N was left out"),
        (55, "mean-twice", "it was divided by N twice"),
        (56, "label-missing", "the label was not subtracted: the softmax alone is left"),
        (57, "n-for-weights", "it was divided by N where the sum of the weights is due"),
        (58, "ignored-counted", "samples that are ignored were counted"),
        (59, "smoothing-unweighted", "the smoothing was not weighted"),
        (60, "target-sum-missing", "p - t was written for p*sum(t) - t"),
        (61, "sum-of-g-missing", "the sum over the cotangent was left out"),
        (62, "2-missing", "the 2 of the square was left out"),
        (63, "target-sign", "the gradient with respect to the target has the wrong sign"),
        (64, "last-batch-axis", "the bias's gradient was not summed over all leading axes, the last one alone"),
        (65, "mean-path-dropped", "the path through the mean was left out"),
        (66, "n-1", "the variance was taken with n-1 in the gradient"),
        (101, "statistics-constant", "mean and variance were taken as constants"),
        (102, "variance-constant", "the path through the variance was left out"),
        (103, "diagonal-alone", "only the diagonal was kept: of a sum, the term at the entry's own place"),
        (104, "delta-as-1", "[i==j] was taken to be 1 everywhere"),
        (105, "over-classes", "it was divided by the number of classes, not of samples"),
        (106, "of-probabilities", "this is the derivative with respect to the probabilities, not to the scores"),
        (107, "input-for-computed", "the input was read where what is computed from it is due"),
        (108, "output-for-computed", "the output was read where what it is computed from is due"),
        (110, "bias-missing", "the bias was left out"),
    ),
    GENERAL: (
        (67, "flipped", "the filter was flipped where it must not be"),
        (68, "matrix-not-transposed", "a matrix was not transposed"),
        (69, "sign", "the sign is wrong"),
        (70, "divisor-dropped", "the divisor was left out"),
        (71, "cotangent-missing", "the cotangent of the output was left out: this is the local derivative alone"),
        (72, "input-for-output", "the input was read where the output is due"),
        (73, "term-dropped", "a term was left out"),
        (74, "factor-dropped", "a factor was left out"),
        (75, "sum-missing", "a sum is missing: its first term alone was taken"),
        (76, "sum-too-short", "a sum ends one term too early"),
        (77, "term-sign", "a term has the wrong sign"),
        (78, "factor-2", "a factor 2 is too many"),
        (109, "factor-half", "a factor 2 is missing"),
        (111, "times-divisor", "it was multiplied by what it must be divided by"),
        (113, "output-for-cotangent", "the output was read where its gradient is due"),
        (114, "sign-inside", "the sign is wrong inside a function"),
    ),
    "proofs": (
        (79, "small-sizes-only", "the gradient is right at small sizes alone"),
        (80, "compensating-steps", "two wrong steps of the derivation make up for one another"),
    ),
    "kernels as run": (
        (81, "overflow", "it overflows: large inputs need a form that is shifted by their maximum"),
        (82, "one-bit", "one entry is off by its last bit"),
        (83, "few-hundred-ulps", "every entry is off by a few hundred units in the last place"),
        (84, "not-a-number", "an entry is not a number"),
        (85, "wrong-dtype", "the result has another dtype than the cotangent"),
        (86, "wrong-shape", "the result has another shape than the tensor"),
        (87, "in-place", "an input is modified in place"),
        (88, "raises", "the kernel raises an exception"),
    ),
}  # fmt: skip

MISTAKES: tuple[Mistake, ...] = tuple(
    sorted((Mistake(*row, family) for family, rows in _ROWS.items() for row in rows), key=lambda m: m.number)
)
BY_NUMBER = {m.number: m for m in MISTAKES}
