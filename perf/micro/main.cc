// Small parts of the packet path and of the way into a store, one by one. See docs/benchmarks.md.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
