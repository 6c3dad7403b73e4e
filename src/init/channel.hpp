// The init's end of the channel (wire/message.hpp).
#pragma once

#include "init/init.hpp"

namespace nucleus::init {

bool report_reached(Init& init, int step);
void report_failure(Init& init, int step, int errnum);
bool report_cloned(Init& init, int pid);
bool report_descriptor(Init& init, int fd);

// Waits for `proceed`, putting descriptors that come before it into their slots. False when the
// host is gone: nothing was committed, so the init ends.
bool await_order(Init& init);

// One message from `fd` into `order`; descriptors go to the slots it names. The size received, 0 at
// end-of-file, or -errno.
int receive_order(Init& init, int fd, wire::Order& order);

}  // namespace nucleus::init
