"""What every generated C++ file begins with: the types of its numbers, and the words that statements are printed in.

No header of the mathematical library is read: it would take longer to compile than a kernel does.
"""

from __future__ import annotations

REALS = {"float32": "float", "float64": "double", "int64": "std::int64_t"}
"""The types of C++ by dtype."""

WORDS = """\
#include <cstdint>
#include <limits>
#include <type_traits>

namespace kernels {

using Int = std::int64_t;
using Real = @REAL@;
using Label = @LABEL@;

constexpr Real LOWEST = std::numeric_limits<Real>::has_infinity ? -std::numeric_limits<Real>::infinity()
                                                                : std::numeric_limits<Real>::min();

template <class T, class X> inline T load(const X* at) { return T(*at); }
template <class T, class X> inline void store(X* at, T x) { *at = X(x); }
template <class X> inline Real number(X x) { return Real(x); }
template <class T> inline T choose(bool which, T a, T b) { return which ? a : b; }
// of two values one of which is no number, that one, as in torch
inline Real larger(Real a, Real b) { return a > b || a != a ? a : b; }
inline Real smaller(Real a, Real b) { return a < b || a != a ? a : b; }
inline bool better(Real a, Real best, Int place) { return a > best || a != a || place < 0; }
inline Int least(Int a, Int b) { return a < b ? a : b; }
inline Int most(Int a, Int b) { return a > b ? a : b; }
inline bool inside(Int at, Int extent) { return 0 <= at && at < extent; }
inline bool divides(Int divisor, Int dividend) { return dividend % divisor == 0; }
inline Int floor_div(Int a, Int b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
inline Int floor_mod(Int a, Int b) { return a - b * floor_div(a, b); }
template <int n, class T> inline T power(T x) {
  if constexpr (n == 0) return T{} + 1;
  else if constexpr (n % 2) return x * power<n - 1>(x);
  else return power<n / 2>(x * x);
}
"""

FUNCTIONS = """\
#define OF_ONE(NAME) \\
  inline float NAME(float x) { return __builtin_##NAME##f(x); } \\
  inline double NAME(double x) { return __builtin_##NAME(x); }
OF_ONE(exp) OF_ONE(log) OF_ONE(tanh) OF_ONE(sqrt) OF_ONE(sin) OF_ONE(cos)
inline Real pow(Real x, Real y) { return sizeof(Real) == 4 ? __builtin_powf(x, y) : __builtin_pow(x, y); }
inline Real sigmoid(Real x) { return 1 / (1 + exp(-x)); }
"""

LANES = """\
constexpr int WIDTH = @WIDTH@;
typedef Real Reals __attribute__((vector_size(WIDTH * sizeof(Real)), may_alias));
typedef Label Ints __attribute__((vector_size(WIDTH * sizeof(Real)), may_alias));
using Truths = Ints;

template <> inline Reals load<Reals, Real>(const Real* at) { return *reinterpret_cast<const Reals*>(at); }
template <> inline Ints load<Ints, Label>(const Label* at) { return *reinterpret_cast<const Ints*>(at); }
inline void store(Real* at, Reals x) { *reinterpret_cast<Reals*>(at) = x; }
template <class T, class X> inline T spread(X x) {
  if constexpr (std::is_same_v<T, X>) return x;
  else return T{} + static_cast<std::decay_t<decltype(T{}[0])>>(x);
}
inline Reals choose(Truths which, Reals a, Reals b) { return which ? a : b; }
inline Ints choose(Truths which, Ints a, Ints b) { return which ? a : b; }
inline Reals larger(Reals a, Reals b) { return (a > b) | (a != a) ? a : b; }
inline Reals smaller(Reals a, Reals b) { return (a < b) | (a != a) ? a : b; }
inline Truths better(Reals a, Reals best, Ints place) { return (a > best) | (a != a) | (place < 0); }
inline Reals number(Truths t) { return t ? Reals{} + Real(1) : Reals{}; }
inline Real sum_of_lanes(Reals x) {
  Real total = 0;
  for (int k = 0; k < WIDTH; ++k) total += x[k];
  return total;
}
"""

FUNCTIONS_OF_LANES = """\
#define EACH_LANE(NAME) inline Reals NAME(Reals x) { for (int k = 0; k < WIDTH; ++k) x[k] = NAME(x[k]); return x; }
EACH_LANE(exp) EACH_LANE(log) EACH_LANE(tanh) EACH_LANE(sqrt) EACH_LANE(sin) EACH_LANE(cos) EACH_LANE(sigmoid)
"""


def prelude(dtype: str, width: int | None = None) -> str:
    """The words for numbers of a dtype; with a width, also those for vectors of so many lanes.

    A label in lanes is as wide as a number, so that comparisons of both go together; else it has 64 bits.
    """
    label = "std::int32_t" if width is not None and dtype == "float32" else "std::int64_t"
    parts = [WORDS.replace("@REAL@", REALS[dtype]).replace("@LABEL@", label)]
    if dtype != "int64":
        parts.append(FUNCTIONS)
    if width is not None:
        parts.append(LANES.replace("@WIDTH@", str(width)))
    if width is not None and dtype != "int64":
        parts.append(FUNCTIONS_OF_LANES)
    return "\n".join(parts).rstrip()
