// Runs a fuzz body without a fuzzer: over each file of its corpus, over every shorter length of
// each, and over seeded mutations. Crashes and sanitizers tell; it prints only the count.
//
//   NAME_replay CORPUS-FOLDER [TRIES]     mutations, and lengths of a file; fewer for slow bodies
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Input = std::vector<uint8_t>;

// Of a longer file only so many lengths are tried, evenly spread.
constexpr size_t kPrefixesMax = 500;
constexpr size_t kTriesDefault = 2'000;

// In memory of exactly its size, so that a sanitizer sees the first byte past the end.
void Run(const uint8_t* begin, size_t size) {
  const Input exact(begin, begin + size);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Input Mutated(Input input, std::mt19937_64& random) {
  for (uint64_t n = 1 + random() % 8; n > 0 && !input.empty(); --n) {
    const size_t at = random() % input.size();
    const auto place = input.begin() + static_cast<ptrdiff_t>(at);
    const auto end = place + static_cast<ptrdiff_t>(random() % (input.size() - at));
    switch (random() % 5) {
      case 0:
        input[at] = static_cast<uint8_t>(random());
        break;
      case 1:
        input[at] ^= static_cast<uint8_t>(1u << (random() % 8));
        break;
      case 2:
        input[at] = random() % 2 == 0 ? 0 : 0xFF;
        break;
      case 3:
        input.erase(place, end);
        break;
      default: {
        const Input piece(place, end);
        input.insert(input.begin() + static_cast<ptrdiff_t>(random() % input.size()), piece.begin(),
                     piece.end());
      }
    }
  }
  return input;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2 && count != 3) return 2;
  const size_t tries = count == 3 ? std::stoul(arguments[2]) : kTriesDefault;
  if (tries == 0) return 2;
  std::set<std::filesystem::path> paths;  // In the same order everywhere.
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    paths.insert(entry.path());
  }
  std::vector<Input> corpus;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", arguments[1]);
    return 1;
  }
  size_t runs = 0;
  for (const Input& input : corpus) {
    const size_t step = input.size() / std::min(tries, kPrefixesMax) + 1;
    for (size_t size = 0; size < input.size(); size += step, ++runs) Run(input.data(), size);
    Run(input.data(), input.size());
    ++runs;
  }
  std::mt19937_64 random(1);
  for (size_t n = 0; n < tries; ++n, ++runs) {
    const Input input = Mutated(corpus[random() % corpus.size()], random);
    Run(input.data(), input.size());
  }
  std::printf("%zu inputs\n", runs);
  return 0;
}
