// The namespaces that linux.namespaces names by path: opened before anything is made, and held
// until the init has joined them, so that what was judged is what is joined.
#pragma once

#include <vector>

#include "base/unique_fd.hpp"
#include "launch/launch.hpp"
#include "nucleus/spec.hpp"
#include "sys/kernel.hpp"

namespace nucleus::runtime {

class JoinedNamespaces {
public:
    // Each path is a namespace of its entry's type (config-linux.md#namespaces: "MUST generate an
    // error if path is not associated with a namespace of type type"). What translate refuses
    // without a look at the file is left to it.
    Result<void> open(sys::Kernel& kernel, const spec::Spec& spec);

    // CLONE_NEW* of those that are the runtime's own: they are not joined.
    std::uint64_t own() const { return own_; }
    std::vector<launch::JoinedNamespace> list() const;

private:
    struct Entry {
        std::uint64_t flag;
        base::UniqueFd fd;
    };
    std::vector<Entry> entries_;
    std::uint64_t own_ = 0;
};

}  // namespace nucleus::runtime
