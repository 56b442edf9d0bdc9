// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/jvm/jvm.h"

#include <algorithm>
#include <array>

#include "symbolizer/runtime/jvm/java_heap.h"

namespace silt::runtime {
namespace {

using report::Origin;
using report::OwnWork;
using symbolize::Frame;
using symbolize::FrameKind;

constexpr std::string_view kBooks = "the Java virtual machine's books";

// When all of a stack up to the Java code is the machine's own work.
std::string_view own_stack(const symbolize::FrameList& frames) {
  bool own = false;
  for (const Frame& frame : frames) {
    if (frame.kind != FrameKind::kNative) break;  // the Java code that was running
    if (report::origin_of(frame) == Origin::kAllocator) continue;
    const std::string_view module = report::base_name(frame.module);
    if (!module.starts_with("libjvm.so")) {
      if (report::is_runtime_library(module)) continue;
      return "";
    }
    // What Java code asks for by itself, such as memory of direct buffers, is no book.
    if (frame.function.starts_with("Unsafe_") || frame.function.starts_with("jni_")) return "";
    own = true;
  }
  return own ? kBooks : std::string_view();
}

OwnWork work_of(std::string_view site) { return site == kBooks ? OwnWork::kBooks : OwnWork::kNone; }

// Packages whose classes only carry out what the program asks for: the JDK's own, and those of the
// languages that run on it.
constexpr std::array<std::string_view, 16> kRuntimePackages = {"java.",
                                                               "javax.",
                                                               "jdk.",
                                                               "sun.",
                                                               "com.sun.",
                                                               "oracle.",
                                                               "kotlin.",
                                                               "kotlinx.",
                                                               "scala.",
                                                               "groovy.",
                                                               "org.codehaus.groovy.",
                                                               "org.apache.groovy.",
                                                               "clojure.",
                                                               "jakarta.",
                                                               "org.jcp.",
                                                               "org.ietf.jgss."};
// Of widespread libraries and frameworks: a recording does not say which code is the program's.
constexpr std::array<std::string_view, 47> kLibraryPackages = {"org.apache.",
                                                               "org.springframework.",
                                                               "org.hibernate.",
                                                               "org.eclipse.",
                                                               "org.jboss.",
                                                               "org.slf4j.",
                                                               "org.postgresql.",
                                                               "org.mariadb.",
                                                               "org.h2.",
                                                               "org.hsqldb.",
                                                               "org.bouncycastle.",
                                                               "org.glassfish.",
                                                               "org.joda.",
                                                               "org.json.",
                                                               "org.junit.",
                                                               "org.mockito.",
                                                               "org.objectweb.asm.",
                                                               "org.reactivestreams.",
                                                               "org.yaml.",
                                                               "org.wildfly.",
                                                               "org.elasticsearch.",
                                                               "org.rocksdb.",
                                                               "org.aspectj.",
                                                               "org.quartz.",
                                                               "ch.qos.logback.",
                                                               "com.fasterxml.",
                                                               "com.google.common.",
                                                               "com.google.gson.",
                                                               "com.google.inject.",
                                                               "com.google.protobuf.",
                                                               "com.mysql.",
                                                               "com.zaxxer.",
                                                               "com.github.benmanes.caffeine.",
                                                               "com.esotericsoftware.",
                                                               "com.lmax.disruptor.",
                                                               "com.amazonaws.",
                                                               "com.azure.",
                                                               "com.mongodb.",
                                                               "io.grpc.",
                                                               "io.lettuce.",
                                                               "io.micrometer.",
                                                               "io.micronaut.",
                                                               "io.netty.",
                                                               "io.quarkus.",
                                                               "io.vertx.",
                                                               "reactor.",
                                                               "redis.clients."};

template <size_t kCount>
bool begins_with_any(std::string_view name, const std::array<std::string_view, kCount>& packages) {
  return std::any_of(packages.begin(), packages.end(),
                     [name](std::string_view package) { return name.starts_with(package); });
}

Origin java_origin_of(const Frame& frame) {
  const std::string_view name = frame.function;
  // "(no Java code)"; what the machine makes at run time has no source.
  if (name.empty() || name.starts_with('(') || begins_with_any(name, kRuntimePackages)) {
    return Origin::kRuntime;
  }
  if (begins_with_any(name, kLibraryPackages)) return Origin::kLibrary;
  return frame.file.empty() && frame.line == 0 ? Origin::kRuntime : Origin::kUser;
}

bool was_in(const read::Recording& recording) {
  return std::any_of(recording.modules.begin(), recording.modules.end(),
                     [](const read::Module& module) {
                       return module.path.find("libjvm.so") != std::string::npos;
                     });
}

}  // namespace

constexpr report::Runtime kJvm = {
    .name = "jvm",
    .was_in = was_in,
    .kind = FrameKind::kJava,
    .kind_word = "java",
    .origin_of = java_origin_of,
    .own_stack = own_stack,
    .work_of = work_of,
    .settle = jvm::settle_java,
    .judge_wholes = jvm::judge_java_heap,
    .add_owners = jvm::add_java_types,
    .notes = jvm::java_heap_notes,
    .headline = jvm::java_headline,
    .before_site = jvm::java_before_site,
    .subject = jvm::java_subject,
    .remark = jvm::java_remark,
};

}  // namespace silt::runtime
