"""What every generated C++ file begins with: the types of its dtype, and the few words that statements are printed in."""

PRELUDE = """\
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

using Int = std::int64_t;
template <class T> inline T load(const T* at) { return *at; }
template <class T> inline void store(T* at, T x) { *at = x; }
template <class T> inline T choose(bool which, T a, T b) { return which ? a : b; }
// a NaN is larger than all, as in torch
template <class T> inline T larger(T a, T b) { return a > b || a != a ? a : b; }
template <class T> inline T smaller(T a, T b) { return a < b || a != a ? a : b; }
template <class T> inline bool better(T a, T b) { return a > b; }
template <class T> inline T lowest() {
  return std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::min();
}
inline bool inside(Int at, Int extent) { return 0 <= at && at < extent; }
inline bool divides(Int divisor, Int dividend) { return dividend % divisor == 0; }
inline Int floor_div(Int a, Int b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
inline Int floor_mod(Int a, Int b) { return a - b * floor_div(a, b); }
template <int n, class T> inline T power(T x) {
  if constexpr (n == 0) return T(1);
  else return x * power<n - 1>(x);
}
template <class T> inline T sigmoid(T x) { return T(1) / (T(1) + std::exp(-x)); }
using std::exp, std::log, std::tanh, std::sqrt, std::sin, std::cos, std::pow;
"""

LANES = """\
constexpr int WIDTH = @WIDTH@;
typedef Real Reals __attribute__((vector_size(WIDTH * sizeof(Real)), may_alias));
typedef Small Ints __attribute__((vector_size(WIDTH * sizeof(Real)), may_alias));
using Truths = Ints;
template <class T> inline T load(const Real* at) { return *reinterpret_cast<const T*>(at); }
inline void store(Real* at, Reals x) { *reinterpret_cast<Reals*>(at) = x; }
template <class T, class X> inline T spread(X x) {
  if constexpr (std::is_same_v<T, X>) return x;
  else return T{} + static_cast<std::decay_t<decltype(T{}[0])>>(x);
}
inline Reals choose(Truths which, Reals a, Reals b) { return which ? a : b; }
inline Ints choose(Truths which, Ints a, Ints b) { return which ? a : b; }
inline Reals larger(Reals a, Reals b) { return (a > b) | (a != a) ? a : b; }
inline Reals smaller(Reals a, Reals b) { return (a < b) | (a != a) ? a : b; }
inline Truths better(Reals a, Reals b) { return a > b; }
inline Reals number(Truths t) { return t ? Reals{} + Real(1) : Reals{}; }
inline Real sum_of_lanes(Reals x) {
  Real total = 0;
  for (int k = 0; k < WIDTH; ++k) total += x[k];
  return total;
}
#define EACH_LANE(f) inline Reals f(Reals x) { for (int k = 0; k < WIDTH; ++k) x[k] = f(x[k]); return x; }
EACH_LANE(exp) EACH_LANE(log) EACH_LANE(tanh) EACH_LANE(sqrt) EACH_LANE(sin) EACH_LANE(cos)
"""
