// SPDX-License-Identifier: Apache-2.0
//
// What a package's copy of libunwind would ask of liblzma (symbols inside of symbols), of the
// unwinder of its own process, and of a C library newer than the oldest it runs with. Silt gives it
// memory and tables by accessors of its own and makes no call that comes here; who would, is refused,
// instead of ending the program for want of a symbol. A C library that has a function is asked
// before this.

#define SILT_REFUSES(name) \
  long name(void);         \
  long name(void) { return -1; }

SILT_REFUSES(fstat)
SILT_REFUSES(stat)
SILT_REFUSES(pthread_key_create)
SILT_REFUSES(pthread_once)
SILT_REFUSES(pthread_setspecific)
SILT_REFUSES(lzma_index_buffer_decode)
SILT_REFUSES(lzma_index_end)
SILT_REFUSES(lzma_index_size)
SILT_REFUSES(lzma_index_uncompressed_size)
SILT_REFUSES(lzma_stream_buffer_decode)
SILT_REFUSES(lzma_stream_footer_decode)
SILT_REFUSES(_U_dyn_info_list_addr)
SILT_REFUSES(_Ux86_64_setcontext)
