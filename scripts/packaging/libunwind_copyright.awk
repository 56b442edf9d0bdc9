# SPDX-License-Identifier: Apache-2.0
#
# One paragraph for a copy of libunwind in a Debian package, out of the copyright file of libunwind8:
# all who wrote what is compiled, and the licence. (What is only for packaging has another.)
# usage: awk -v files=PATTERN -f libunwind_copyright.awk /usr/share/doc/libunwind8/copyright
BEGIN { RS = ""; FS = "\n" }
/^Files: debian/ || /^Files: tests/ { next }
/^Files:/ {
  in_list = 0
  for (i = 1; i <= NF; ++i) {
    if ($i ~ /^Copyright:/) in_list = 1
    else if ($i !~ /^ /) in_list = 0
    line = $i
    sub(/^(Copyright:)? */, "", line)
    if (in_list && !(line in seen)) { seen[line] = 1; holders = holders (holders == "" ? "" : "\n           ") line }
  }
}
/^License: Expat\n/ { text = $0 }
END { printf "\nFiles: %s\nCopyright: %s\n%s\n", files, holders, text }
