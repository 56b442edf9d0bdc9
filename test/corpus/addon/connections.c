// SPDX-License-Identifier: Apache-2.0
//
// The native addon of two programs of the corpus: a database client in small. `open()` gives a
// connection, an object that owns native memory; `close(connection)` frees it. The addon frees
// nothing by itself: that is for whoever opened.

#define NAPI_VERSION 8

#include <node_api.h>
#include <stdlib.h>
#include <string.h>

struct connection {
  char* rows;
  char* name;
};

static napi_value open_connection(napi_env env, napi_callback_info info) {
  (void)info;
  struct connection* connection = malloc(sizeof(*connection));
  connection->rows = malloc(24000);
  connection->name = strdup("connection to the database of orders");
  memset(connection->rows, 1, 24000);
  napi_value result;
  if (napi_create_external(env, connection, NULL, NULL, &result) != napi_ok) return NULL;
  return result;
}

static napi_value close_connection(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  void* data = NULL;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count != 1 ||
      napi_get_value_external(env, argument, &data) != napi_ok) {
    napi_throw_type_error(env, NULL, "expected a connection");
    return NULL;
  }
  struct connection* connection = data;
  free(connection->rows);
  free(connection->name);
  free(connection);
  return NULL;
}

static napi_value initialize(napi_env env, napi_value exports) {
  napi_value open, close;
  if (napi_create_function(env, "open", NAPI_AUTO_LENGTH, open_connection, NULL, &open) == napi_ok &&
      napi_create_function(env, "close", NAPI_AUTO_LENGTH, close_connection, NULL, &close) ==
          napi_ok) {
    napi_set_named_property(env, exports, "open", open);
    napi_set_named_property(env, exports, "close", close);
  }
  return exports;
}

NAPI_MODULE(connections, initialize)
