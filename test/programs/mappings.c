// SPDX-License-Identifier: Apache-2.0
//
// Anonymous mappings as a heap of their own: mapped, unmapped whole and in part, grown, shrunk and
// moved. Mappings of files do not count. Sizes in pages of 4096 bytes.

#include <fcntl.h>
#include <sys/mman.h>

#include "test/programs/truth.h"

enum { kPage = 4096 };

static char* map_pages(size_t pages) {
  char* start =
      mmap(NULL, pages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_CHECK(start != MAP_FAILED);
  return start;
}

VICTIM_FRAME static void map_kept(void) {
  for (int i = 0; i < 3; ++i) {
    char* start = map_pages(13);
    VICTIM_KEEP(start);
  }
}

VICTIM_FRAME static void map_freed(void) {
  for (int i = 0; i < 3; ++i) VICTIM_CHECK(munmap(map_pages(17), 17 * kPage) == 0);
}

// 20 pages, of which 5 go at the front, 3 at the end and 2 in the middle: 10 stay.
VICTIM_FRAME static void map_partly_freed(void) {
  char* start = map_pages(20);
  VICTIM_CHECK(munmap(start, 5 * kPage) == 0);
  VICTIM_CHECK(munmap(start + 17 * kPage, 3 * kPage) == 0);
  VICTIM_CHECK(munmap(start + 10 * kPage, 2 * kPage) == 0);
}

VICTIM_FRAME static void map_resized(void) {
  char* start = map_pages(23);
  start = mremap(start, 23 * kPage, 46 * kPage, MREMAP_MAYMOVE);
  VICTIM_CHECK(start != MAP_FAILED);
  start = mremap(start, 46 * kPage, 29 * kPage, 0);
  VICTIM_CHECK(start != MAP_FAILED);
}

// A new mapping over an old one replaces that part of it: 31 pages in all, 8 of them new.
VICTIM_FRAME static void map_fixed_over(char* start) {
  char* again = mmap(start + 4 * kPage, 8 * kPage, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  VICTIM_CHECK(again == start + 4 * kPage);
}

VICTIM_FRAME static char* map_below_fixed(void) {
  char* start = map_pages(31);
  VICTIM_STAY();
  return start;
}

VICTIM_FRAME static void map_file(void) {
  const int fd = open("/proc/self/exe", O_RDONLY);
  VICTIM_CHECK(fd >= 0);
  VICTIM_CHECK(mmap(NULL, kPage, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
  close(fd);
}

// Sizes that are no multiple of a page: the kernel maps and unmaps whole pages.
VICTIM_FRAME static void map_uneven(void) {
  char* start = mmap(NULL, 37 * kPage + 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_CHECK(start != MAP_FAILED);
  VICTIM_CHECK(munmap(start, 37 * kPage + 1) == 0);
}

VICTIM_FRAME static void map_fails(void) {
  errno = 0;
  VICTIM_CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  VICTIM_CHECK(errno == EINVAL);
  char* start = map_pages(3);
  VICTIM_CHECK(munmap(start + 1, kPage) == -1 && errno == EINVAL);
  VICTIM_CHECK(munmap(start, 3 * kPage) == 0);
}

int main(void) {
  map_kept();
  map_freed();
  map_partly_freed();
  map_resized();
  map_fixed_over(map_below_fixed());
  map_file();
  map_uneven();
  map_fails();
  expect_in("map_kept", "mapping", 3, 3 * 13 * kPage, 3, 3 * 13 * kPage);
  expect_in("map_freed", "mapping", 0, 0, 3, 3 * 17 * kPage);
  expect_in("map_partly_freed", "mapping", -1, 10 * kPage, -1, 20 * kPage);
  expect_in("map_resized", "mapping", 1, 29 * kPage, -1, -1);
  expect_in("map_fixed_over", "mapping", 1, 8 * kPage, 1, 8 * kPage);
  expect_in("map_below_fixed", "mapping", -1, 23 * kPage, -1, -1);
  expect_in("map_file", "mapping", 0, 0, 0, 0);
  expect_in("map_uneven", "mapping", 0, 0, 1, -1);
  expect_in("map_fails", "mapping", 0, 0, 1, 3 * kPage);
  ready("done");
  return 0;
}
