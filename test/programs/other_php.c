// SPDX-License-Identifier: Apache-2.0
//
// As a program that has a PHP in it which silt does not join: of another version (it exports what
// that has, and says which it is once it has started), or built for threads (THREADED). Prints a
// line, so that somebody sees that it ran.

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef THREADED
int executor_globals_id = 1;
#else
char executor_globals[2048];
#endif

static const char* version = NULL;
const char* get_zend_version(void) { return version; }
const char* zend_get_executed_filename(void) { return "[no active file]"; }
uint32_t zend_get_executed_lineno(void) { return 0; }
const char* get_active_function_name(void) { return NULL; }
const char* get_active_class_name(const char** space) {
  *space = "";
  return "";
}
_Bool is_zend_mm(void) { return 1; }
void execute_ex(void* frame) { (void)frame; }

int main(void) {
  for (int i = 0; i < 1000; ++i) free(malloc(100 + (size_t)i));
  version = "Zend Engine v3.4.33, Copyright (c) Zend Technologies\n";
  for (int i = 0; i < 1000; ++i) free(malloc(100 + (size_t)i));
  puts("ran");
  return 0;
}
