// What nucleus-systemd answers (src/systemd/README.md).
#pragma once

#include <string>

namespace nucleus::enforce {

struct SystemdAnswer {
    std::string error;    // empty: done
    bool absent = false;  // the error is that no bus answers
    std::string control_group;
    bool loaded = false, active = false;
    std::string description;
};

}  // namespace nucleus::enforce
