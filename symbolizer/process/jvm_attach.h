// SPDX-License-Identifier: Apache-2.0
//
// A question to a running HotSpot, by the protocol of its own tools (jcmd, jmap): a file tells it
// to listen when SIGQUIT comes, then it makes a socket in its /tmp and answers there. SIGQUIT ends
// any process that does not expect it, and a HotSpot that does not find the file writes its threads
// to standard output; so what /proc says of the process is looked at first.

#ifndef SILT_SYMBOLIZER_PROCESS_JVM_ATTACH_H_
#define SILT_SYMBOLIZER_PROCESS_JVM_ATTACH_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/base/result.h"

namespace silt::process {

// The words of a request as they are sent: version, command, and three arguments, of which those
// that are not given are empty.
std::string attach_request(std::string_view command, const std::vector<std::string>& arguments);
// What follows the status of an answer, or the error that it holds.
Result<std::string> attach_answer(std::string_view bytes);

// The text that `command` answers, complete. Gives up after `seconds`, and when `goes_on`, if
// there is one, says false; it is asked some ten times a second. Errors name the process.
Result<std::string> ask_jvm(pid_t pid, std::string_view command,
                            const std::vector<std::string>& arguments, double seconds,
                            const std::function<bool()>& goes_on);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_JVM_ATTACH_H_
