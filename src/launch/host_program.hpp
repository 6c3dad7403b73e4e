// A program of the host's that is run to its end for what it prints: newuidmap(1), ps(1).
#pragma once

#include <string>
#include <vector>

#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::launch {

// What `path`, an absolute one, printed on standard output and standard error. `arguments` begins
// with the program's name, `environment` is the whole of it. It dies with this process, and no
// process of it is left. An exit status other than 0 is an error, made of what it printed.
Result<std::string> run_host_program(sys::Kernel& kernel, const std::string& path,
                                     const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment = {});

// What execve(2) takes for argv and envp; good as long as `strings` is.
std::vector<char*> argument_vector(const std::vector<std::string>& strings);

}  // namespace nucleus::launch
