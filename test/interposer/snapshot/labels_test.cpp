// SPDX-License-Identifier: Apache-2.0
//
// Which line of /proc/self/cgroup or mountinfo names a container.

#include "interposer/snapshot/labels.h"

#include <catch2/catch.hpp>
#include <string>

#include "interposer/format/settings.h"

namespace silt::test {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

std::string container_in(const std::string& line) {
  const char* const id = snapshot::find_container_id(line.c_str());
  return id == nullptr ? "" : std::string(id, snapshot::kContainerIdSize);
}

std::string labels_of(const std::string& text) {
  std::string all;
  const bool understood = format::for_labels(
      text.data(), text.size(),
      [&all](const char* key, size_t key_size, const char* value, size_t value_size) {
        all += "[" + std::string(key, key_size) + "|" + std::string(value, value_size) + "]";
        return true;
      });
  return understood ? all : "no";
}

}  // namespace

TEST_CASE("a container's id is found as Docker, containerd, CRI-O and Podman write it") {
  for (const std::string& line :
       {"12:memory:/docker/" + kId, "0::/system.slice/docker-" + kId + ".scope",
        "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1a2b_3c.slice/"
        "cri-containerd-" +
            kId + ".scope",
        "4:cpu:/kubepods/besteffort/pod6ad8b5a2-0b9d-4a4d-a3a6-f3b2c3d4e5f6/" + kId,
        "0::/machine.slice/libpod-" + kId + ".scope/container",
        "0::/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + kId,
        "1021 1011 8:1 /var/lib/docker/containers/" + kId +
            "/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw"}) {
    CAPTURE(line);
    CHECK(container_in(line) == kId);
  }
}

TEST_CASE("what is longer, shorter or part of a word is no container's id") {
  for (const std::string& line :
       {std::string(), std::string("0::/"), "0::/user.slice/" + kId.substr(1), "0::/x/" + kId + "0",
        "0::/x/z" + kId, std::string("0::/system.slice/ssh.service")}) {
    CAPTURE(line);
    CHECK(container_in(line).empty());
  }
}

TEST_CASE("labels are keys and values, and anything else is refused whole") {
  CHECK(labels_of("") == "");
  CHECK(labels_of("version=1.2,pod=a b") == "[version|1.2][pod|a b]");
  CHECK(labels_of("app.kubernetes.io/name=x=y") == "[app.kubernetes.io/name|x=y]");
  CHECK(labels_of("empty=") == "[empty|]");
  for (const std::string& text :
       {std::string("version"), std::string("=1"), std::string("a=1,"), std::string("a=1,,b=2"),
        std::string("a b=1"), std::string(64, 'k') + "=1", "a=" + std::string(256, 'v')}) {
    CAPTURE(text);
    CHECK(labels_of(text) == "no");
  }
  std::string many;
  for (int i = 0; i < 17; ++i) many += (i == 0 ? "k" : ",k") + std::to_string(i) + "=v";
  CHECK(labels_of(many) == "no");
}

}  // namespace silt::test
