// The documents that the tests of the reader share.
#pragma once

#include <string>
#include <string_view>

namespace nucleus::spec::test {

// Every property of config.md and config-linux.md that runtime-spec 1.3.0 has for Linux, each with
// a value of its own.
extern const std::string_view kFullConfig;

// A config.json that holds nothing but what is required, and `members` (`,"name":value...`).
inline std::string config_with(std::string_view members) {
    return std::string(R"({"ociVersion":"1.3.0","root":{"path":"rootfs"})").append(members) + "}";
}
inline std::string config_with_linux(std::string_view members) {
    return config_with(std::string(R"(,"linux":{)").append(members) + "}");
}
inline std::string config_with_process(std::string_view members) {
    return config_with(std::string(R"(,"process":{"cwd":"/","args":["sh"])").append(members) + "}");
}

}  // namespace nucleus::spec::test
