// tmpcopyup: a new tmpfs begins with the content of the directory that it covers.
#pragma once

#include "init/init.hpp"

namespace nucleus::init {

// Copies directories, regular files, symbolic links and FIFOs with mode and owner from the
// directory `from` (O_PATH) into the detached mount `to`. Links are copied, never followed: the
// image cannot lead the copy outside.
int copy_up(Init& init, int from, int to);

}  // namespace nucleus::init
