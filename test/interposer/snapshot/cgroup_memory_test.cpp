// SPDX-License-Identifier: Apache-2.0
//
// Limits of cgroups, read from folders that look like the kernel's.

#include "interposer/snapshot/cgroup_memory.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

namespace silt::snapshot {
namespace {

namespace fs = std::filesystem;

class Tree {
 public:
  explicit Tree(const std::string& membership) {
    std::string name = (fs::temp_directory_path() / "silt-cgroup-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    root_ = name;
    write("membership", membership);
  }
  ~Tree() { fs::remove_all(root_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  CgroupMemory& find() {
    static CgroupMemory memory;
    memory.find((root_ / "membership").c_str(), (root_ / "mounted").c_str());
    return memory;
  }

 private:
  fs::path root_;
};

}  // namespace

TEST_CASE("version 2: the smallest limit on the way up counts") {
  Tree tree("0::/pod/shop\n");
  tree.write("mounted/pod/shop/memory.max", "max\n");
  tree.write("mounted/pod/memory.max", "1000\n");
  tree.write("mounted/pod/memory.current", "900\n");
  tree.write("mounted/pod/memory.stat", "anon 500\nfile 300\nkernel 10\nshmem 100\n");
  tree.write("mounted/memory.max", "5000\n");
  const CgroupMemory& memory = tree.find();
  CHECK(memory.limit() == 1000);
  CHECK(memory.used(901) == 900);
  // Cached files are dropped first; what is shared is not.
  CHECK(memory.used(900) == 700);
  tree.write("mounted/pod/memory.max", "2000\n");
  CHECK(memory.limit() == 2000);
}

TEST_CASE("version 1, where the controller stands beside others or alone") {
  for (const char* line : {"9:memory:/app", "4:cpu,memory:/app", "4:memory,cpu:/app"}) {
    INFO(line);
    Tree tree(std::string("3:devices:/app\n") + line + "\n0::/\n");
    tree.write("mounted/memory/app/memory.limit_in_bytes", "4096\n");
    tree.write("mounted/memory/app/memory.usage_in_bytes", "4000\n");
    tree.write("mounted/memory/app/memory.stat", "cache 1\ntotal_cache 600\ntotal_shmem 100\n");
    tree.write("mounted/memory/memory.limit_in_bytes", "9223372036854771712\n");
    const CgroupMemory& memory = tree.find();
    CHECK(memory.limit() == 4096);
    CHECK(memory.used(0) == 3500);
  }
}

TEST_CASE("in a container without a name space of its own the mounted root is the container's") {
  Tree tree("9:memory:/docker/0123456789\n");
  tree.write("mounted/memory/memory.limit_in_bytes", "8192\n");
  CHECK(tree.find().limit() == 8192);
}

TEST_CASE("without a limit, a controller or a file there is none") {
  for (const char* line : {"0::/a\n", "9:memory:/a\n", "1:name=systemd:/memory\n", "", "garbage"}) {
    Tree tree(line);
    tree.write("mounted/a/memory.max", "max\n");
    const CgroupMemory& memory = tree.find();
    CHECK(memory.limit() == 0);
    CHECK(memory.used(0) == 0);
  }
}

}  // namespace silt::snapshot
