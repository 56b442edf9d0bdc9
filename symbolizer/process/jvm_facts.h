// SPDX-License-Identifier: Apache-2.0
//
// What /proc tells of a Java virtual machine, and whether it can be asked a question: SIGQUIT,
// which a question may begin with, ends any process that does not expect it.

#ifndef SILT_SYMBOLIZER_PROCESS_JVM_FACTS_H_
#define SILT_SYMBOLIZER_PROCESS_JVM_FACTS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "symbolizer/process/facts.h"

namespace silt::process {

// By its mappings: any Java virtual machine. Of one that cannot be looked at: false.
bool is_jvm(pid_t pid);

// What is seen of a process before it is asked.
struct JvmFacts {
  StatusFacts status;
  std::string maps;
  std::string command;               // NUL between the words
  std::string options;               // JAVA_TOOL_OPTIONS and the like
  std::string executable;            // the file's name
  std::vector<std::string> threads;  // their names, as the kernel has them
  bool socket = false;               // it listens already
  uid_t asker = 0;                   // who would ask
};
// Why it must not be asked, said of the process: "is not a Java virtual machine"; empty: it may be.
std::string attach_obstacle(const JvmFacts& facts);

JvmFacts jvm_facts_of(pid_t pid, const StatusFacts& status);

// As the process calls itself, in its own namespace.
std::string own_pid(pid_t pid, const StatusFacts& status);
// Where it listens, once it does; and whether a socket of its user is there.
std::string jvm_socket(pid_t pid, const StatusFacts& status);
bool jvm_listens(pid_t pid, const StatusFacts& status);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_JVM_FACTS_H_
